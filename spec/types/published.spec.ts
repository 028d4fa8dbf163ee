/** What the package declares, as programs that use it see it: names that can be imported, short types, sentences. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Node, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import {
  isConditionalTypeNode,
  isIndexedAccessTypeNode,
  isTypeReferenceNode,
  isVariableDeclaration,
} from "typescript/unstable/ast/is";
import { API, type Diagnostic, type Project, SymbolFlags, type Symbol as TypeSymbol } from "typescript/unstable/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const entries = ["index", "access/index", "engine/index", "http/index", "testing/index"];
const folder = mkdtempSync(join(tmpdir(), "tenantry-published-"));
const installed = join(folder, "node_modules/tenantry");
let api: API;
let project: Project;

/** A program that exports all there is to infer, without an annotation. */
const program = `
import { entity, isTenantryError, memory, open, parseTenantId, sanitize, tuple, validateQuery } from "tenantry";
import { allow, forbid, jwtAuthenticator, requireMfa, roles } from "tenantry/access";
import { copy, openEngine } from "tenantry/engine";
import { expressMiddleware, fastifyHook, sessionAuthenticator, tenantFetch, tenantMiddleware } from "tenantry/http";
import { engineSuite, faulty, recording, sandbox } from "tenantry/testing";
import { z } from "zod";

export const City = entity("city", {
  version: 2,
  schema: z.object({
    id: z.uuid().brand("City"),
    name: z.string(),
    country: z.string().optional(),
    population: z.int(),
    tags: z.array(z.string()),
    until: z.date().nullable(),
  }),
  id: ["id"],
  indexes: {
    byName: { fields: ["name"], unique: true, stored: ["country"] },
    byCountry: { fields: ["country", { field: "population", order: "descending" }], where: ({ name }) => name !== "" },
    byTag: { fields: [{ each: "tags" }] },
  },
  aggregates: { people: { sum: "population", by: ["country"] }, all: { count: true }, visits: { counter: true } },
  expires: "until",
  migrations: { 1: { schema: z.object({ id: z.uuid().brand("City"), name: z.string() }), up: (old) => ({ ...old, population: 0, tags: [], until: null }) } },
});
export const engine = memory();
export const opened = () => openEngine(engine);
export const db = await open({ engine, entities: [City], quotas: { defaultPlan: "a", plans: { a: { resources: { seats: 1 } } } } });
export const id = parseTenantId("x");
export const tenant = db.tenant(id);
export const cities = tenant.repository(City);
export const at = City.parseId("x");
export const found = () => cities.get(at);
export const entry = () => cities.entry(at);
export const many = () => cities.getMany([at]);
export const list = () => cities.list({ index: "byCountry", equals: "fr", from: 5 });
export const some = () => cities.list({ index: "byName", prefix: "P", select: ["name", "country"] });
export const first = () => cities.first({ select: ["tags"] });
export const page = () => cities.page({ size: 10, index: "byTag" });
export const scan = cities.scan();
export const all = cities.scanAll({ select: ["id"] }, { onProgress: (progress) => progress.done });
export const counted = () => cities.count({ max: 5 });
export const people = () => cities.aggregate("people", { equals: "fr" });
export const groups = () => cities.groups("people", { from: "a" });
export const counters = () => cities.counters(at);
export const plan = () => cities.explain({ index: "byName" });
export const defects = () => cities.verify();
export const created = () => cities.create({ id: "x" as never, name: "Paris", population: 1, tags: [], until: null });
export const patched = () => cities.patch(at, { name: "Lyon", country: undefined });
export const moved = () => cities.transform({ index: "byName" }, (city) => city, { name: "all" });
export const watched = cities.watch(at);
export const transacted = () => tenant.transact(async (tx) => ({ tx, cities: tx.repository(City), claims: tx.claims("seats") }));
export const read = () => tenant.read(async (tx) => ({ tx, cities: tx.repository(City) }));
export const exported = tenant.export();
export const imported = () => tenant.import([]);
export const { members, sessions, quotas } = tenant;
export const member = () => members.add("ann");
export const session = () => sessions.create({ subject: "ann" });
export const usage = () => quotas.usage();
export const lease = () => quotas.connect();
export const { tenants, audit, serviceLevels, schemaChanges } = db;
export const provisioned = () => tenants.provision({ name: "x" });
export const listed = tenants.list();
export const tenantPage = () => tenants.page({ size: 1 });
export const report = () => audit.verify(id);
export const entries = audit.entries(id);
export const health = () => db.health();
export const migrated = () => db.migrate();
export const swept = () => db.sweep();
export const level = () => serviceLevels.of(id);
export const overrides = () => db.quotas.overrides(id);
export const safe = sanitize(new Error());
export const narrowed = (error: unknown) => (isTenantryError(error, "ENTITY_INVALID", "RECORD_INVALID") ? error : undefined);
export const packed = tuple.unpack(tuple.pack(["a", tuple.double(1)]));
export const faults = validateQuery(id, { keys: [] } as never);
export const policy = roles({ reader: [allow("read", City), forbid("read", City, { where: { name: "x" } })] });
export const authenticate = jwtAuthenticator({ issuer: "https://x", audience: "y", jwks: "https://x/jwks" } as never);
export const mfa = requireMfa(undefined as never);
export const bySession = sessionAuthenticator(undefined as never);
export const express = expressMiddleware(undefined as never);
export const fastify = fastifyHook(undefined as never);
export const hono = tenantMiddleware(undefined as never);
export const fetching = tenantFetch(undefined as never, undefined as never);
export const copied = () => copy(undefined as never);
export const box = sandbox({ entities: [City] });
export const broken = faulty(undefined as never, undefined as never);
export const recorded = recording(undefined as never);
export const suite = engineSuite;
export class Cities { page = () => cities.page({ size: 1 }); list = cities.list; }
`;

/** A program that gives an entity a name of its own. */
const named = `
import { entity, type Tenant } from "tenantry";
import { z } from "zod";
const definition = entity("city", {
  version: 1,
  schema: z.object({ id: z.int(), name: z.string() }),
  id: ["id"],
  indexes: { byName: { fields: ["name"] } },
});
type Definition = typeof definition;
export interface City extends Definition {}
export const City: City = definition;
declare const tenant: Tenant;
export const cities = tenant.repository(City);
export const page = cities.page;
export const list = cities.list;
export const update = cities.update;
export const transact = tenant.transact;
export const transacted = tenant.transact(async (tx) => tx.repository(City));
`;

/** Definitions that cannot work, each on a line of its own behind the sentence that the compiler is to say. */
const misuse = `
import { type Database, entity, type Query } from "tenantry";
import { allow } from "tenantry/access";
import { z } from "zod";
declare const db: Database;
const schema = z.object({ id: z.int(), name: z.string().optional(), note: z.string().nullable(), title: z.string(), at: z.date().optional(), tags: z.array(z.string()) });
const City = entity("city", { version: 1, schema, id: ["id"], indexes: { byTitle: { fields: ["title"] }, byAt: { fields: ["at"] } } });
/* by parseTenantId() of text */ db.tenant("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa");
/* an id is always there, and this field may be absent */ entity("a", { version: 1, schema, id: ["name"] });
/* an id is always there, and this field may be null */ entity("a", { version: 1, schema, id: ["id", "note"] });
/* an id has an order, and values of this field have none */ entity("a", { version: 1, schema, id: ["tags"] });
/* an id is always there, and this field may be absent */ entity("a", { version: 1, schema: z.object({ id: z.int().optional() }), id: ["id"] });
/* not assignable to type '"at" | "id" | "name" | "note" | "tags" | "title"' */ entity("a", { version: 1, schema, id: ["idd"] });
/* \`expires\` names a field of z.date() */ entity("a", { version: 1, schema, id: ["id"], expires: "title" });
/* \`expires\` names a field of z.date() */ entity("a", { version: 1, schema: z.object({ id: z.int() }), id: ["id"], expires: "id" });
/* a sum is over a field of z.int() or z.bigint(), and this is none */ entity("a", { version: 1, schema, id: ["id"], aggregates: { s: { sum: "title" } } });
/* a sum is over a field of z.int() or z.bigint(), and this is none */ entity("a", { version: 1, schema, id: ["id"], aggregates: { s: { sum: "at" } } });
/* \`prefix\` is the beginning of a text, and the next field is none */ export const dated: Query<typeof City> = { index: "byAt", prefix: "2" };
/* \`equals\` has a value for every field: there is none left to bound */ export const bound: Query<typeof City> = { index: "byTitle", equals: "x", from: "y" };
/* records have no field of this name */ allow("read", City, { where: () => ({ title: "x", titel: "x" }) });
`;

beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  for (const name of ["zod", "@types", "fast-check", "undici-types"]) {
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
  const build = ["-p", join(root, "tsconfig.build.json"), "--emitDeclarationOnly", "--outDir", join(installed, "dist")];
  const tsc = [join(root, "node_modules/typescript/bin/tsc"), ...build];
  expect(spawnSync(process.execPath, tsc, { encoding: "utf8" }).stdout).toBe("");
  for (const [name, text] of Object.entries({ program, named, misuse }))
    writeFileSync(join(folder, `${name}.mts`), text);
  const own = { rootDir: folder, paths: {}, noUnusedLocals: false, declaration: true, outDir: join(folder, "out") };
  const files = [
    ...entries.map((entry) => join(installed, `dist/${entry}.d.ts`)),
    "program.mts",
    "named.mts",
    "misuse.mts",
  ];
  const config = join(folder, "tsconfig.json");
  const extended = { extends: join(root, "tsconfig.json"), compilerOptions: own, include: [], files };
  writeFileSync(config, JSON.stringify(extended));
  api = new API({ cwd: folder });
  const opened = api.updateSnapshot({ openProject: config }).getProject(config);
  if (opened === undefined) throw new Error("the project did not open");
  project = opened;
});
afterAll(() => {
  api.close();
  rmSync(folder, { recursive: true });
});

const textOf = ({ text, messageChain = [] }: Diagnostic): string => [text, ...messageChain.map(textOf)].join(" ");

function sourceOf(name: string): SourceFile {
  const file = project.program.getSourceFile(join(folder, name));
  if (file === undefined) throw new Error(`there is no ${name}`);
  return file;
}

/** The names that exports name and nobody can import, with who names them. */
function unnameable(): string[] {
  const { program, checker } = project;
  const meant = (symbol: TypeSymbol): TypeSymbol =>
    (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
  const exportsOf = (module: TypeSymbol): TypeSymbol[] =>
    checker.getExportsOfModule(module).flatMap((symbol) => {
      const own = meant(symbol);
      return (own.flags & SymbolFlags.ValueModule) === 0 ? [own] : exportsOf(own);
    });
  const exported = new Map<number, TypeSymbol>();
  for (const entry of entries) {
    const file = program.getSourceFile(join(installed, `dist/${entry}.d.ts`));
    const module = file && checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`nothing is exported by ${entry}`);
    for (const symbol of exportsOf(module)) exported.set(symbol.id, symbol);
  }
  const found = new Set<string>();
  for (const symbol of exported.values()) {
    for (const handle of symbol.declarations) {
      const declaration = handle.resolve();
      if (declaration === undefined) continue;
      const isAlias = declaration.kind === SyntaxKind.TypeAliasDeclaration;
      const visit = (node: Node): void => {
        // What is only asked about, or taken apart, is printed as what comes of it.
        if (isConditionalTypeNode(node)) {
          for (const part of [node.checkType, node.trueType, node.falseType]) visit(part);
          return;
        }
        if (isIndexedAccessTypeNode(node)) {
          visit(node.indexType);
          return;
        }
        const symbolOf = isTypeReferenceNode(node) ? checker.getSymbolAtLocation(node.typeName) : undefined;
        if (symbolOf !== undefined) {
          const type = meant(symbolOf);
          const own = type.declarations.some(({ path }) => path.startsWith(installed));
          const expands = isAlias && (type.flags & SymbolFlags.TypeAlias) !== 0;
          const printed = (type.flags & SymbolFlags.TypeParameter) === 0 && !expands;
          if (own && printed && !exported.has(type.id)) found.add(`${type.name}, named by ${symbol.name}`);
        }
        node.forEachChild(visit);
      };
      visit(declaration);
    }
  }
  return [...found].sort();
}

/** The types of the exported constants of a program, as an editor shows them. */
function shownTypes(name: string): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  const visit = (node: Node): void => {
    if (isVariableDeclaration(node)) {
      const type = project.checker.getTypeAtLocation(node.name);
      if (type !== undefined) shown[node.name.getText()] = project.checker.typeToString(type);
    }
    node.forEachChild(visit);
  };
  visit(sourceOf(name));
  return shown;
}

describe("a program with declarations of its own", () => {
  test("can import every type that an export names", () => {
    expect(unnameable()).toEqual([]);
  });

  test("compiles, and so do its declarations", () => {
    const { program: compiled } = project;
    const path = join(folder, "program.mts");
    expect(compiled.getSemanticDiagnostics(path).map(textOf)).toEqual([]);
    expect(compiled.getDeclarationDiagnostics(path).map(textOf)).toEqual([]);
  });
});

test("types are short in an editor where the program gives its entity a name", () => {
  expect(project.program.getSemanticDiagnostics(join(folder, "named.mts")).map(textOf)).toEqual([]);
  const { cities, page, list, update, transact, transacted } = shownTypes("named.mts");
  const record = "{ id: number; name: string; }";
  expect(cities).toBe("TenantRepository<City>");
  expect(page).toBe(
    "<const S extends Selection<City> | undefined = undefined>(query: PageQuery<City, S>) => Promise<Page<Selected<City, S>>>",
  );
  expect(list).toBe(
    "<const S extends Selection<City> | undefined = undefined>(query?: Query<City, S> | undefined) => Promise<Selected<City, S>[]>",
  );
  expect(update).toBe(
    `(id: number, fn: (record: ${record}) => ${record}, options?: ChangeOptions | undefined) => Promise<${record}>`,
  );
  expect(transact).toBe(
    "<T>(fn: (tx: TenantScope) => Promise<T>, options?: TransactionOptions | undefined) => Promise<T>",
  );
  expect(transacted).toBe("Promise<TransactionRepository<City>>");
});

describe("misuse", () => {
  const lines = misuse.split("\n").map((line) => /^\/\* (.*?) \*\//.exec(line)?.[1]);

  test.each(lines.flatMap((sentence, at) => (sentence === undefined ? [] : [[sentence, at] as const])))(
    "does not compile: %s",
    (sentence, at) => {
      const text = sourceOf("misuse.mts").text;
      const messages = project.program
        .getSemanticDiagnostics(join(folder, "misuse.mts"))
        .filter(({ pos }) => text.slice(0, pos).split("\n").length - 1 === at)
        .map(textOf);
      expect(messages.join(" ")).toContain(sentence);
    },
  );
});
