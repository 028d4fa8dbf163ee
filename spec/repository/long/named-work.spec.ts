/** Named work is its subject's own, and its function's: nobody else can make it report what was not done. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allow, roles } from "../../../lib/access/index.js";
import type { Database } from "../../../lib/database.js";
import { type Engine, memory, openEngine } from "../../../lib/engine/index.js";
import { open } from "../../../lib/open.js";
import { newTenantId, type TenantId, tenantIdBytes } from "../../../lib/tenant/index.js";
import type { Tenant } from "../../../lib/tenant-handle.js";
import { pack, unpack, uuid } from "../../../lib/tuple/index.js";
import { fill, hit, Parcel } from "./parcel.js";

let engine: Engine;
let db: Database;
beforeAll(async () => {
  engine = await openEngine(memory());
  db = await open({
    engine,
    entities: [Parcel],
    roles: roles({
      // Of two parcels in three it may do everything; of the rest nothing.
      clerk: [allow("manage", Parcel, { where: { state: "open" } })],
      stranger: [allow("manage", Parcel, { where: { state: "nobody's" } })],
      administrator: [allow("manage", "all")],
    }),
  });
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

async function fresh(): Promise<{ readonly id: TenantId; as(subject: string, role: string): Tenant; program: Tenant }> {
  const id = newTenantId();
  await db.tenants.provision({ name: "parcels", id });
  const program = db.tenant(id);
  await fill(program, 9, (n) => ({ state: n % 3 === 0 ? "sealed" : "open" }));
  return { id, program, as: (subject, role) => db.tenant(id, { context: { tenant: id, subject, roles: [role] } }) };
}

const all = () => true;
const taken = (differs: string) => ({ code: "WORK_NAME_TAKEN", details: { entity: "parcel", differs } });

describe("named work", () => {
  test("of a subject that sees nothing does not keep an administrator's from being done", async () => {
    const { as, program } = await fresh();
    const erasure = { name: "erase-2026" };
    const nothing = { examined: 0, changed: 0, done: true };
    expect(await as("eve", "stranger").repository(Parcel).deleteWhere({}, all, erasure)).toEqual(nothing);
    const administrator = as("ada", "administrator").repository(Parcel);
    expect(await administrator.deleteWhere({}, all, erasure)).toEqual({ examined: 9, changed: 9, done: true });
    expect(await program.repository(Parcel).count()).toBe(0);
  });

  test("is each subject's own, and apart from the program's", async () => {
    const { as, program } = await fresh();
    const work = { name: "hit" };
    const hits = async (): Promise<number[]> => (await program.repository(Parcel).list()).map((parcel) => parcel.hits);
    expect(await as("bob", "clerk").repository(Parcel).transform({}, hit, work)).toMatchObject({ changed: 6 });
    expect(await as("ada", "administrator").repository(Parcel).transform({}, hit, work)).toMatchObject({ changed: 9 });
    expect(await program.repository(Parcel).transform({}, hit, work)).toMatchObject({ changed: 9 });
    expect(await hits()).toEqual([2, 3, 3, 2, 3, 3, 2, 3, 3]);
    // Whoever did it finds it done, in whatever role.
    expect(await as("bob", "administrator").repository(Parcel).transform({}, hit, work)).toMatchObject({ changed: 6 });
    expect(await hits()).toEqual([2, 3, 3, 2, 3, 3, 2, 3, 3]);
    // Forgetting is about one's own as well.
    await as("bob", "clerk").repository(Parcel).forgetWork("hit");
    await as("eve", "clerk").repository(Parcel).forgetWork("hit");
    await as("bob", "clerk").repository(Parcel).transform({}, hit, work);
    await as("ada", "administrator").repository(Parcel).transform({}, hit, work);
    expect(await hits()).toEqual([2, 4, 4, 2, 4, 4, 2, 4, 4]);
    await program.repository(Parcel).forgetWork("hit");
    await program.repository(Parcel).transform({}, hit, work);
    expect(await hits()).toEqual([3, 5, 5, 3, 5, 5, 3, 5, 5]);
  });

  test("that is done is refused with another function, and gone on with where it is not", async () => {
    const { program } = await fresh();
    const parcels = program.repository(Parcel);
    const failing = (): never => {
      throw new RangeError("not yet");
    };
    await expect(parcels.transform({}, failing, { name: "a" })).rejects.toThrow("not yet");
    expect(await parcels.transform({}, hit, { name: "a" })).toMatchObject({ changed: 9 });
    expect(await parcels.transform({}, hit, { name: "a" })).toMatchObject({ changed: 9 });
    const other = (parcel: Parcel): Parcel => ({ ...parcel, noise: 7 });
    await expect(parcels.transform({}, other, { name: "a" })).rejects.toMatchObject(taken("function"));
    // What a function says of itself counts for nothing.
    const lying = Object.assign((parcel: Parcel): Parcel => ({ ...parcel, noise: 9 }), {
      toString: () => Function.prototype.toString.call(hit),
    });
    await expect(parcels.transform({}, lying, { name: "a" })).rejects.toMatchObject(taken("function"));
    await expect(parcels.deleteWhere({}, all, { name: "a" })).rejects.toMatchObject(taken("operation"));
    await expect(parcels.transform({ to: 5 }, hit, { name: "a" })).rejects.toMatchObject(taken("query"));
    expect((await parcels.list()).map(({ hits, noise }) => hits + noise)).toEqual(Array.from({ length: 9 }, () => 1));
  });

  test("goes by its version in place of the function's text", async () => {
    const { program } = await fresh();
    const parcels = program.repository(Parcel);
    const work = { name: "b", version: "1" };
    expect(await parcels.transform({}, hit, work)).toMatchObject({ changed: 9 });
    const rebuilt = (parcel: Parcel): Parcel => Object.assign({}, parcel, { hits: parcel.hits + 1 });
    expect(await parcels.transform({}, rebuilt, work)).toMatchObject({ changed: 9, done: true });
    await expect(parcels.transform({}, hit, { name: "b", version: "2" })).rejects.toMatchObject(taken("function"));
    await expect(parcels.transform({}, hit, { name: "b" })).rejects.toMatchObject(taken("function"));
    expect((await parcels.list()).every(({ hits }) => hits === 1)).toBe(true);
    for (const version of ["", "\ud800", "x".repeat(256), 7 as never]) {
      const strange = parcels.transform({}, hit, { name: "c", version });
      await expect(strange).rejects.toMatchObject({ code: "WORK_NAME_INVALID" });
    }
  });

  test("keeps its place under a digest of its subject, and goes on from places of the format before", async () => {
    const { id, as, program } = await fresh();
    await as("ada", "administrator").repository(Parcel).transform({}, hit, { name: "d" });
    const digest = new Uint8Array(createHash("sha256").update("ada").digest().subarray(0, 16));
    const prefix = ["tenantry", uuid(tenantIdBytes(id)), 11, "work", "parcel"];
    const value = await engine.begin().get(pack([...prefix, "d", digest]));
    const [format, ...place] = unpack(value ?? expect.unreachable());
    expect([format, place.length]).toEqual([2, 7]);
    // A place of format 1, half way: the function is any.
    const half = [1, ...place.slice(0, 2), pack(["parcel", 4]), 5, 5, false];
    const transaction = engine.begin();
    transaction.set(pack([...prefix, "e"]), pack(half));
    transaction.set(pack([...prefix, "f"]), pack([...half.slice(0, -1), true]));
    await transaction.commit();
    const parcels = program.repository(Parcel);
    expect(await parcels.transform({}, hit, { name: "e" })).toEqual({ examined: 9, changed: 9, done: true });
    expect(await parcels.transform({}, hit, { name: "f" })).toEqual({ examined: 5, changed: 5, done: true });
    expect((await parcels.list()).map(({ hits }) => hits)).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2]);
  });
});
