/** The guard checks the bytes that go to the engine, whatever the caller's own bytes say of themselves. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TenantGuard, validateQuery } from "../../lib/guard/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import { concatBytes } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { lied, lies } from "../value/lies.js";

const id = newTenantId();
const keyspace = new Keyspace();
const range = keyspace.tenant(id);
const guard = new TenantGuard(range);

/** What came of it; undefined where it was refused. */
const outcome = (fn: () => unknown): unknown => {
  try {
    return fn();
  } catch {
    return undefined;
  }
};

/** What passes for bytes that lie is what passes for the bytes they are. */
function assertTruth(tale: () => unknown, truth: () => unknown): void {
  const passed = outcome(tale);
  if (passed !== undefined) deepStrictEqual(passed, outcome(truth));
}

const bytes = fc.uint8Array({ maxLength: 24 });

test("keys and ranges are those of the bytes there are", () => {
  fc.assert(
    fc.property(bytes, bytes, fc.constantFrom(...lies), (a, b, lie) => {
      const [first, second] = [lied(a, lie) as Uint8Array, lied(b, lie) as Uint8Array];
      assertTruth(
        () => guard.key(first, "set"),
        () => guard.key(a, "set"),
      );
      assertTruth(
        () => guard.range({ begin: first, end: second }, "getRange"),
        () => guard.range({ begin: a, end: b }, "getRange"),
      );
      assertTruth(
        () => guard.versionstampedKey(first),
        () => guard.versionstampedKey(a),
      );
    }),
    { numRuns: runs(200) },
  );
});

test("a query is found to leave its tenant by the bytes there are", () => {
  fc.assert(
    fc.property(bytes, fc.constantFrom(...lies), fc.boolean(), (relative, lie, own) => {
      const whose = own ? range : keyspace.tenant(newTenantId());
      const key = concatBytes(whose.prefix, relative);
      const faults = validateQuery(id, { key });
      if (!own) expect(faults).not.toEqual([]);
      const tale = lied(key, lie) as Uint8Array;
      deepStrictEqual(validateQuery(id, { key: tale }), faults);
      deepStrictEqual(validateQuery(id, [{ key: tale }]), faults);
      const ranges = validateQuery(id, { begin: key, end: key });
      deepStrictEqual(validateQuery(id, { begin: tale, end: tale }), ranges);
    }),
    { numRuns: runs(200) },
  );
});

test("bytes without memory are no key", () => {
  const moved = new Uint8Array(8);
  structuredClone(moved.buffer, { transfer: [moved.buffer] });
  expect(validateQuery(id, { key: moved })).toEqual([{ index: 0, part: "key", reason: "notBytes" }]);
  expect(() => guard.key(moved, "set")).toThrow(expect.objectContaining({ code: "ISOLATION_VIOLATION" }));
});
