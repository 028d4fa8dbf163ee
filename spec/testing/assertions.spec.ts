/** The laws' assertions by themselves: what each takes, and the least that each refuses. */
import { describe, expect, test } from "vitest";
import { tenantryError } from "../../lib/errors/index.js";
import { Keyspace, metadataVersionKey, schemaPrefix } from "../../lib/keyspace/index.js";
import { newTenantId, type TenantId } from "../../lib/tenant/index.js";
import {
  type Access,
  assertCursorRefused,
  assertForeignLooksMissing,
  assertOthersUnchanged,
  assertSilentAbout,
  assertStaysInTenant,
  type Transcript,
} from "../../lib/testing/index.js";
import { concatBytes } from "../../lib/tuple/index.js";

const [own, other] = [newTenantId(), newTenantId()];
const root = ["shop", 2];
const keyspace = new Keyspace(root);
const { control } = keyspace;
const [mine, theirs] = [keyspace.tenant(own), keyspace.tenant(other)];
const inside = mine.absolute(Uint8Array.of(1));

const access = (begin: Uint8Array, end?: Uint8Array, more: Partial<Access> = {}): Access => ({
  transaction: 1,
  operation: "get",
  kind: "asked",
  begin,
  end,
  ...more,
});

describe("assertStaysInTenant", () => {
  const check =
    (...accesses: Access[]) =>
    () =>
      assertStaysInTenant(accesses, own, { root });
  const metadata = metadataVersionKey();

  test.each<[string, Access]>([
    ["a key", access(inside)],
    ["the whole tenant", access(mine.begin, mine.end)],
    ["its record in the registry", access(control.registryKey(own))],
    ["its audit trail", access(control.auditRange(own).begin, control.auditRange(own).end)],
    ["the metadata version, read", access(metadata)],
    ["the cursors' keys, read", access(control.metaKey("cursorKeys"), undefined, { kind: "readConflict" })],
    ["its end as a split point", access(mine.end, undefined, { operation: "getRangeSplitPoints", kind: "returned" })],
  ])("takes %s", (_, made) => expect(check(made)).not.toThrow());

  test.each<[string, Access]>([
    ["another tenant's key", access(theirs.absolute(Uint8Array.of(1)))],
    ["the tenant's prefix itself", access(mine.prefix)],
    ["its end as a key", access(mine.end)],
    ["a range that begins before it", access(mine.prefix, mine.end)],
    ["a range that ends after it", access(mine.begin, concatBytes(mine.end, Uint8Array.of(0)))],
    ["another's record in the registry", access(control.registryKey(other))],
    ["the whole registry", access(control.registryRange.begin, control.registryRange.end, { kind: "readConflict" })],
    ["another's audit trail", access(control.auditPrefix(other, 1))],
    ["the metadata version, written", access(metadata, undefined, { kind: "written" })],
    ["the metadata version, under a write conflict", access(metadata, undefined, { kind: "writeConflict" })],
    ["the cursors' keys, written", access(control.metaKey("cursorKeys"), undefined, { kind: "written" })],
    ["the cursors' keys, watched", access(control.metaKey("cursorKeys"), undefined, { kind: "watched" })],
    ["the same tenant under another root", access(new Keyspace().tenant(own).absolute(Uint8Array.of(1)))],
  ])("refuses %s", (_, made) => expect(check(access(inside), made)).toThrow(/^assertStaysInTenant: /));
});

describe("assertStaysInTenant, of a stamp of the metadata version", () => {
  const stamp = (more: Partial<Access> = {}): Access =>
    access(metadataVersionKey(), undefined, { operation: "setVersionstampedValue", kind: "written", ...more });
  const state = (id: TenantId, more: Partial<Access> = {}): Access =>
    access(keyspace.tenant(id).absolute(schemaPrefix("city")), undefined, {
      operation: "set",
      kind: "written",
      ...more,
    });
  const check =
    (...accesses: Access[]) =>
    () =>
      assertStaysInTenant(accesses, own, { root });

  test("takes it from a transaction that writes the state of an entity", () => {
    expect(check(stamp(), stamp({ kind: "writeConflict" }), state(own))).not.toThrow();
  });

  test.each<[string, readonly Access[]]>([
    ["by itself", [stamp()]],
    ["with a record", [stamp(), access(inside, undefined, { operation: "set", kind: "written" })]],
    ["with a state that is read", [stamp(), state(own, { operation: "get", kind: "asked" })]],
    ["in another transaction", [stamp({ transaction: 2 }), state(own)]],
    ["with another tenant's state", [stamp(), state(other)]],
    ["as any other value", [stamp({ operation: "set" }), state(own)]],
    ["cleared", [stamp({ operation: "clear" }), state(own)]],
  ])("refuses it %s", (_, accesses) => {
    expect(check(...accesses)).toThrow(/^assertStaysInTenant: /);
  });
});

describe("assertOthersUnchanged", () => {
  const row = (key: Uint8Array, value = 1) => ({ key, value: Uint8Array.of(value) });
  const foreign = theirs.absolute(Uint8Array.of(1));
  const check = (before: ReturnType<typeof row>[], after: ReturnType<typeof row>[]) => () =>
    assertOthersUnchanged(before, after, own, { root });

  test("takes changes of the tenant's own rows, and of its entries in the control plane", () => {
    expect(
      check([row(inside)], [row(inside, 2), row(control.registryKey(own)), row(foreign)].slice(0, 2)),
    ).not.toThrow();
    expect(check([row(inside), row(foreign)], [row(foreign)])).not.toThrow();
  });

  test("refuses another's row changed, removed or added, and the control plane's", () => {
    const law = /^assertOthersUnchanged: /;
    expect(check([row(foreign)], [row(foreign, 2)])).toThrow(law);
    expect(check([row(foreign)], [])).toThrow(law);
    expect(check([], [row(foreign)])).toThrow(law);
    expect(check([], [row(control.registryKey(other))])).toThrow(law);
    expect(check([], [row(control.markerKey(1, Uint8Array.of(1)))])).toThrow(law);
  });
});

describe("assertForeignLooksMissing", () => {
  const missing = () => tenantryError("RECORD_NOT_FOUND", { entity: "a", id: "1" });
  const base: Transcript = {
    outcomes: [
      { step: "get", value: { a: [1n, new Date(0)] } },
      { step: "require", error: missing() },
    ],
    accesses: [access(inside)],
  };

  test("takes equal answers, whatever objects they are", () => {
    expect(() => assertForeignLooksMissing(base, structuredOf(base))).not.toThrow();
  });

  test.each<[string, Partial<Transcript>]>([
    [
      "another value",
      {
        outcomes: [
          { step: "get", value: { a: [2n, new Date(0)] } },
          { step: "require", error: missing() },
        ],
      },
    ],
    [
      "another code",
      {
        outcomes: [
          { step: "get", value: { a: [1n, new Date(0)] } },
          { step: "require", error: tenantryError("RECORD_EXISTS", { entity: "a", id: "1" }) },
        ],
      },
    ],
    [
      "other details",
      {
        outcomes: [
          { step: "get", value: { a: [1n, new Date(0)] } },
          { step: "require", error: tenantryError("RECORD_NOT_FOUND", { entity: "a", id: "2" }) },
        ],
      },
    ],
    ["fewer answers", { outcomes: base.outcomes.slice(0, 1) }],
    ["another key", { accesses: [access(mine.absolute(Uint8Array.of(2)))] }],
    ["another kind of call", { accesses: [access(inside, undefined, { kind: "readConflict" })] }],
    ["another log line", { said: ["a line"] }],
    ["a call more", { accesses: [access(inside), access(inside)] }],
    ["a call less", { accesses: [] }],
  ])("refuses %s", (_, other) => {
    expect(() => assertForeignLooksMissing(base, { ...base, ...other })).toThrow(/^assertForeignLooksMissing: /);
  });

  const structuredOf = ({ accesses }: Transcript): Transcript => ({
    outcomes: [
      { step: "get", value: { a: [1n, new Date(0)] } },
      { step: "require", error: missing() },
    ],
    accesses: accesses.map((made) => ({ ...made, begin: made.begin.slice() })),
  });
});

describe("assertSilentAbout and assertCursorRefused", () => {
  test("a tenant's own id may be named, another's not", () => {
    expect(() => assertSilentAbout([other], [{ tenant: own }, new Error("no")])).not.toThrow();
    expect(() => assertSilentAbout([other], [{ tenant: own }, new Error("no", { cause: other })])).toThrow(
      /^assertSilentAbout: /,
    );
  });

  test.each<[string, (bytes: Uint8Array, id: string) => unknown]>([
    ["its id, deep down and in capitals", (_, id) => [{ a: new Map([[1, { b: id.toUpperCase() }]]) }]],
    ["its id, said after the same line without it", (_, id) => ["said", "said", id]],
    ["its bytes as an array of numbers", (bytes) => ({ key: [1, 2, ...bytes, 3, 4] })],
    ["its bytes as text of numbers", (bytes) => [...bytes].join(", ")],
    ["its bytes behind a view of others", (bytes) => new Uint8Array([...bytes, 1]).subarray(16)],
    ["its bytes in base64", (bytes) => `x${Buffer.from([7, ...bytes]).toString("base64")}`],
  ])("refuses %s, of any of the others", (_, made) => {
    const third = newTenantId();
    const law = /^assertSilentAbout: /;
    for (const id of [other, third]) {
      const said = made(keyspace.tenant(id).prefix.slice(-16), id);
      expect(() => assertSilentAbout([other, third], [said])).toThrow(law);
      expect(() => assertSilentAbout([own], [said])).not.toThrow();
    }
  });

  test("a refusal is CURSOR_INVALID and nothing besides", () => {
    const refused = (error: unknown) => () => assertCursorRefused({ step: "page", error });
    expect(refused(tenantryError("CURSOR_INVALID", {}))).not.toThrow();
    for (const error of [
      tenantryError("CURSOR_INVALID", {}, { cause: new Error("bad tag") }),
      tenantryError("CURSOR_INVALID", { reason: "expired" } as never),
      tenantryError("TENANT_UNAVAILABLE", {}),
      new Error("CURSOR_INVALID"),
      undefined,
    ]) {
      expect(refused(error)).toThrow(/^assertCursorRefused: /);
    }
    expect(() => assertCursorRefused({ step: "page", value: { items: [] } })).toThrow(/^assertCursorRefused: /);
  });
});
