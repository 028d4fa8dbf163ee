/** Export and import: the records come back equal, and a file that is not an export is refused at its line. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../../lib/database.js";
import { memory, openEngine } from "../../../lib/engine/index.js";
import { isTenantryError } from "../../../lib/errors/index.js";
import { systemClock } from "../../../lib/observe/index.js";
import { open } from "../../../lib/open.js";
import { type AnyEntity, entity } from "../../../lib/schema/index.js";
import type { Tenant } from "../../../lib/tenant-handle.js";
import { recordArbitrary } from "../../../lib/testing/generate/records/record-arbitrary.js";
import { faulty } from "../../../lib/testing/index.js";
import { randomEntity } from "../../isolation/random-entity.js";
import { runs } from "../../runs.js";
import { impatient, rates } from "../fault-mix.js";
import { fill, hit, Parcel } from "../long/parcel.js";
import { collect } from "../shelf.js";

const Mixed = entity("mixed", {
  version: 1,
  schema: z.object({
    id: z.int(),
    at: z.date(),
    big: z.bigint(),
    bytes: z.instanceof(Uint8Array),
    number: z.number().optional(),
    any: z.any().optional(),
    map: z.map(z.string(), z.date()).optional(),
    set: z.set(z.bigint()).optional(),
    code: z.string().optional(),
    when: z
      .codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() })
      .optional(),
  }),
  id: ["id"],
  indexes: { byCode: { fields: ["code"], unique: true } },
});

let db: Database;
let skewMs = 0;
beforeAll(async () => {
  const clock = { ...systemClock, monotonic: () => performance.now() + skewMs };
  db = await open({ engine: memory(), entities: [Mixed, Parcel], clock });
});
afterAll(() => db.close());

const fresh = async (of = db): Promise<Tenant> => of.tenant((await of.tenants.provision({ name: "t" })).id);

const mixed = (id: number) => ({
  id,
  at: new Date(id),
  big: 2n ** 80n + BigInt(id),
  bytes: Uint8Array.of(id, 255),
  number: id % 2 === 0 ? -0 : id / 7,
  any: { $date: undefined, list: [undefined, 1n, Number.NaN, new Set([Number.NEGATIVE_INFINITY])] },
  map: new Map([["a", new Date(5)]]),
  set: new Set([1n]),
  code: `c${id}`,
  when: new Date(7).toISOString(),
});

async function all(tenant: Tenant): Promise<unknown> {
  const entries = async (of: typeof Mixed | typeof Parcel, ids: readonly number[]) =>
    Promise.all(ids.map((id) => tenant.repository(of as typeof Mixed).entry(id)));
  const ids = (rows: { id: number }[]) => rows.map(({ id }) => id);
  return [
    await entries(Mixed, ids(await tenant.repository(Mixed).list())),
    await entries(Parcel, ids(await tenant.repository(Parcel).list())),
  ];
}

/** A file of lines whose trailer fits them. */
function fileOf(...lines: unknown[]): string[] {
  const texts = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  const sha256 = createHash("sha256")
    .update(texts.map((text) => `${text}\n`).join(""))
    .digest("hex");
  return [...texts, JSON.stringify({ end: true, records: texts.length - 1, pointInTime: true, sha256 })];
}
const header = { tenantry: "tenant-export", format: 1, entities: [{ name: "parcel", version: 1 }] };
const parcelLine = (id: unknown, more = {}) => ({
  entity: "parcel",
  revision: 3,
  record: { id, hits: 0, noise: 0, state: "open", tags: [], weight: "", ...more },
});

describe("an export", () => {
  test("has every record with its revision, a trailer, and nothing of others; an import makes them again", async () => {
    const [tenant, neighbour] = [await fresh(), await fresh()];
    await tenant.repository(Mixed).createMany(Array.from({ length: 20 }, (_, id) => mixed(id)));
    await fill(tenant, 700);
    await tenant.repository(Parcel).transform({ to: 10 }, hit, { name: "n" });
    await fill(neighbour, 3, () => ({ state: "theirs" }));
    const told: number[] = [];
    const lines = await collect(tenant.export({ onProgress: ({ records }) => void told.push(records) }));
    expect(lines).toHaveLength(722);
    expect(lines.every((line) => line.endsWith("\n") && line.indexOf("\n") === line.length - 1)).toBe(true);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      tenantry: "tenant-export",
      format: 1,
      entities: [
        { name: "mixed", version: 1 },
        { name: "parcel", version: 1 },
      ],
    });
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({
      end: true,
      records: 720,
      pointInTime: true,
      sha256: createHash("sha256").update(lines.slice(0, -1).join("")).digest("hex"),
    });
    expect(lines.join("")).not.toMatch(/theirs|next|cursor/);
    expect(told.at(-1)).toBe(720);
    const copy = await fresh();
    const stored: number[] = [];
    expect(await copy.import(lines, { onProgress: ({ records }) => void stored.push(records) })).toEqual({
      records: 720,
    });
    expect(stored.length).toBeGreaterThan(2);
    expect(isDeepStrictEqual(await all(copy), await all(tenant))).toBe(true);
    expect(await copy.repository(Parcel).verify()).toEqual([]);
    expect(await copy.repository(Mixed).verify()).toEqual([]);
    expect(await collect(copy.export())).toEqual(lines);
    // Run again, it changes nothing; over changed records it puts back what was.
    await copy.repository(Parcel).deleteWhere({ from: 100 }, () => true);
    await copy.repository(Parcel).patch(1, { noise: 9 });
    await copy.import(lines);
    expect(await collect(copy.export())).toEqual(lines);
  });

  test("streams its bytes, and is read from bytes cut anywhere", async () => {
    const tenant = await fresh();
    await tenant.repository(Mixed).create({ ...mixed(1), code: "é\u{1f600}\u2028" });
    const lines = (await collect(tenant.export())).join("");
    const bytes = Buffer.concat(await collect(tenant.export().stream() as unknown as AsyncIterable<Uint8Array>));
    expect(bytes.toString()).toBe(lines);
    for (const size of [1, 7, 64, 100_000]) {
      const copy = await fresh();
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      await copy.import(Readable.from(chunks));
      expect(await collect(copy.export())).toEqual(await collect(tenant.export()));
    }
    const windows = await fresh();
    expect(await windows.import([lines.replaceAll("\n", "\r\n")])).toEqual({ records: 1 });
    expect(await windows.import(lines.split("\n"))).toEqual({ records: 1 });
    const cancelled = tenant.export().stream().getReader();
    await cancelled.read();
    await cancelled.cancel();
  });

  test("that takes long says that it is of several points in time", async () => {
    const tenant = await fresh();
    await fill(tenant, 2_100);
    let moved = false;
    const changing = tenant.export({
      onProgress: () => {
        skewMs += 5_000;
      },
    });
    const read: string[] = [];
    for await (const line of changing) {
      read.push(line);
      if (!moved && read.length === 50) {
        moved = true;
        await tenant.repository(Parcel).patch(2_000, { noise: 1 });
      }
    }
    expect(JSON.parse(read.at(-1) ?? "")).toMatchObject({ records: 2_100, pointInTime: false });
  });

  test("refuses to leave out an entity that the database was opened without", async () => {
    const engine = await openEngine(memory());
    const both = await open({ engine, entities: [Mixed, Parcel] });
    const tenant = await fresh(both);
    await tenant.repository(Parcel).create({ id: 1 });
    const one = await open({ engine, entities: [Mixed] });
    const lost = collect(one.tenant(tenant.id).export());
    await expect(lost).rejects.toMatchObject({ code: "ENTITY_UNKNOWN", details: { entity: "parcel" } });
    await both.close();
    await one.close();
    await engine.close();
  });

  test("ends at its signal", async () => {
    const tenant = await fresh();
    await fill(tenant, 700);
    const stop = new AbortController();
    const stopped = collect(tenant.export({ signal: stop.signal, onProgress: () => stop.abort() }));
    await expect(stopped).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
    const lines = await collect(tenant.export());
    const again = new AbortController();
    const importing = (await fresh()).import(lines, { signal: again.signal, onProgress: () => again.abort() });
    await expect(importing).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
  });
});

describe("an import", () => {
  test.each<[string, readonly (string | Uint8Array)[], number, string, string | undefined]>([
    ["nothing", [], 1, "truncated", undefined],
    ["no header", ["[]"], 1, "header", undefined],
    ["another format", [JSON.stringify({ ...header, format: 2 })], 1, "header", undefined],
    ["no JSON", fileOf(header, "{"), 2, "notJson", undefined],
    ["no UTF-8", [`${JSON.stringify(header)}\n`, Uint8Array.of(0xff, 0x0a)], 2, "notUtf8", undefined],
    ["an unknown entity", fileOf({ ...header, entities: [{ name: "what", version: 1 }] }), 1, "entityUnknown", "what"],
    ["a newer version", fileOf({ ...header, entities: [{ name: "parcel", version: 2 }] }), 1, "versionNewer", "parcel"],
    [
      "an entity beside the header's",
      fileOf(header, { ...parcelLine(1), entity: "mixed" }),
      2,
      "entityUnknown",
      "mixed",
    ],
    ["no record", fileOf(header, { entity: "parcel" }), 2, "notARecord", undefined],
    ["no revision", fileOf(header, { ...parcelLine(1), revision: 0 }), 2, "notARecord", undefined],
    ["the last revision", fileOf(header, { ...parcelLine(1), revision: 2 ** 53 - 1 }), 2, "notARecord", undefined],
    ["no value", fileOf(header, parcelLine({ $bigint: "x" })), 2, "notAValue", undefined],
    ["a record that does not fit", fileOf(header, parcelLine(1), parcelLine("two")), 3, "record", "parcel"],
    [
      "a key that is too long",
      fileOf(header, parcelLine(1), parcelLine(2, { state: "s".repeat(2_000) })),
      3,
      "record",
      "parcel",
    ],
    ["no trailer", fileOf(header, parcelLine(1)).slice(0, -1), 3, "truncated", undefined],
    ["more after the trailer", [...fileOf(header), "{}"], 3, "afterTrailer", undefined],
    ["a line too few", fileOf(header, parcelLine(1), parcelLine(2)).toSpliced(1, 1), 3, "count", undefined],
    ["a line changed", fileOf(header, parcelLine(1)).with(1, JSON.stringify(parcelLine(2))), 3, "digest", undefined],
  ])("refuses %s at its line", async (_, lines, line, reason, name) => {
    const tenant = await fresh();
    for (const options of [{ dryRun: true }, {}]) {
      if (options.dryRun && reason === "record" && String(lines).includes("ssss")) continue;
      await expect(tenant.import(lines, options)).rejects.toMatchObject({
        code: "IMPORT_LINE_INVALID",
        details: { line, reason, entity: name },
      });
    }
  });

  test("stores what stands before a record that cannot be, and says which it was", async () => {
    const tenant = await fresh();
    const lines = fileOf(
      { ...header, entities: [{ name: "mixed", version: 1 }] },
      ...["a", "b", "c", "a", "d"].map((code, id) => ({
        entity: "mixed",
        revision: 1,
        record: { id, at: { $date: "1970-01-01T00:00:00.000Z" }, big: { $bigint: "1" }, bytes: { $bytes: "" }, code },
      })),
    );
    const error: unknown = await tenant.import(lines).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "IMPORT_LINE_INVALID",
      details: { line: 5, reason: "record", entity: "mixed" },
    });
    expect((error as Error).cause).toMatchObject({ code: "UNIQUE_VIOLATION" });
    expect((await tenant.repository(Mixed).list()).map(({ code }) => code)).toEqual(["a", "b", "c"]);
    expect(await tenant.repository(Mixed).verify()).toEqual([]);
  });

  test("writes nothing on a dry run, and takes the later of two lines of one record", async () => {
    const tenant = await fresh();
    const lines = fileOf(header, parcelLine(1), parcelLine(1, { hits: 5 }));
    expect(await tenant.import(lines, { dryRun: true })).toEqual({ records: 2 });
    expect(await tenant.repository(Parcel).count()).toBe(0);
    await tenant.import(lines);
    expect(await tenant.repository(Parcel).entry(1)).toMatchObject({ revision: 3, record: { hits: 5 } });
  });

  test("takes lines written by hand, defaults left out; refuses what is no line, and a tenant there is not", async () => {
    const tenant = await fresh();
    await tenant.import(fileOf(header, { entity: "parcel", revision: 1, record: { id: 4 } }));
    expect(await tenant.repository(Parcel).get(4)).toMatchObject({ state: "open" });
    await expect(tenant.import([7 as never])).rejects.toMatchObject({ code: "IMPORT_SOURCE_INVALID" });
    const nobody = db.tenant("7b1985ce-4d2c-4f6a-9d0e-3f1f6a4f8f0b" as never);
    await expect(nobody.import(fileOf(header, parcelLine(1)))).rejects.toMatchObject({ code: "TENANT_UNAVAILABLE" });
    expect(await collect(nobody.export())).toHaveLength(2);
  });

  test("takes a file's whole text or bytes, and leaves a source that it asks no more", async () => {
    const text = `${fileOf(header, parcelLine(1), parcelLine(2)).join("\n")}\n`;
    const marked = `\ufeff${text.replaceAll("\n", "\r\n")}`;
    for (const file of [text, Buffer.from(text), new Uint8Array(Buffer.from(text)), marked, Buffer.from(marked)]) {
      expect(await (await fresh()).import(file)).toEqual({ records: 2 });
    }
    let left = 0;
    const source = {
      *[Symbol.iterator]() {
        try {
          yield "no line";
          yield "asked in vain";
        } finally {
          left += 1;
        }
      },
    };
    await expect((await fresh()).import(source)).rejects.toMatchObject({ code: "IMPORT_LINE_INVALID" });
    expect(left).toBe(1);
    const lost = new Error("The stream is lost.");
    const breaking = {
      *[Symbol.iterator]() {
        yield text.slice(0, text.indexOf("\n"));
        throw lost;
      },
    };
    await expect((await fresh()).import(breaking)).rejects.toBe(lost);
  });

  test("ends with its signal, also while a source keeps it waiting", async () => {
    const reason = new Error("enough");
    let left = 0;
    const never = () => new Promise<IteratorResult<string>>(() => {});
    const leave = async (): Promise<IteratorResult<string>> => {
      left += 1;
      return { done: true, value: undefined };
    };
    const waiting: readonly AsyncIterable<string>[] = [
      {
        [Symbol.asyncIterator]: () => ({ next: never, return: leave }),
      },
      { [Symbol.asyncIterator]: () => ({ next: never, return: never }) },
      {
        async *[Symbol.asyncIterator]() {
          yield String(await never());
        },
      },
      { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: never() as never }) }) },
    ];
    for (const source of waiting) {
      const controller = new AbortController();
      const importing = (await fresh()).import(source, { signal: controller.signal });
      setImmediate(() => controller.abort(reason));
      await expect(importing).rejects.toMatchObject({ code: "TRANSACTION_ABORTED", cause: reason });
    }
    expect(left).toBe(1);
    const aborted = (await fresh()).import(waiting[0] as never, { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
  });

  test("divides what is too much for one transaction", async () => {
    const Heavy = entity("heavy", {
      version: 1,
      schema: z.object({ id: z.int(), tags: z.array(z.string()), weight: z.string() }),
      id: ["id"],
      indexes: { byTag: { fields: [{ each: "tags" }], stored: ["weight"] } },
    });
    const own = await open({ engine: memory(), entities: [Heavy] });
    const tenant = await fresh(own);
    const tags = Array.from({ length: 40 }, (_, n) => `${n}`);
    // A megabyte of entries for a line of 20 kB.
    const heavy = (id: number) => ({ id, tags, weight: "x".repeat(20_000) });
    await tenant.repository(Heavy).createMany([0, 1, 2, 3, 4].map(heavy));
    await tenant.repository(Heavy).createMany([5, 6, 7, 8, 9].map(heavy));
    await tenant.repository(Heavy).createMany([10, 11, 12, 13].map(heavy));
    const lines = await collect(tenant.export());
    const copy = await fresh(own);
    const told: number[] = [];
    await copy.import(lines, { onProgress: ({ records }) => void told.push(records) });
    expect(told).toEqual([14]);
    expect(await collect(copy.export())).toEqual(lines);
    await own.close();
  });

  test("upgrades records of an earlier version", async () => {
    const v1 = z.object({ id: z.int(), name: z.string() });
    const Old = entity("person", { version: 1, schema: v1, id: ["id"] });
    const New = entity("person", {
      version: 2,
      schema: z.object({ id: z.int(), first: z.string(), last: z.string() }),
      id: ["id"],
      migrations: {
        1: {
          schema: v1,
          up: ({ id, name }) => ({ id, first: name.split(" ")[0] ?? "", last: name.split(" ")[1] ?? "" }),
        },
      },
    });
    const old = await open({ engine: memory(), entities: [Old] });
    const before = await fresh(old);
    await before.repository(Old).create({ id: 1, name: "Ada Lovelace" });
    const lines = await collect(before.export());
    await old.close();
    const now = await open({ engine: memory(), entities: [New] });
    const after = await fresh(now);
    await after.import(lines);
    expect(await after.repository(New).list()).toEqual([{ id: 1, first: "Ada", last: "Lovelace" }]);
    await now.close();
  });
});

describe("round trips", () => {
  test("of random entities, also when the engine fails now and then", async () => {
    const scripts = fc.tuple(randomEntity("one"), randomEntity("one-more"), fc.integer());
    await fc.assert(
      fc.asyncProperty(scripts, async ([one, more, seed]) => {
        const engine = await openEngine(memory());
        const calm = await open({ engine, entities: [one, more] });
        const from = await fresh(calm);
        for (const made of [one, more] as AnyEntity[]) {
          for (const record of fc.sample(recordArbitrary(fc, made), { numRuns: 8, seed })) {
            await from
              .repository(made)
              .put(record as never)
              .catch((error: unknown) => {
                if (!isTenantryError(error)) throw error;
              });
          }
        }
        const lines = await collect(from.export());
        const faults = faulty(engine, { seed, rates, delayMs: 1 });
        const troubled = await open({ engine: faults, entities: [one, more], random: impatient });
        const to = await fresh(calm);
        await troubled.tenant(to.id).import(lines);
        // What is tried again is read at another version.
        const again = await collect(troubled.tenant(to.id).export());
        expect(again.slice(0, -1)).toEqual(lines.slice(0, -1));
        await troubled.close();
        await faults.settled();
        for (const made of [one, more] as AnyEntity[]) {
          const [a, b] = [await from.repository(made).list(), await to.repository(made).list()];
          expect(isDeepStrictEqual(a, b)).toBe(true);
          expect(await to.repository(made).verify()).toEqual([]);
        }
        await calm.close();
        await engine.close();
      }),
      { numRuns: runs(12) },
    );
  });
});
