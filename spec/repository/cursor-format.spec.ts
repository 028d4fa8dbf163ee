/** The bytes of a cursor, by a second hand: what is stored in users' links must open in later versions too. */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { cursorAgeMaxMs, cursorCharsMax, cursorSecretsCachedMax } from "../../lib/limits/index.js";
import { type CursorBinding, CursorSeal, cursorKey } from "../../lib/repository/cursor.js";
import { newTenantId, parseTenantId } from "../../lib/tenant/index.js";

const tenantId = parseTenantId("7b1985ce-0000-4000-8000-000000000000");
const now = 1_700_000_000_000;
const secret = new Uint8Array(32).fill(5);
const nonce = Buffer.alloc(12, 9);
const binding: CursorBinding = { tenantId, principal: undefined, query: Uint8Array.of(1, 2, 3) };

const key = cursorKey(secret);
const seal = new CursorSeal(
  { current: async () => key, find: async (id) => (Buffer.compare(id, key.id) === 0 ? key : undefined) },
  () => now,
);

const length = (bytes: Uint8Array): Buffer => Buffer.from([0, 0, bytes.length >> 8, bytes.length & 0xff]);

/** What is authenticated with a cursor, and the tenant's own key, spelt out. */
function parts({ tenantId: tenant, principal, query }: CursorBinding): {
  secret: Uint8Array;
  header: Buffer;
  aad: Buffer;
} {
  const id = createHash("sha256").update(Buffer.from("tenantry cursor key\0", "latin1")).update(secret).digest();
  const header = Buffer.concat([Buffer.of(1), id.subarray(0, 4)]);
  const who = Buffer.from(principal === undefined ? "" : `=${principal}`);
  const hash = createHash("sha256").update(query).digest();
  const aad = Buffer.concat([header, length(Buffer.from(tenant)), Buffer.from(tenant), length(who), who, hash]);
  const info = Buffer.from(`tenantry cursor\0${tenant}`, "latin1");
  return { secret: new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), info, 32)), header, aad };
}

/** A cursor with any claims at all, sealed rightly. */
function forge(claims: Uint8Array, bound: CursorBinding = binding): string {
  const { secret: tenantSecret, header, aad } = parts(bound);
  const cipher = createCipheriv("aes-256-gcm", tenantSecret, nonce);
  cipher.setAAD(aad);
  const sealed = Buffer.concat([cipher.update(claims), cipher.final()]);
  return Buffer.concat([header, nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

function claims(direction: number, expiry: number, cut: Uint8Array): Buffer {
  const bytes = Buffer.alloc(7);
  bytes.writeUInt8(direction, 0);
  bytes.writeUIntBE(expiry, 1, 6);
  return Buffer.concat([bytes, cut]);
}

const refusal = async (cursor: string): Promise<unknown> => {
  const error: unknown = await seal.open(cursor, binding).catch((reason: unknown) => reason);
  return isTenantryError(error) ? error.code : error;
};

describe("a cursor's bytes", () => {
  test("are version, key, nonce, tag and what is sealed, under the tenant's own key", async () => {
    for (const bound of [binding, { ...binding, principal: "ada" }, { ...binding, principal: "" }]) {
      const { secret: tenantSecret, header, aad } = parts(bound);
      const bytes = Buffer.from(
        await seal.seal({ direction: "previous", cut: Uint8Array.of(7, 8) }, bound),
        "base64url",
      );
      expect(bytes.subarray(0, 5)).toEqual(header);
      const decipher = createDecipheriv("aes-256-gcm", tenantSecret, bytes.subarray(5, 17));
      decipher.setAAD(aad).setAuthTag(bytes.subarray(17, 33));
      const opened = Buffer.concat([decipher.update(bytes.subarray(33)), decipher.final()]);
      expect(opened).toEqual(claims(1, now + cursorAgeMaxMs, Uint8Array.of(7, 8)));
    }
  });

  test("are sealed under each tenant's own key, also when many take turns", async () => {
    const cut = Uint8Array.of(7);
    const tenants = Array.from({ length: cursorSecretsCachedMax + 2 }, () => newTenantId());
    for (const tenant of [...tenants, ...tenants.slice(0, 3), tenantId, ...tenants.slice(-1)]) {
      const bound = { ...binding, tenantId: tenant };
      const { secret: tenantSecret, aad } = parts(bound);
      const bytes = Buffer.from(await seal.seal({ direction: "next", cut }, bound), "base64url");
      const decipher = createDecipheriv("aes-256-gcm", tenantSecret, bytes.subarray(5, 17));
      decipher.setAAD(aad).setAuthTag(bytes.subarray(17, 33));
      expect(Buffer.concat([decipher.update(bytes.subarray(33)), decipher.final()]).subarray(7)).toEqual(
        Buffer.from(cut),
      );
    }
  });

  test("open when another hand has sealed them", async () => {
    const cut = Uint8Array.of(1, 2, 3);
    expect(await seal.open(forge(claims(0, now + 1, cut)), binding)).toEqual({ direction: "next", cut });
  });

  test("hold two directions and no other", async () => {
    for (const direction of [2, 3, 255]) {
      expect(await refusal(forge(claims(direction, now + 1, Uint8Array.of(1))))).toBe("CURSOR_INVALID");
    }
  });

  test("are refused above the longest, before they are decoded", async () => {
    // 33 bytes before what is sealed, 7 of it before the cut; three bytes are four characters.
    const longest = (cursorCharsMax / 4) * 3 - 40;
    const fits = forge(claims(0, now + 1, new Uint8Array(longest)));
    expect(fits).toHaveLength(cursorCharsMax);
    expect((await seal.open(fits, binding)).cut).toHaveLength(longest);
    expect(await refusal(forge(claims(0, now + 1, new Uint8Array(longest + 1))))).toBe("CURSOR_INVALID");
  });

  test("cut off anywhere are one error", async () => {
    const whole = Buffer.from(forge(claims(0, now + 1, Uint8Array.of(1, 2))), "base64url");
    for (let end = 0; end < whole.length; end += 1) {
      expect(await refusal(whole.subarray(0, end).toString("base64url"))).toBe("CURSOR_INVALID");
    }
    // Sealed rightly, with nothing or too little inside.
    for (const inside of [0, 1, 6]) expect(await refusal(forge(new Uint8Array(inside)))).toBe("CURSOR_INVALID");
  });

  test("of another tenant's key do not open, whatever else is right", async () => {
    const other = { ...binding, tenantId: newTenantId() };
    expect(await refusal(forge(claims(0, now + 1, Uint8Array.of(1)), other))).toBe("CURSOR_INVALID");
  });
});
