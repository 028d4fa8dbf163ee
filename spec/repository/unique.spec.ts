/** Unique indexes: one get decides, one of many writers wins, and absent values never collide. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { open } from "../../lib/open.js";
import type { TenantRepository } from "../../lib/repository/index.js";
import { entity } from "../../lib/schema/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";

const User = entity("user", {
  version: 1,
  schema: z.object({
    id: z.int(),
    mail: z.string().optional(),
    seat: z.object({ row: z.int(), place: z.string().nullable() }),
    aliases: z.array(z.string()).default([]),
  }),
  id: ["id"],
  indexes: {
    byMail: { fields: ["mail"], unique: true },
    bySeat: { fields: ["seat.row", { field: "seat.place", order: "descending" }], unique: true },
    byAlias: { fields: [{ each: "aliases" }], unique: true, stored: ["mail"] },
  },
});
type User = { id: number; mail?: string | undefined; aliases?: string[]; place?: string | null };

let db: Database;
beforeAll(async () => {
  db = await open({ engine: memory(), entities: [User] });
});
afterAll(() => db.close());

const tenant = async (): Promise<Tenant> => db.tenant((await db.tenants.provision({ name: "unique" })).id);
const users = async (): Promise<TenantRepository<typeof User>> => (await tenant()).repository(User);
const user = ({ id, mail, aliases, place }: User) => ({
  id,
  ...(mail === undefined ? {} : { mail }),
  seat: { row: 1, place: place === undefined ? String(id) : place },
  aliases: aliases ?? [],
});
const violation = (index: string, id: number) => ({
  code: "UNIQUE_VIOLATION",
  details: { entity: "user", index, id: String(id) },
});

describe("a unique index", () => {
  test("lets one record have a value, and tells the other only the index", async () => {
    const repository = await users();
    await repository.create(user({ id: 1, mail: "a", aliases: ["x", "y"] }));
    await expect(repository.create(user({ id: 2, mail: "a" }))).rejects.toMatchObject(violation("byMail", 2));
    await expect(repository.put(user({ id: 2, aliases: ["z", "y"] }))).rejects.toMatchObject(violation("byAlias", 2));
    await expect(repository.create(user({ id: 2, place: "1" }))).rejects.toMatchObject(violation("bySeat", 2));
    expect(await repository.list()).toHaveLength(1);
    await repository.create(user({ id: 2, mail: "b" }));
    await expect(repository.patch(2, { mail: "a" })).rejects.toMatchObject(violation("byMail", 2));
    const error: unknown = await repository.patch(2, { aliases: ["x"] }).catch((thrown: unknown) => thrown);
    expect(isTenantryError(error, "UNIQUE_VIOLATION") && error.details).toEqual(violation("byAlias", 2).details);
    expect(await repository.verify()).toEqual([]);
  });

  test("holds within one batch, and lets records of a batch exchange values", async () => {
    const repository = await users();
    const twins = [user({ id: 1, mail: "a" }), user({ id: 2, mail: "a" })];
    await expect(repository.createMany(twins)).rejects.toMatchObject(violation("byMail", 2));
    expect(await repository.list()).toEqual([]);
    await repository.createMany([user({ id: 1, mail: "a" }), user({ id: 2, mail: "b" })]);
    await repository.putMany([user({ id: 1, mail: "b" }), user({ id: 2, mail: "a" })]);
    expect((await repository.list({ index: "byMail", equals: "a" })).map(({ id }) => id)).toEqual([2]);
    await repository.putMany([user({ id: 1 }), user({ id: 3, mail: "b" })]);
    expect((await repository.list({ index: "byMail", from: "a" })).map(({ id }) => id)).toEqual([2, 3]);
    expect(await repository.verify()).toEqual([]);
  });

  test("gives a value free with its record, also within a transaction", async () => {
    const own = await tenant();
    await own.repository(User).create(user({ id: 1, mail: "a", aliases: ["x"] }));
    await own.transact(async (tx) => {
      await expect(tx.repository(User).create(user({ id: 2, mail: "a" }))).rejects.toMatchObject(
        violation("byMail", 2),
      );
      await tx.repository(User).delete(1);
      await tx.repository(User).create(user({ id: 2, mail: "a", aliases: ["x"] }));
    });
    expect((await own.repository(User).list()).map(({ id }) => id)).toEqual([2]);
    expect(await own.repository(User).verify()).toEqual([]);
  });

  test("lets absent and null collide with nothing", async () => {
    const repository = await users();
    await repository.createMany([1, 2, 3].map((id) => user({ id, place: null })));
    expect((await repository.list({ index: "byMail", equals: null })).map(({ id }) => id)).toEqual([1, 2, 3]);
    expect((await repository.list({ index: "bySeat", equals: [1, null] })).map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(await repository.verify()).toEqual([]);
  });

  test("lets exactly one of 64 concurrent writers win", async () => {
    const repository = await users();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, (_, id) => repository.create(user({ id, mail: "a" }))),
    );
    const won = outcomes.filter(({ status }) => status === "fulfilled");
    const lost = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
    expect(won).toHaveLength(1);
    expect(lost).toEqual(Array.from({ length: 63 }, () => "UNIQUE_VIOLATION"));
    expect(await repository.list()).toHaveLength(1);
    expect(await repository.verify()).toEqual([]);
  });

  test("lets 64 concurrent writers over few values agree with the records", async () => {
    const repository = await users();
    await repository.createMany(Array.from({ length: 16 }, (_, id) => user({ id })));
    await Promise.allSettled(
      Array.from({ length: 64 }, (_, at) =>
        at % 3 === 0
          ? repository.patch(at % 16, { mail: String(at % 5), aliases: [String(at % 4), String(at % 7)] })
          : repository.put(user({ id: at % 16, mail: String(at % 7), aliases: [String(at % 6)] })),
      ),
    );
    const mails = (await repository.list()).flatMap(({ mail }) => mail ?? []);
    expect(mails.length).toBeGreaterThan(0);
    expect(new Set(mails).size).toBe(mails.length);
    expect(await repository.verify()).toEqual([]);
  });

  test("lets one of the operations win that a transaction starts together", async () => {
    const own = await tenant();
    const outcomes = await own.transact((tx) =>
      Promise.allSettled(
        Array.from({ length: 8 }, (_, id) => tx.repository(User).create(user({ id, mail: "a", aliases: ["x"] }))),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const repository = own.repository(User);
    await own.transact((tx) => Promise.all(["b", "c", "d"].map((mail) => tx.repository(User).patch(0, { mail }))));
    expect((await repository.require(0)).mail).toBe("d");
    expect(await repository.entry(0)).toMatchObject({ revision: 4 });
    expect(await repository.verify()).toEqual([]);
  });
});
