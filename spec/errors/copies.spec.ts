/** A second copy of the package in one process is told of at once, and what it made is refused by name. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "tenantry-copies-"));

/** Where a program finds a copy of some version. */
async function install(name: string, version: string): Promise<void> {
  const at = join(folder, name, "dist");
  mkdirSync(at, { recursive: true });
  writeFileSync(join(folder, name, "package.json"), JSON.stringify({ name: "tenantry", version, type: "module" }));
  cpSync(join(folder, "built.js"), join(at, "index.js"));
}

beforeAll(async () => {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const all = ["index", "access/index", "engine/index"].map(
    (entry) => `export * from ${JSON.stringify(join(root, `lib/${entry}.ts`))};`,
  );
  await build({
    stdin: { contents: all.join("\n"), resolveDir: root },
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outfile: join(folder, "built.js"),
    logLevel: "error",
  });
  await install("first", "1.2.3");
  await install("second", "4.5.6");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program prints that imports both. */
async function run(program: string): Promise<unknown> {
  const file = join(folder, "program.mjs");
  writeFileSync(
    file,
    `import { z } from ${JSON.stringify(join(root, "node_modules/zod/index.js"))};
const warnings = [];
process.on("warning", ({ name, code, message }) => warnings.push({ name, code, message }));
const codeOf = async (work) => {
  try {
    await work();
  } catch (error) {
    return { code: error.code, details: error.details, message: error.message };
  }
};
const schema = z.object({ id: z.int() });
${program}`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", file]);
  return JSON.parse(stdout);
}

describe("two copies in one process", () => {
  test("are told of once, with their versions and places, as soon as the second is imported", async () => {
    const warnings = await run(`
await import("./first/dist/index.js");
await new Promise(setImmediate);
const before = warnings.length;
await import("./second/dist/index.js");
await import("./second/dist/index.js?anew");
await new Promise(setImmediate);
console.log(JSON.stringify({ before, warnings }));`);
    expect(warnings).toEqual({
      before: 0,
      warnings: [
        {
          name: "TenantryWarning",
          code: "TENANTRY_LOADED_TWICE",
          message: expect.stringMatching(
            /^tenantry is loaded 2 times in this process: 4\.5\.6 at file:.*\/second\/dist\/index\.js, 1\.2\.3 at file:.*\/first\/dist\/index\.js$/,
          ),
        },
      ],
    });
  });

  test("refuse what the other has made", async () => {
    const refused = await run(`
const one = await import("./first/dist/index.js");
const two = await import("./second/dist/index.js");
const theirs = two.entity("city", { version: 1, schema, id: ["id"] });
const own = one.entity("city", { version: 1, schema, id: ["id"] });
const engine = await two.openEngine(two.memory());
const db = await one.open({ engine: one.memory(), entities: [own] });
const tenant = db.tenant(one.newTenantId());
const foreign = {
  entity: await codeOf(() => one.open({ engine: one.memory(), entities: [theirs] })),
  repository: await codeOf(() => tenant.repository(theirs)),
  migrate: await codeOf(() => db.migrate({ entities: [theirs] })),
  engine: await codeOf(() => one.open({ engine, entities: [own] })),
  copy: await codeOf(() => one.copy({ from: engine, to: engine })),
  roles: await codeOf(() => one.open({ engine: one.memory(), entities: [own], roles: two.roles({}) })),
  permission: await codeOf(() => one.roles({ reader: [two.allow("read", "all")] })),
  // What is but data may go from one to the other.
  id: await codeOf(() => db.tenant(two.newTenantId())),
  descriptor: await codeOf(async () => (await one.open({ engine: two.memory(), entities: [own] })).close()),
};
await db.close();
await engine.close();
console.log(JSON.stringify(foreign));`);
    const reason = "another copy of tenantry in this process made it";
    const entity = {
      code: "ENTITY_INVALID",
      details: { entity: "city", path: "", reason: "madeByAnotherCopy" },
      message: expect.stringContaining(reason),
    };
    const option = (name: string) => ({ code: "DATABASE_OPTION_INVALID", details: { option: name, reason } });
    expect(refused).toEqual({
      entity,
      repository: entity,
      migrate: entity,
      engine: expect.objectContaining(option("engine")),
      copy: expect.objectContaining({ code: "COPY_OPTIONS_INVALID", details: { reason } }),
      roles: expect.objectContaining(option("roles")),
      permission: expect.objectContaining({ code: "ROLES_INVALID", details: { role: "reader", reason } }),
    });
  });
});

describe("one copy", () => {
  test("that is loaded anew from the same place is no other", async () => {
    const warned = vi.spyOn(process, "emitWarning");
    vi.resetModules();
    const { isOfAnotherCopy } = await import("../../lib/errors/index.js");
    const { entity } = await import("../../lib/index.js");
    const { z } = await import("zod");
    expect(isOfAnotherCopy(entity("a", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] }))).toBe(false);
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  test("leaves on what it makes nothing that is listed", async () => {
    const { entity } = await import("../../lib/index.js");
    const { z } = await import("zod");
    const City = entity("city", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });
    expect(Reflect.ownKeys({ ...City })).not.toContain(Symbol.for("tenantry.copy"));
    expect(Object.isFrozen(City)).toBe(true);
  });
});
