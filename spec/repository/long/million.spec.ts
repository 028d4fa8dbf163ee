/** More rows than a transaction takes, for longer than it lives: a million in the soak, fewer in `npm test`. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { Database } from "../../../lib/database.js";
import { memory } from "../../../lib/engine/index.js";
import { transactionBytesMax } from "../../../lib/limits/index.js";
import { open } from "../../../lib/open.js";
import { entity, type Infer } from "../../../lib/schema/index.js";
import type { Tenant } from "../../../lib/tenant-handle.js";
import { runs } from "../../runs.js";

const Row = entity("row", {
  version: 1,
  schema: z.object({ id: z.int(), text: z.string(), hits: z.int() }),
  id: ["id"],
  indexes: { byHits: { fields: ["hits"] } },
  aggregates: { hits: { sum: "hits" }, all: { count: true } },
});
type Row = Infer<typeof Row>;

const text = "a row of about two hundred bytes, so that ".repeat(4);
const total = runs(0) > 0 ? 1_000_000 : 2_000;
const hit = (row: Row): Row => ({ ...row, hits: row.hits + 1 });

let db: Database;
beforeAll(async () => {
  db = await open({ engine: memory(), entities: [Row] });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => db.close());

async function filled(rows: number): Promise<Tenant> {
  const tenant = db.tenant((await db.tenants.provision({ name: "rows" })).id);
  for (let from = 0; from < rows; from += 1_000) {
    await tenant
      .repository(Row)
      .createMany(Array.from({ length: Math.min(1_000, rows - from) }, (_, at) => ({ id: from + at, text, hits: 0 })));
  }
  return tenant;
}

/** A clock that a test moves on, for the versions of the engine and for what counts their age. */
function movableTime(): (ms: number) => void {
  const now = performance.now.bind(performance);
  let ahead = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now() + ahead);
  return (ms) => {
    ahead += ms;
  };
}

describe(`${total} rows`, () => {
  test("are scanned, changed, moved in an index, exported, imported and deleted, each exactly once", async () => {
    const tenant = await filled(total);
    const rows = tenant.repository(Row);
    let seen = 0;
    let bytes = 0;
    const told: number[] = [];
    const all = rows.scanAll({}, { onProgress: ({ records }) => void told.push(records) });
    for await (const batch of all.batches()) {
      for (const row of batch) bytes += row.text.length;
      seen += batch.length;
    }
    expect([seen, told.at(-1)]).toEqual([total, total]);
    if (total === 1_000_000) expect(bytes).toBeGreaterThan(10 * transactionBytesMax);

    const done = { examined: total, changed: total, done: true };
    expect(await rows.transform({}, hit, { name: "hit" })).toEqual(done);
    expect(await rows.transform({ index: "byHits", equals: 1 }, hit)).toEqual(done);
    expect(await rows.aggregate("hits")).toBe(2 * total);
    expect(await rows.count({ index: "byHits", equals: 2 })).toBe(total);

    const copy = db.tenant((await db.tenants.provision({ name: "copy" })).id);
    expect(await copy.import(tenant.export())).toEqual({ records: total });
    expect(await copy.repository(Row).aggregate("hits")).toBe(2 * total);

    expect(await rows.deleteWhere({}, ({ id }) => id % 10 !== 0)).toEqual({ ...done, changed: total - total / 10 });
    expect(await rows.count()).toBe(total / 10);
    expect(await rows.aggregate("all")).toBe(total / 10);
    expect(await rows.verify()).toEqual([]);
  });
});

describe("five seconds", () => {
  test("that pass in a batch make it begin anew, with fewer rows; no row is changed twice", async () => {
    const rows = (await filled(1_500)).repository(Row);
    const advance = movableTime();
    let asked = 0;
    let slow = 3;
    const slowly = (row: Row): Row => {
      asked += 1;
      if (asked % 40 === 0 && slow > 0) {
        slow -= 1;
        advance(6_000);
      }
      return hit(row);
    };
    expect(await rows.transform({}, slowly)).toEqual({ examined: 1_500, changed: 1_500, done: true });
    // Batches that grew too old were asked about again.
    expect(asked).toBeGreaterThan(1_500);
    expect(await rows.count({ index: "byHits", equals: 1 })).toBe(1_500);
    expect(await rows.verify()).toEqual([]);
  });

  test("that pass between the batches of a scan or an export leave no row out", async () => {
    const tenant = await filled(2_500);
    const advance = movableTime();
    const seen: number[] = [];
    for await (const batch of tenant.repository(Row).scanAll().batches()) {
      seen.push(...batch.map(({ id }) => id));
      advance(6_000);
      // So that there are newer versions than those that were read.
      await tenant.repository(Row).patch(0, { hits: 1 });
    }
    expect(seen).toEqual(Array.from({ length: 2_500 }, (_, id) => id));
    let lines = 0;
    for await (const line of tenant.export({ onProgress: () => advance(6_000) })) lines += Number(line.length > 0);
    expect(lines).toBe(2_502);
  });
});
