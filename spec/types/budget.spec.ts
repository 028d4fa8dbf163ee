/** What the types cost: a project of 20 entities with 40 fields each compiles within a stated number of instantiations. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const entities = 20;
const fields = 40;
/** Instantiations that 20 entities may add to those of importing zod and the library. */
const budget = 90_000;

const root = resolve(import.meta.dirname, "../..");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tenantry-types-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const kinds = ["z.string()", "z.int()", "z.string().optional()", "z.date().nullable()", "z.bigint().default(0n)"];

const schema = (index: number): string => `
const S${index} = z.object({
  id: z.uuid().brand("E${index}"),
  place: z.object({ city: z.string(), at: z.object({ lat: z.number(), lon: z.number() }).optional() }),
  tags: z.array(z.object({ name: z.string(), weight: z.number() })),
${Array.from({ length: fields - 3 }, (_, at) => `  field${at}: ${kinds[at % kinds.length]},`).join("\n")}
});
export const parsed${index} = (input: z.input<typeof S${index}>): z.output<typeof S${index}> => S${index}.parse(input);`;

const used = (index: number): string => `
const E${index} = entity("e${index}", {
  version: 1,
  schema: S${index},
  id: ["id", "field1"],
  indexes: {
    byText: { fields: ["field0", { field: "field4", order: "descending" }] },
    byPlace: { fields: ["place.city", "place.at.lat", "field2", "field3"] },
    byNumber: { fields: ["field6"] },
  },
});
export const use${index} = (record: Infer<typeof E${index}>, input: InputOf<typeof E${index}>): unknown[] => {
  const id: IdOf<typeof E${index}> = [record.id, record.field1];
  const range: IndexRange<typeof E${index}, "byPlace"> = { equals: ["x", 1], from: [record.field2, null] };
  const patch: PatchOf<typeof E${index}> = { field0: input.field0, field2: undefined };
  return [id, range, patch, E${index}.formatId(id)];
};`;

/** Compiles a project of such parts, 20 each; how many instantiations the compiler counts. */
function instantiations(...parts: ((index: number) => string)[]): number {
  const library = join(root, "lib/schema/index.js");
  const source = `import { entity, type IdOf, type IndexRange, type Infer, type InputOf, type PatchOf } from ${JSON.stringify(library)};
import { z } from "zod";
export type Used = [IdOf<never>, IndexRange<never, never>, Infer<never>, InputOf<never>, PatchOf<never>, typeof entity, typeof z];
${Array.from({ length: entities }, (_, index) => parts.map((part) => part(index)).join("")).join("\n")}`;
  writeFileSync(join(folder, "project.mts"), source);
  const compilerOptions = { rootDir: "/", noEmit: true, skipLibCheck: true };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: [], files: ["project.mts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const options = [tsc, "-p", folder, "--extendedDiagnostics", "--singleThreaded"];
  const { stdout } = spawnSync(process.execPath, options, { encoding: "utf8" });
  expect(stdout).not.toContain("error TS");
  return Number(/^Instantiations:\s+(\d+)$/m.exec(stdout)?.[1]);
}

test(`${entities} entities of ${fields} fields cost at most ${budget} instantiations beside zod's`, () => {
  const zods = instantiations(schema);
  const all = instantiations(schema, used);
  expect(zods).toBeGreaterThan(1_000);
  expect(all - zods).toBeGreaterThan(1_000);
  expect(all - zods).toBeLessThanOrEqual(budget);
});
