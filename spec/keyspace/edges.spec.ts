/** The keyspace's edges: keys that are nearly one, and bytes that are handed out. */
import { describe, expect, test } from "vitest";
import { Keyspace, PrefixRange } from "../../lib/keyspace/index.js";
import { newTenantId } from "../../lib/tenant/index.js";

describe("a key of the registry", () => {
  const { control } = new Keyspace();
  const id = newTenantId();
  const key = control.registryKey(id);

  test("names its tenant; one byte less or more, or another place, names none", () => {
    expect(control.registryTenant(key)).toBe(id);
    expect(control.registryTenant(key.slice(0, -1))).toBeUndefined();
    expect(control.registryTenant(new Uint8Array([...key, 0]))).toBeUndefined();
    expect(control.registryTenant(control.auditPrefix(id, 1))).toBeUndefined();
    const elsewhere = key.slice();
    elsewhere[key.length - 18] = 0x7f;
    expect(control.registryTenant(elsewhere)).toBeUndefined();
  });
});

describe("a range", () => {
  test("hands out copies of its prefix and both ends", () => {
    const range = new PrefixRange(Uint8Array.of(1, 2, 3, 4, 5));
    for (const bytes of [range.prefix, range.begin, range.end]) bytes.fill(0);
    expect(range.prefix).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
    expect(range.begin).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 0));
    expect(range.end).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 0xff));
  });

  test("looks at each byte of a prefix, whatever its length", () => {
    for (let length = 1; length <= 13; length += 1) {
      const prefix = Uint8Array.from({ length }, (_, at) => at + 1);
      const range = new PrefixRange(prefix);
      for (let at = 0; at < length; at += 1) {
        const other = new Uint8Array([...prefix, 7]);
        other[at] = (other[at] ?? 0) ^ 0x10;
        expect(range.contains(other)).toBe(false);
      }
      expect(range.contains(new Uint8Array([...prefix, 7]))).toBe(true);
    }
  });

  test("holds nothing that begins before the bytes do", () => {
    const range = new PrefixRange(Uint8Array.of(1));
    const bytes = Uint8Array.of(1, 2);
    for (const start of [-1, -2, Number.NaN]) expect(range.contains(bytes, start)).toBe(false);
    // What is not there would read as a zero.
    expect(new PrefixRange(Uint8Array.of(0)).contains(Uint8Array.of(5), -1)).toBe(false);
  });
});
