/** What attempts add up to: rows, bytes read and written, conflicts, over all attempts of a call. */
import { expect, test } from "vitest";
import { memory, openEngine } from "../../lib/engine/index.js";
import { tenantryError } from "../../lib/errors/index.js";
import type { CallPolicy, CallReport } from "../../lib/transaction/index.js";
import { bytes, codeOf, hastyClock, key, openFixture, refused, scripted } from "./fixture.js";
import { failure, keyspace, opened, id as openedId, range } from "./opened.js";

const at = Uint8Array.of(1);
const value = Uint8Array.of(7, 7, 7);
/** Bytes of a key of one byte with its tenant's prefix. */
const keyBytes = range.prefixLength + 1;

test("bytes written are those of keys and values, checked ones, with the tenant's prefix", async () => {
  const { view, attempt } = opened();
  const written: number[] = [];
  const add = (work: () => void): void => {
    const before = attempt.bytesWritten;
    work();
    written.push(attempt.bytesWritten - before);
  };
  add(() => view.set(at, value));
  add(() => view.clear(at));
  add(() => view.atomic("byteMax", at, value));
  add(() => view.setVersionstampedKey(Uint8Array.of(1, ...new Uint8Array(10), 1, 0, 0, 0), value));
  // The stamp's place is given with the key.
  expect(written).toEqual([keyBytes + 3, keyBytes, keyBytes + 3, keyBytes + 10 + 4 + 3]);
  await failure(() => view.set(Uint8Array.of(0xff), value));
  expect(attempt.bytesWritten).toBe(written.reduce((sum, n) => sum + n));
  expect(attempt.bytesRead).toBe(0);
});

test("bytes read are those of the rows that came back", async () => {
  const engine = await openEngine(memory());
  const writing = engine.begin();
  for (const n of [1, 2, 3]) writing.set(range.absolute(Uint8Array.of(n)), new Uint8Array(n));
  await writing.commit();
  const reading = engine.begin();
  reading.setOption("readYourWritesDisable");
  const { snapshot, attempt } = opened({ inner: reading });
  const read: number[] = [];
  const add = async (work: () => unknown): Promise<void> => {
    const before = attempt.bytesRead;
    await work();
    read.push(attempt.bytesRead - before);
  };
  const all = { begin: at, end: Uint8Array.of(9) };
  await add(() => snapshot.get(Uint8Array.of(2)));
  await add(() => snapshot.get(Uint8Array.of(8)));
  await add(() => snapshot.getRange(all));
  await add(() => snapshot.visitRange(all, {}, () => {}));
  await add(() => snapshot.visitRange({ begin: Uint8Array.of(4), end: Uint8Array.of(9) }, {}, () => {}));
  expect(read).toEqual([keyBytes + 2, 0, 3 * keyBytes + 6, 3 * keyBytes + 6, 0]);
  expect(attempt.bytesWritten).toBe(0);
  await engine.close();
});

test("a call's report has those of all its attempts, and how many lost to another", async () => {
  const reports: CallReport[] = [];
  const policy: CallPolicy = { name: "reports", enter: () => (report) => void reports.push(report) };
  await using fixture = await openFixture({ clock: hastyClock, policies: [policy] }, (engine) =>
    scripted(engine, [refused(1020), refused(1037), refused(1020)]),
  );
  const tenant = await fixture.tenant();
  const size = fixture.keyspace.tenant(tenant).absolute(key("a")).length + 1;
  await fixture.runner.transact(tenant, async (tx) => {
    tx.set(key("a"), bytes("x"));
    await tx.get(key("a"));
  });
  const all = { attempts: 4, conflicts: 2, rows: 4, bytesRead: 4 * size, bytesWritten: 4 * size };
  expect(reports).toMatchObject([{ ...all, failure: undefined }]);
  const failing = fixture.runner.read(tenant, async (tx) => {
    await tx.get(key("a"));
    throw tenantryError("TENANT_UNAVAILABLE", {});
  });
  expect(await codeOf(failing)).toBe("TENANT_UNAVAILABLE");
  expect(reports[1]).toMatchObject({
    attempts: 1,
    conflicts: 0,
    rows: 1,
    bytesRead: size,
    failure: "TENANT_UNAVAILABLE",
  });
});

test("the control plane's transaction acts on a tenant and on a trail behind their guards", async () => {
  const { system, attempt, calls } = opened();
  const trail = system.trailOf({ id: openedId, incarnation: 3 });
  trail.set(at, value);
  expect(calls).toEqual([["set", Buffer.concat([keyspace.control.auditPrefix(openedId, 3), at]), value]].map(normal));
  expect((await failure(() => trail.set(Uint8Array.of(0xff), value))).code).toBe("ISOLATION_VIOLATION");
  attempt.end();
  const ended = { code: "TRANSACTION_ENDED", details: { operation: "trailOf" } };
  expect(await failure(() => system.trailOf({ id: openedId, incarnation: 3 }))).toEqual(ended);
});

const normal = ([name, ...args]: unknown[]): unknown[] => [
  name,
  ...args.map((arg) => (arg instanceof Uint8Array ? Uint8Array.from(arg) : arg)),
];
