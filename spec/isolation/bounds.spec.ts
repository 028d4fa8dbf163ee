/** Bounds: each has an error of its own, and comes before anything is written. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import {
  batchRecordsMax,
  cursorCharsMax,
  idempotencyKeyBytesMax,
  keyBytesMax,
  listRecordsMax,
  pageSizeMax,
  recordBytesDefault,
  tenantNameBytesMax,
  tenantsListedAtOnceMax,
  transactionDeadlineLongestMs,
  tupleDepthMax,
  valueBytesMax,
  valueDepthMax,
} from "../../lib/limits/index.js";
import { open } from "../../lib/open.js";
import { entity } from "../../lib/schema/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";
import { pack, type TupleElement } from "../../lib/tuple/index.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.string(), text: z.string().default(""), any: z.json().optional() }),
  id: ["id"],
  indexes: { byText: { fields: ["text"] }, keeping: { fields: ["text"], stored: ["any"] } },
});
const Plain = entity("plain", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });

const Wide = entity("wide", { version: 1, schema: z.object({ id: z.string(), text: z.string() }), id: ["id"] });

let engine: RecordingEngine;
let db: Database;
let tenant: Tenant;

beforeAll(async () => {
  engine = recording(await openEngine(memory()));
  db = await open({ engine, entities: [Note, Plain, Wide] });
  tenant = db.tenant((await db.tenants.provision({ name: "bounded" })).id);
  await tenant.repository(Plain).create({ id: 0, text: "there" });
  await tenant.repository(Plain).page({ size: 1 });
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

const notes = () => tenant.repository(Note);
const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));
const nested = (depth: number): z.core.util.JSONType => (depth === 0 ? 1 : [nested(depth - 1)]);
const deep = (depth: number): TupleElement => (depth === 0 ? 1 : [deep(depth - 1)]);

/** What passes a bound by one, and the error it is. */
const passed: Readonly<Record<string, readonly [code: string, details: object, work: () => unknown]>> = {
  "batchRecordsMax, created": [
    "BATCH_TOO_LARGE",
    { records: batchRecordsMax + 1, batchRecordsMax },
    () => notes().createMany(ids(batchRecordsMax + 1).map((id) => ({ id }))),
  ],
  "batchRecordsMax, put": [
    "BATCH_TOO_LARGE",
    { batchRecordsMax },
    () => notes().putMany(ids(batchRecordsMax + 1).map((id) => ({ id }))),
  ],
  "batchRecordsMax, deleted": [
    "BATCH_TOO_LARGE",
    { batchRecordsMax },
    () => notes().deleteMany(ids(batchRecordsMax + 1)),
  ],
  "batchRecordsMax, read": ["BATCH_TOO_LARGE", { batchRecordsMax }, () => notes().getMany(ids(batchRecordsMax + 1))],
  pageSizeMax: [
    "PAGE_SIZE_INVALID",
    { size: pageSizeMax + 1, pageSizeMax },
    () => notes().page({ size: pageSizeMax + 1 }),
  ],
  "a page of nothing": ["PAGE_SIZE_INVALID", { size: 0 }, () => notes().page({ size: 0 })],
  "a page of half a record": ["PAGE_SIZE_INVALID", { size: 0.5 }, () => notes().page({ size: 0.5 })],
  cursorCharsMax: ["CURSOR_INVALID", {}, () => notes().page({ size: 1, cursor: "A".repeat(cursorCharsMax + 1) })],
  "keyBytesMax, of an id": ["KEY_TOO_LARGE", { keyBytesMax }, () => notes().get("x".repeat(keyBytesMax))],
  "keyBytesMax, of a record": [
    "KEY_TOO_LARGE",
    { keyBytesMax },
    () => notes().put({ id: "x".repeat(keyBytesMax - 30) }),
  ],
  "keyBytesMax, of an index": [
    "KEY_TOO_LARGE",
    { keyBytesMax },
    () => notes().put({ id: "a", text: "x".repeat(keyBytesMax) }),
  ],
  "recordBytesDefault, of a record": [
    "RECORD_TOO_LARGE",
    { recordBytesMax: recordBytesDefault, entity: "plain" },
    () => tenant.repository(Plain).put({ id: 1, text: "x".repeat(recordBytesDefault) }),
  ],
  "recordBytesDefault, of a change": [
    "RECORD_TOO_LARGE",
    { recordBytesMax: recordBytesDefault },
    () => tenant.repository(Plain).patch(0, { text: "x".repeat(recordBytesDefault) }),
  ],
  "valueBytesMax, of an index entry": [
    "INDEX_ENTRY_TOO_LARGE",
    { valueBytesMax, entity: "note", index: "keeping" },
    () => notes().put({ id: "a", any: "x".repeat(valueBytesMax) }),
  ],
  "keyBytesMax, of a chunk": [
    "KEY_TOO_LARGE",
    { keyBytesMax },
    // The record's own key fits to the byte.
    () => tenant.repository(Wide).put({ id: "x".repeat(keyBytesMax - 27 - 8), text: "x".repeat(valueBytesMax) }),
  ],
  valueDepthMax: [
    "VALUE_UNSUPPORTED",
    { reason: expect.any(String) },
    () => notes().put({ id: "a", any: nested(valueDepthMax + 1) }),
  ],
  tupleDepthMax: ["TUPLE_ELEMENT_INVALID", {}, () => pack([deep(tupleDepthMax + 1)])],
  tenantNameBytesMax: [
    "TENANT_NAME_INVALID",
    { tenantNameBytesMax },
    () => db.tenants.provision({ name: "x".repeat(tenantNameBytesMax + 1) }),
  ],
  idempotencyKeyBytesMax: [
    "TRANSACTION_OPTION_INVALID",
    { option: "idempotencyKey" },
    () => tenant.transact(async () => {}, { idempotencyKey: "x".repeat(idempotencyKeyBytesMax + 1) }),
  ],
  transactionDeadlineLongestMs: [
    "TRANSACTION_OPTION_INVALID",
    { option: "deadline" },
    () => tenant.transact(async () => {}, { deadline: transactionDeadlineLongestMs + 1 }),
  ],
};

describe("past its bound, nothing is written:", () => {
  test.each(Object.keys(passed))("%s", async (name) => {
    const [code, details, work] = passed[name] ?? ["", {}, () => {}];
    engine.take();
    const error: unknown = await Promise.resolve()
      .then(work)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, details });
    expect(engine.take().filter(({ kind }) => kind === "written" || kind === "writeConflict")).toEqual([]);
  });

  test("in the middle of a transaction, what came before it is not committed when the error is not caught", async () => {
    const work = tenant.transact(async (tx) => {
      await tx.repository(Plain).put({ id: 7, text: "before" });
      await tx.repository(Note).deleteMany(ids(batchRecordsMax + 1));
    });
    await expect(work).rejects.toMatchObject({ code: "BATCH_TOO_LARGE" });
    expect(await tenant.repository(Plain).has(7)).toBe(false);
  });
});

test("a list ends at its bound, and says where to look for more", async () => {
  const plain = tenant.repository(Plain);
  for (let at = 0; at <= listRecordsMax; at += batchRecordsMax) {
    await plain.putMany(Array.from({ length: batchRecordsMax }, (_, n) => ({ id: at + n, text: "" })));
  }
  await expect(plain.list()).rejects.toMatchObject({ code: "LIST_TOO_LARGE", details: { listRecordsMax } });
  expect(await plain.list({ limit: listRecordsMax })).toHaveLength(listRecordsMax);
});

test("a listing of tenants asks for no more at once than its bound", async () => {
  engine.take();
  for await (const _ of db.tenants.list({ limit: tenantsListedAtOnceMax + 1 })) break;
  expect(engine.take().filter(({ operation, kind }) => operation === "getRange" && kind === "asked")).toHaveLength(1);
});
