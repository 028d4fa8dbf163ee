/** The bytes of audit trails, by a second hand: what is stored for years must be read and verified by later versions. */
import { createCipheriv, createHash, createHmac, hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AuditChain, AuditKey, decodeEntry, decodeSeal, encodeEntry } from "../../lib/audit/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { entity } from "../../lib/schema/index.js";
import { parseTenantId } from "../../lib/tenant/index.js";
import { pack, tupleRange, unpack } from "../../lib/tuple/index.js";
import { processes, rowsIn } from "../lifecycle/fixture.js";
import { collect } from "../repository/shelf.js";

const id = parseTenantId("7b1985ce-4d2c-4f6a-9d0e-3f1f6a4f8f0a");
const secret = new Uint8Array(32).fill(7);
const sealKey = new Uint8Array(32).fill(9);
const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });

const derived = (of: Uint8Array, info: string): Buffer => Buffer.from(hkdfSync("sha256", of, "", info, 32));
const mac = (key: Uint8Array, ...parts: (string | Uint8Array)[]): Buffer => {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};

/** A text sealed for a use. */
function sealed(use: string, text: string | Uint8Array): Buffer {
  const plain = Buffer.from(text);
  const vector = mac(derived(secret, "tenantry audit mac"), `${use}\0`, plain).subarray(0, 16);
  const cipher = createCipheriv("aes-256-ctr", derived(secret, "tenantry audit cipher"), vector);
  return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
}

/** The layout under which canonical bytes are written, as it is hashed. */
const canonicalLayout = JSON.stringify(["layout", 1, "tenantry.auditedRecord", [[false, [["record", false, "v"]]]]]);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("the bytes of an audit trail", () => {
  test("of keys that are known: entries, digests, links, a seal and a checkpoint", async () => {
    await using all = await processes();
    let drawn = 0;
    // The first secret drawn is the tenant's.
    const random = {
      fraction: () => 0,
      bytes: (n: number) => (n === 32 && drawn++ === 0 ? secret : new Uint8Array(n).fill(1)),
    };
    const db = await all.open({ entities: [Note], audit: { sealKeys: [sealKey] }, random });
    all.clock.time = 1_700_000_000_000;
    await db.tenants.provision({ name: "x", id, by: "ann", reason: "signed" });
    const context = { tenant: id, subject: "eve", roles: [], requestId: "r-1" };
    await db.tenant(id, { context }).repository(Note).put({ id: 5, text: "a" });
    const head = await db.audit.seal(id);

    const keyspace = new Keyspace();
    const [stored] = await rowsIn(all.engine, {
      begin: keyspace.tenant(id).absolute(pack([13])),
      end: keyspace.tenant(id).absolute(pack([14])),
    });
    expect(stored?.map(hex)).toEqual([hex(keyspace.tenant(id).absolute(pack([13, 1]))), `01${hex(secret)}`]);

    const [first, second, seal, ...rest] = await rowsIn(all.engine, keyspace.control.auditRange(id));
    expect(rest).toEqual([]);
    const prefix = hex(keyspace.control.auditPrefix(id, 1));
    // An integer 0, and a versionstamp of ten bytes and two.
    for (const [key] of [first, second].map((row) => row ?? expect.unreachable())) {
      expect(hex(key)).toMatch(new RegExp(`^${prefix}1433[0-9a-f]{20}0000$`));
    }
    const time = 1_700_000_000_000;
    expect(hex(first?.[1] ?? expect.unreachable())).toBe(
      hex(
        pack([1, 1, time, sealed("subject", "ann"), null, "provision", [null, "active", sealed("reason", "signed")]]),
      ),
    );
    // The record as an object that describes itself, in the envelope of a record of one field.
    const [, , , , , , changes] = unpack(second?.[1] ?? expect.unreachable());
    const change = [changes].flat()[0];
    expect(change).toEqual(["note", 0, new Uint8Array(sealed("id of note", pack([5]))), null, expect.any(Uint8Array)]);
    const canonical = Buffer.concat([
      // Format 1, ASCII; the layout's fingerprint, version 1, revision 1, and a map of two.
      Buffer.of(0x18),
      createHash("sha256").update(canonicalLayout).digest().subarray(0, 4),
      Buffer.of(1, 1, 0x82, 0xa2),
      Buffer.from("id"),
      Buffer.of(5, 0xa4),
      Buffer.from("text"),
      Buffer.of(0xa1),
      Buffer.from("a"),
    ]);
    const digest = mac(derived(secret, "tenantry audit digest"), "note\0", canonical);
    expect(await db.audit.digest(id, Note, { id: 5, text: "a" })).toBe(hex(digest));
    expect(hex(second?.[1] ?? expect.unreachable())).toBe(
      hex(
        pack([
          ...[1, 0, time, sealed("subject", "eve"), sealed("request", "r-1"), "put"],
          [["note", 0, sealed("id of note", pack([5])), null, digest]],
        ]),
      ),
    );

    const chain = derived(sealKey, `tenantry audit chain\0${id}\0${1}`);
    let link: Buffer = Buffer.alloc(32);
    let stamp: Buffer = Buffer.alloc(0);
    for (const [key, value] of [first, second].map((row) => row ?? expect.unreachable())) {
      stamp = Buffer.from(key.subarray(-12));
      link = mac(chain, "entry\0", link, stamp, value);
    }
    const name = createHash("sha256").update("tenantry cursor key\0").update(sealKey).digest().subarray(0, 4);
    const fields = [name, 2, stamp, link, time];
    const tagged = (role: string, format: number, ...more: number[]): Uint8Array => {
      const all = [format, ...fields, ...more];
      return pack([...all, mac(chain, `${role}\0`, pack(all))]);
    };
    expect(seal?.map(hex)).toEqual([`${prefix}15011502`, hex(tagged("seal", 2, 0))]);
    expect(head).toEqual({ tenant: id, incarnation: 1, entries: 2, link: hex(link) });

    expect(await db.audit.prune(id, { before: time + 1 })).toBe(2);
    const left = await rowsIn(all.engine, keyspace.control.auditRange(id));
    expect(left.map((row) => row.map(hex))).toEqual([[`${prefix}1502`, hex(tagged("checkpoint", 1))]]);
    expect(await collect(db.audit.entries(id))).toEqual([]);
  });

  test("of seals of before, which do not say what seal was there before them", async () => {
    await using all = await processes();
    const db = await all.open({ entities: [Note], audit: { sealKeys: [sealKey] } });
    const { id } = await db.tenants.provision({ name: "own" });
    const seals = tupleRange(pack([1], new Keyspace().control.auditPrefix(id, 1)));
    const write = async (key: Uint8Array, value: Uint8Array | undefined): Promise<void> => {
      const transaction = all.engine.begin();
      if (value === undefined) transaction.clear(key);
      else transaction.set(key, value);
      await transaction.commit();
    };
    await db.audit.seal(id);
    const [[key, value] = expect.unreachable()] = await rowsIn(all.engine, seals);
    const { keyId, at, previous, ...point } = decodeSeal(value);
    expect(previous).toBe(0);
    const before = new AuditChain({ id: keyId, secret: sealKey }, id, 1).encode("seal", point, at);
    expect(unpack(before)[0]).toBe(1);
    await write(key, before);
    expect(await db.audit.verify(id)).toMatchObject({ intact: true, verified: 1 });
    await db.tenants.rename(id, "later");
    await db.audit.seal(id);
    const [, [, second] = expect.unreachable()] = await rowsIn(all.engine, seals);
    expect(decodeSeal(second).previous).toBe(1);
    expect(await db.audit.verify(id)).toMatchObject({ intact: true, verified: 2 });
    await write(key, undefined);
    const through = Buffer.from(decodeSeal(second).stamp).toString("hex");
    expect(await db.audit.verify(id)).toMatchObject({
      intact: false,
      verified: 2,
      findings: [{ kind: "seal", incarnation: 1, after: undefined, through }],
    });
  });

  test("of an entry about a quota, and no others for it", () => {
    const bytesOf = (...quota: (string | null)[]) =>
      pack([1, 1, 5, null, null, "setOverride", ["active", "active", null, ...quota]]);
    const entry = { kind: "tenant", at: 5, subject: undefined, request: undefined, operation: "setOverride" } as const;
    const move = { from: "active", to: "active", reason: undefined };
    for (const [quota, bytes] of [
      [undefined, bytesOf()],
      [{ resource: "seats", limit: { hard: 8 } }, bytesOf("seats", '{"hard":8}')],
      [{ resource: "seats", limit: null }, bytesOf("seats", "null")],
      [{ resource: "seats", limit: undefined }, bytesOf("seats", null)],
    ] as const) {
      expect(hex(encodeEntry({ ...entry, ...move, quota }))).toBe(hex(bytes));
      expect(decodeEntry(bytes)).toEqual({ ...entry, ...move, quota });
    }
    for (const wrong of [
      ["seats", "{"],
      ["seats", "5"],
      ["seats", '{"perSecond":1,"burst":1}'],
      [null, null],
    ]) {
      expect(() => decodeEntry(bytesOf(...wrong))).toThrow(expect.objectContaining({ code: "AUDIT_TRAIL_CORRUPT" }));
    }
  });

  test("that are sealed are opened for their use, by their key and unchanged", () => {
    const key = new AuditKey(secret);
    const bytes = key.seal("subject", "ann");
    expect(hex(bytes)).toBe(hex(sealed("subject", "ann")));
    expect(key.openText("subject", bytes)).toBe("ann");
    expect(key.openText("reason", bytes)).toBeUndefined();
    expect(new AuditKey(sealKey).openText("subject", bytes)).toBeUndefined();
    expect(key.openText("subject", bytes.subarray(0, 15))).toBeUndefined();
    for (let at = 0; at < bytes.length; at++) {
      expect(
        key.openText(
          "subject",
          bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)),
        ),
      ).toBeUndefined();
    }
  });
});
