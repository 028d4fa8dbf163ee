/** The keyspace: no tenant's keys lie among another's, and no part of a tenant among another part. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  attemptMarkerKey,
  attemptMarkersBefore,
  chunkKey,
  chunkPrefix,
  controlSubspaces,
  feedPrefix,
  idempotencyMarkerKey,
  idempotencyMarkersBefore,
  indexPrefix,
  type KeyRange,
  Keyspace,
  metadataVersionKey,
  PrefixRange,
  recordPrefix,
  schemaPrefix,
  subspacePrefix,
  subspaceRange,
  subspaces,
  timeBucket,
  workPlaceKey,
} from "../../lib/keyspace/index.js";
import { newTenantId, parseTenantId, type TenantId, tenantIdBytes, tenantIdFromBytes } from "../../lib/tenant/index.js";
import { compareBytes, concatBytes, pack, strinc, type TupleElement, unpack, uuid } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { bytes, element, scalar, text } from "../tuple/elements.js";

const anyTenant = fc.uuid({ version: 4 }).map(parseTenantId);

/** Two tenants whose ids differ in one bit (outside those that say version and variant). */
const neighbours = fc.tuple(anyTenant, fc.integer({ min: 0, max: 127 })).map(([id, bit]): [TenantId, TenantId] => {
  const other = tenantIdBytes(id);
  const at = bit >> 3;
  const mask = at === 6 ? 0x0f : at === 8 ? 0x3f : 0xff;
  const flip = (1 << (bit & 7)) & mask || 1;
  other[at] = Number(other[at]) ^ flip;
  return [id, tenantIdFromBytes(other)];
});

const root = fc.array(scalar, { maxLength: 3 });

const within = ({ begin, end }: KeyRange, key: Uint8Array): boolean =>
  compareBytes(begin, key) <= 0 && compareBytes(key, end) < 0;

const disjoint = (a: KeyRange, b: KeyRange): boolean =>
  compareBytes(a.end, b.begin) <= 0 || compareBytes(b.end, a.begin) <= 0;

const beginsWith = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).subarray(0, b.length).equals(b);

describe("tenants", () => {
  test("assertRangesDisjoint: no tenant's range touches another's, or the control plane's", () => {
    fc.assert(
      fc.property(fc.oneof(neighbours, fc.tuple(anyTenant, anyTenant)), root, ([a, b], elements) => {
        fc.pre(a !== b);
        const keyspace = new Keyspace(elements);
        const [first, second, control] = [keyspace.tenant(a), keyspace.tenant(b), keyspace.control.range];
        expect(disjoint(first, second)).toBe(true);
        expect(disjoint(first, control)).toBe(true);
        expect(beginsWith(first.prefix, second.prefix)).toBe(false);
        expect(beginsWith(first.prefix, control.prefix) || beginsWith(control.prefix, first.prefix)).toBe(false);
        for (const bound of [second.prefix, second.begin, second.end, control.begin, control.end]) {
          expect(first.contains(bound)).toBe(false);
          expect(first.containsBound(bound)).toBe(false);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  test("assertStaysInTenant: whatever tuple follows, the key lies in its tenant and in no other", () => {
    fc.assert(
      fc.property(neighbours, root, fc.array(element, { minLength: 1, maxLength: 4 }), ([a, b], elements, rest) => {
        const keyspace = new Keyspace(elements);
        const key = keyspace.tenant(a).absolute(pack(rest));
        expect(keyspace.tenant(a).contains(key)).toBe(true);
        expect(within(keyspace.tenant(a), key)).toBe(true);
        expect(keyspace.tenant(b).contains(key)).toBe(false);
        expect(keyspace.control.range.contains(key)).toBe(false);
        expect(pack([...elements, uuid(tenantIdBytes(a)), ...rest])).toEqual(key);
      }),
      { numRuns: runs(300) },
    );
  });

  test("contains agrees with comparing bytes, for keys near the edges", () => {
    const near = fc.tuple(anyTenant, bytes, fc.nat(40), fc.integer({ min: -1, max: 255 }));
    fc.assert(
      fc.property(near, root, ([id, rest, place, byte], elements) => {
        const range = new Keyspace(elements).tenant(id);
        const key = range.absolute(rest);
        if (byte >= 0 && place < key.length) key[place] = byte;
        expect(range.contains(key)).toBe(within(range, key));
        expect(range.containsBound(key)).toBe(within(range, key) || compareBytes(key, range.end) === 0);
        const around = concatBytes(Uint8Array.of(1, 2, 3), key, Uint8Array.of(4));
        expect(range.contains(around, 3, 3 + key.length)).toBe(within(range, key));
      }),
      { numRuns: runs(500) },
    );
  });

  test("contains never looks outside what it is given", () => {
    const range = new Keyspace().tenant(newTenantId());
    const key = range.absolute(pack(["a"]));
    expect(range.contains(key, 0, range.prefixLength)).toBe(false);
    expect(range.contains(key, 0, range.prefixLength + 1)).toBe(true);
    expect(range.contains(key.subarray(0, range.prefixLength), 0, key.length)).toBe(false);
    expect(range.contains(key, -1, key.length)).toBe(false);
    expect(range.contains(key, Number.NaN, key.length)).toBe(false);
    expect(range.contains(key, 0, Number.NaN)).toBe(false);
    expect(range.contains(new Uint8Array(0))).toBe(false);
  });

  test("holds ranges by both ends", () => {
    const range = new Keyspace().tenant(newTenantId());
    expect(range.containsRange(range.begin, range.end)).toBe(true);
    expect(range.containsRange(range.prefix, range.end)).toBe(false);
    expect(range.containsRange(range.begin, concatBytes(range.end, Uint8Array.of(0)))).toBe(false);
    expect(range.containsRange(range.begin, strinc(range.prefix))).toBe(false);
  });

  test("cannot be moved through the bytes handed out", () => {
    const prefix = pack(["tenantry"]);
    const range = new PrefixRange(prefix);
    const key = range.absolute(pack([1]));
    for (const handed of [prefix, range.prefix, range.begin, range.end]) handed.fill(0);
    expect(range.contains(key)).toBe(true);
    expect(range.begin).toEqual(concatBytes(pack(["tenantry"]), Uint8Array.of(0)));
  });

  test("a part of a tenant lies in it", () => {
    fc.assert(
      fc.property(anyTenant, fc.array(element, { minLength: 1, maxLength: 2 }), (id, elements) => {
        const range = new Keyspace().tenant(id);
        const part = range.within(pack(elements));
        expect(part.tenantId).toBe(id);
        expect(range.containsRange(part.begin, part.end)).toBe(true);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe("why strinc of a name is no tenant's end", () => {
  test("a tenant named by a string of variable length would reach into another", () => {
    const acme = pack(["acme"]);
    const evil = pack(["acme\0evil"]);
    expect(within({ begin: acme, end: strinc(acme) }, evil)).toBe(true);
    // Not even the tuple's own range helps the other way: there it holds, here the names are the problem.
    expect(within(new PrefixRange(acme), evil)).toBe(false);
    expect(beginsWith(evil, acme.subarray(0, -1))).toBe(true);
  });

  test("so it is for every name and every longer one with a zero byte between", () => {
    fc.assert(
      fc.property(text, text, (name, more) => {
        const shorter = pack([name]);
        const longer = pack([`${name}\0${more}`]);
        expect(within({ begin: shorter, end: strinc(shorter) }, longer)).toBe(true);
        expect(within(new PrefixRange(shorter), longer)).toBe(false);
      }),
      { numRuns: runs(100) },
    );
  });

  test("a UUID element has no such neighbour: its strinc holds nothing of another tenant's either", () => {
    fc.assert(
      fc.property(neighbours, fc.array(element, { maxLength: 2 }), ([a, b], rest) => {
        const { prefix } = new Keyspace().tenant(a);
        const key = concatBytes(new Keyspace().tenant(b).prefix, pack(rest));
        expect(within({ begin: prefix, end: strinc(prefix) }, key)).toBe(false);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe("parts of a tenant", () => {
  test("records never collide with anything else, whatever the entity is called", () => {
    fc.assert(
      fc.property(text, text, fc.array(element, { maxLength: 3 }), (entity, index, rest) => {
        const record = pack(rest, recordPrefix(entity));
        for (const subspace of Object.values(subspaces)) expect(within(subspaceRange(subspace), record)).toBe(false);
        const records = new PrefixRange(recordPrefix(entity));
        expect(records.contains(pack(rest, indexPrefix(entity, index)))).toBe(false);
        expect(unpack(record)[0]).toBe(entity);
      }),
      { numRuns: runs(200) },
    );
  });

  test("two entities, and two indexes, never collide", () => {
    fc.assert(
      fc.property(text, text, text, text, (entity, other, index, otherIndex) => {
        if (entity !== other) {
          expect(disjoint(new PrefixRange(recordPrefix(entity)), new PrefixRange(recordPrefix(other)))).toBe(true);
          expect(disjoint(new PrefixRange(schemaPrefix(entity)), new PrefixRange(schemaPrefix(other)))).toBe(true);
        }
        if (entity !== other || index !== otherIndex) {
          const [a, b] = [indexPrefix(entity, index), indexPrefix(other, otherIndex)];
          expect(disjoint(new PrefixRange(a), new PrefixRange(b))).toBe(true);
        }
      }),
      { numRuns: runs(200) },
    );
  });

  test("every subspace has a number of its own, as stored", () => {
    expect(subspaces).toEqual({
      indexes: 1,
      feed: 2,
      usage: 3,
      sessions: 4,
      schema: 5,
      chunks: 6,
      attempts: 7,
      idempotency: 8,
      aggregates: 9,
      expiry: 10,
      progress: 11,
      members: 12,
      auditKey: 13,
    });
    expect(controlSubspaces).toEqual({
      registry: 1,
      markers: 2,
      audit: 3,
      meta: 4,
      externalKeys: 5,
      jobs: 6,
      schemas: 7,
      tenantsByName: 8,
      global: 9,
    });
    const numbers = Object.values(subspaces);
    for (const a of numbers) {
      for (const b of numbers) if (a !== b) expect(disjoint(subspaceRange(a), subspaceRange(b))).toBe(true);
    }
  });

  test("keys are the tuples they are documented to be", () => {
    const token = Uint8Array.of(1, 2);
    const id = pack([5]);
    const keys: [Uint8Array, TupleElement[]][] = [
      [recordPrefix("city"), ["city"]],
      [indexPrefix("city", "byName"), [1, "city", "byName"]],
      [feedPrefix(3), [2, 3]],
      [schemaPrefix("city"), [5, "city"]],
      [workPlaceKey("city", "x"), [11, "work", "city", "x"]],
      [chunkPrefix("city", id), [6, "city", 5]],
      [chunkKey("city", id, 2), [6, "city", 5, 2]],
      [attemptMarkerKey(9, token), [7, 9, token]],
      [idempotencyMarkerKey(9, "key"), [8, 9, "key"]],
      [idempotencyMarkerKey(9, "key", token), [8, 9, "key", token]],
      [subspacePrefix(subspaces.usage, "bytes"), [3, "bytes"]],
    ];
    for (const [key, elements] of keys) expect(unpack(key)).toEqual(elements);
  });

  test("old buckets are one range, which holds none of the bucket it ends before", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), bytes, text, (bucket, other, token, key) => {
        expect(within(attemptMarkersBefore(bucket), attemptMarkerKey(other, token))).toBe(other < bucket);
        expect(within(idempotencyMarkersBefore(bucket), idempotencyMarkerKey(other, key))).toBe(other < bucket);
        const { control } = new Keyspace();
        expect(within(control.markersBefore(bucket), control.markerKey(other, token))).toBe(other < bucket);
        expect(within(attemptMarkersBefore(bucket), idempotencyMarkerKey(other, key))).toBe(false);
      }),
      { numRuns: runs(200) },
    );
    expect(timeBucket(3_600_000, 3_600_000)).toBe(1);
    expect(timeBucket(3_599_999, 3_600_000)).toBe(0);
  });
});

describe("the control plane", () => {
  test("keeps its keys in its own range, apart from each other", () => {
    fc.assert(
      fc.property(neighbours, root, fc.nat(), ([a, b], elements, number) => {
        const { control } = new Keyspace(elements);
        const keys = [
          control.registryKey(a),
          control.registryKey(b),
          control.markerKey(number, Uint8Array.of(1)),
          control.auditPrefix(a, number),
          control.auditPrefix(b, number),
          control.metaKey("format"),
          control.metaKey("cursorKeys"),
        ];
        for (const key of keys) expect(control.range.contains(key)).toBe(true);
        expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(keys.length);
        expect(within(control.registryRange, control.registryKey(a))).toBe(true);
        expect(keys.filter((key) => within(control.registryRange, key))).toHaveLength(2);
        expect(keys.filter((key) => within(control.auditRange(a), key))).toEqual([control.auditPrefix(a, number)]);
        expect(control.registryTenant(control.registryKey(b))).toBe(b);
        for (const key of keys.slice(2)) expect(control.registryTenant(key)).toBeUndefined();
      }),
      { numRuns: runs(100) },
    );
  });

  test("registry keys sort as ids do", () => {
    const { control } = new Keyspace();
    fc.assert(
      fc.property(anyTenant, anyTenant, (a, b) => {
        const order = Math.sign(compareBytes(control.registryKey(a), control.registryKey(b)));
        expect(order + 0).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
      { numRuns: runs(100) },
    );
  });

  test("knows the metadata version key, which lies in no range", () => {
    expect(Buffer.from(metadataVersionKey()).toString("latin1")).toBe("\xff/metadataVersion");
    metadataVersionKey().fill(0);
    expect(metadataVersionKey()[0]).toBe(0xff);
    expect(new Keyspace([]).control.range.contains(metadataVersionKey())).toBe(false);
  });

  test("the default root is tenantry", () => {
    expect(unpack(new Keyspace().control.metaKey("format"))).toEqual(["tenantry", 0, 4, "format"]);
    const id = newTenantId();
    expect(unpack(new Keyspace().tenant(id).prefix)).toEqual(["tenantry", uuid(tenantIdBytes(id))]);
  });
});
