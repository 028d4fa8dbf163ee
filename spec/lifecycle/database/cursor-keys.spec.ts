/** The database's own cursor keys: one ring for all of its processes, also right after a rotation by one of them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../../lib/database.js";
import { type Engine, memory, openEngine } from "../../../lib/engine/index.js";
import { cursorKeysMissReloadMs, cursorKeysReloadMs } from "../../../lib/limits/index.js";
import { systemClock } from "../../../lib/observe/index.js";
import { open } from "../../../lib/open.js";
import { entity } from "../../../lib/schema/index.js";
import type { TenantId } from "../../../lib/tenant/index.js";
import { type RecordingEngine, recording } from "../../../lib/testing/index.js";

const Row = entity("row", { version: 1, schema: z.object({ n: z.int() }), id: ["n"] });

describe("the cursor keys of a database", () => {
  let engine: Engine;
  let watched: RecordingEngine;
  let processes: Database[];
  let id: TenantId;
  let skewMs = 0;

  beforeAll(async () => {
    engine = await openEngine(memory());
    watched = recording(engine);
    const clock = { ...systemClock, monotonic: () => performance.now() + skewMs };
    processes = [
      await open({ engine, entities: [Row], clock }),
      await open({ engine: watched, entities: [Row], clock }),
    ];
    ({ id } = await at(0).tenants.provision({ name: "x" }));
    await at(0)
      .tenant(id)
      .repository(Row)
      .createMany([{ n: 1 }, { n: 2 }]);
  });
  afterAll(async () => {
    for (const db of processes) await db.close();
    await engine.close();
  });

  const at = (n: number): Database => processes[n] ?? expect.unreachable();
  const page = (n: number, cursor?: string) => at(n).tenant(id).repository(Row).page({ size: 1, cursor });

  test("are shared by processes, first and rotated ones", async () => {
    const [first, second] = await Promise.all([page(0), page(1)]);
    expect((await page(1, first.next)).items).toEqual([{ n: 2 }]);
    expect((await page(0, second.next)).items).toEqual([{ n: 2 }]);

    skewMs += cursorKeysMissReloadMs + 1;
    await at(0).rotateCursorKeys();
    const rotated = await page(0);
    expect((await page(1, rotated.next)).items).toEqual([{ n: 2 }]);
    expect((await page(0, second.next)).items).toEqual([{ n: 2 }]);

    await at(0).rotateCursorKeys();
    skewMs += cursorKeysReloadMs + 1;
    const { next } = await page(1);
    expect(next?.slice(0, 6)).not.toBe(second.next?.slice(0, 6));
    expect((await page(0, next)).items).toEqual([{ n: 2 }]);
  });

  test("are read once a while, however many cursors are forged", async () => {
    const { next = "" } = await page(1);
    skewMs += cursorKeysMissReloadMs + 1;
    const bytes = Buffer.from(next, "base64url");
    bytes.writeUInt8(bytes.readUInt8(4) ^ 1, 4);
    const forged = bytes.toString("base64url");
    watched.take();
    for (let i = 0; i < 20; i += 1) await expect(page(1, forged)).rejects.toMatchObject({ code: "CURSOR_INVALID" });
    expect(watched.take().filter(({ kind }) => kind === "asked")).toHaveLength(1);
  });
});
