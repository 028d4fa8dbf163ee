/** The places of the keyspace that policies and work across tenants use: each is the tuple it is documented to be. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  aggregatePrefix,
  allRecordsRange,
  auditSecretKey,
  countedPrefix,
  counterPrefix,
  countPlaceKey,
  entityOfRecordKey,
  expiryKey,
  expiryUntil,
  type KeyRange,
  Keyspace,
  recordPrefix,
  seedKey,
  subspacePrefix,
  subspaces,
} from "../../lib/keyspace/index.js";
import { newTenantId, parseTenantId, tenantIdBytes } from "../../lib/tenant/index.js";
import { compareBytes, concatBytes, pack, type TupleElement, unpack, uuid } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { text } from "../tuple/elements.js";

const anyTenant = fc.uuid({ version: 4 }).map(parseTenantId);
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,12}$/);
const time = fc.nat();

const within = ({ begin, end }: KeyRange, key: Uint8Array): boolean =>
  compareBytes(begin, key) <= 0 && compareBytes(key, end) < 0;

const { control } = new Keyspace([]);
const a = newTenantId();
const tenant = uuid(tenantIdBytes(a));

describe("places inside a tenant", () => {
  test("are the tuples they are documented to be", () => {
    const id = pack([5]);
    const keys: [Uint8Array, TupleElement[]][] = [
      [aggregatePrefix("city", "all"), [9, 1, "city", "all"]],
      [counterPrefix("city", id), [9, 2, "city", 5]],
      [countedPrefix("city", "all"), [9, 3, "city", "all"]],
      [countPlaceKey("city"), [5, "city", "count"]],
      [expiryKey(7, "city", id), [10, 7, "city", 5]],
      [seedKey("first"), [11, "seed", "first"]],
      [auditSecretKey(), [13, 1]],
    ];
    for (const [key, elements] of keys) expect(unpack(key)).toEqual(elements);
  });

  test("hold all records in one range, which nothing else lies in, and tell whose a record's key is", () => {
    fc.assert(
      fc.property(name, text, (entity, id) => {
        const key = concatBytes(recordPrefix(entity), pack([id]));
        expect(within(allRecordsRange, key)).toBe(true);
        expect(entityOfRecordKey(key)).toBe(entity);
        for (const subspace of Object.values(subspaces)) {
          expect(within(allRecordsRange, subspacePrefix(subspace, entity))).toBe(false);
        }
      }),
      { numRuns: runs(100) },
    );
  });

  test("have what expires up to a time in one range", () => {
    fc.assert(
      fc.property(time, time, name, (until, at, entity) => {
        expect(within(expiryUntil(until), expiryKey(at, entity, pack([1])))).toBe(at <= until);
      }),
      { numRuns: runs(100) },
    );
    expect(within(expiryUntil(5), expiryKey(5, "city", pack([1])))).toBe(true);
    expect(within(expiryUntil(5), expiryKey(6, "city", pack([1])))).toBe(false);
  });
});

describe("places of the control plane", () => {
  test("are the tuples they are documented to be", () => {
    const keys: [Uint8Array, unknown[]][] = [
      [control.definitionKey("city"), [0, 7, "city"]],
      [control.layoutKey("city", 2, 99), [0, 7, "city", 2, 99]],
      [control.externalKey("acme"), [0, 5, "acme"]],
      [control.externalKeyValue(a), [tenant]],
      [control.nameKey("Acme", a), [0, 8, "Acme", tenant]],
      [control.jobKey("erasure", a, 7), [0, 6, "erasure", 7, tenant]],
      [control.jobKey("erasure", a), [0, 6, "erasure", 0, tenant]],
      [new Keyspace([]).trail(a, 3).prefix, [0, 3, tenant, 3]],
    ];
    for (const [key, elements] of keys) expect(unpack(key)).toEqual(elements);
    expect(new Keyspace([]).trail(a, 3).tenantId).toBe(a);
  });

  test("tell which definition or layout a key is about", () => {
    expect(control.schemaOf(control.definitionKey("city"))).toEqual({ entity: "city" });
    expect(control.schemaOf(control.layoutKey("city", 2, 99))).toEqual({ entity: "city", version: 2, fingerprint: 99 });
    for (const key of [control.metaKey("format"), control.registryKey(a), pack([0, 7, 5]), pack([0, 7])]) {
      expect(control.schemaOf(key)).toBeUndefined();
    }
    for (const rest of [[2], ["2", 99], [2, "99"]]) {
      expect(control.schemaOf(pack([0, 7, "city", ...rest]))).toEqual({ entity: "city" });
    }
    expect(within(control.schemasRange, control.definitionKey("city"))).toBe(true);
    expect(within(control.schemasRange, control.nameKey("city", a))).toBe(false);
  });

  test("have the layouts of earlier versions in one range", () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), fc.nat(), name, (before, version, fingerprint, entity) => {
        const range = control.layoutsBefore(entity, before);
        expect(within(range, control.layoutKey(entity, version, fingerprint))).toBe(version < before);
        expect(within(range, control.definitionKey(entity))).toBe(false);
        expect(within(range, control.layoutKey(`${entity}x`, version, fingerprint))).toBe(false);
      }),
      { numRuns: runs(100) },
    );
  });

  test("end in the tenant they are about", () => {
    for (const bytes of [control.nameKey("Acme", a), control.jobKey("erasure", a), control.externalKeyValue(a)]) {
      expect(control.lastTenant(bytes)).toBe(a);
    }
    expect(control.lastTenant(control.externalKey("acme"))).toBeUndefined();
    expect(control.lastTenant(new Uint8Array())).toBeUndefined();
  });

  test("have names with a beginning in one range, and work that is due", () => {
    fc.assert(
      fc.property(text, text, anyTenant, time, time, (prefix, other, id, until, at) => {
        expect(within(control.namesWith(prefix), control.nameKey(prefix + other, id))).toBe(true);
        expect(within(control.namesWith(prefix), control.nameKey(other, id))).toBe(
          Buffer.from(other).subarray(0, Buffer.byteLength(prefix)).equals(Buffer.from(prefix)),
        );
        expect(within(control.jobs("erasure"), control.jobKey("erasure", id, at))).toBe(true);
        expect(within(control.jobs("erasure", until), control.jobKey("erasure", id, at))).toBe(at <= until);
      }),
      { numRuns: runs(200) },
    );
    expect(within(control.jobs("erasure", 5), control.jobKey("erasure", a, 5))).toBe(true);
    expect(within(control.jobs("erasure", 5), control.jobKey("erasure", a, 6))).toBe(false);
  });
});
