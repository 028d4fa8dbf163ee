/** Indexes of every kind agree with a plain map of the records, whatever is done and whatever goes wrong. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { indexElementsMax } from "../../lib/limits/index.js";
import { open } from "../../lib/open.js";
import type { TransactionRepository } from "../../lib/repository/index.js";
import { faulty } from "../../lib/testing/index.js";
import { runs } from "../runs.js";
import { impatient, rates } from "./fault-mix.js";
import { claimsOf, entriesOf, Item, inputOf, items, kinds } from "./kinds.js";

type Repository = TransactionRepository<typeof Item>;

interface Step {
  readonly how: "create" | "put" | "createMany" | "putMany" | "update" | "patch" | "delete" | "deleteMany";
  readonly items: readonly Item[];
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    how: fc.constantFrom<Step["how"]>(
      "create",
      "put",
      "createMany",
      "putMany",
      "update",
      "patch",
      "delete",
      "deleteMany",
    ),
    items: fc.array(items, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 20 },
);

/** The model after some items were stored at once, or the code of what forbids it. */
function stored(model: ReadonlyMap<number, Item>, added: readonly Item[], fresh: boolean): Map<number, Item> | string {
  const after = new Map(model);
  for (const item of added) {
    if (fresh && after.has(item.id)) return "RECORD_EXISTS";
    after.set(item.id, item);
  }
  const claims = [...after.values()].flatMap((item) => [...new Set(claimsOf(item))]);
  return new Set(claims).size === claims.length ? after : "UNIQUE_VIOLATION";
}

/** What a step makes of the model. */
function expectedAfter(model: ReadonlyMap<number, Item>, { how, items: given }: Step): Map<number, Item> | string {
  const [first] = given;
  if (first === undefined) return new Map(model);
  switch (how) {
    case "create":
      return stored(model, [first], true);
    case "createMany":
      return stored(model, given, true);
    case "put":
      return stored(model, [first], false);
    case "putMany":
      return stored(model, given, false);
    case "update":
      return model.has(first.id) ? stored(model, [first], false) : "RECORD_NOT_FOUND";
    case "patch": {
      const before = model.get(first.id);
      if (before === undefined) return "RECORD_NOT_FOUND";
      return stored(model, [{ ...before, group: first.group, tags: first.tags, live: first.live }], false);
    }
    default: {
      const after = new Map(model);
      for (const { id } of how === "delete" ? [first] : given) after.delete(id);
      return after;
    }
  }
}

async function run(repository: Repository, { how, items: given }: Step): Promise<unknown> {
  const [first] = given;
  if (first === undefined) return undefined;
  switch (how) {
    case "create":
      return repository.create(inputOf(first));
    case "createMany":
      return repository.createMany(given.map(inputOf));
    case "put":
      return repository.put(inputOf(first));
    case "putMany":
      return repository.putMany(given.map(inputOf));
    case "update":
      return repository.update(first.id, () => first);
    case "patch":
      return repository.patch(first.id, { group: first.group, tags: first.tags, live: first.live });
    case "delete":
      return repository.delete(first.id);
    case "deleteMany":
      return repository.deleteMany(given.map(({ id }) => id));
  }
}

const codeOf = (error: unknown): string => {
  if (isTenantryError(error)) return error.code;
  throw error;
};

async function assertAgrees(repository: Repository, model: ReadonlyMap<number, Item>): Promise<void> {
  expect(await repository.list()).toEqual([...model.values()].sort((a, b) => a.id - b.id));
  for (const kind of kinds) {
    const rows = await repository.list({ index: kind });
    expect({ kind, rows }).toEqual({ kind, rows: entriesOf(kind, model.values()).map(({ item }) => item) });
  }
  expect(await repository.verify()).toEqual([]);
}

/** Runs a sequence, comparing what each step answers and, through `calm`, what is there after it. */
async function assertFollows(repository: Repository, calm: Repository, sequence: readonly Step[]): Promise<void> {
  let model = new Map<number, Item>();
  for (const step of sequence) {
    const after = expectedAfter(model, step);
    const code = await run(repository, step).then(() => undefined, codeOf);
    expect(code).toBe(typeof after === "string" ? after : undefined);
    if (typeof after !== "string") model = after;
    await assertAgrees(calm, model);
  }
}

describe("a repository with indexes of every kind", () => {
  let db: Database;
  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [Item] });
  });
  afterAll(() => db.close());

  const repositoryOf = async (database: Database): Promise<Repository> =>
    database.tenant((await database.tenants.provision({ name: "kinds" })).id).repository(Item);
  const follow = async (sequence: readonly Step[]): Promise<void> => {
    const repository = await repositoryOf(db);
    await assertFollows(repository, repository, sequence);
  };

  test("agrees with a map after every operation", async () => {
    await fc.assert(fc.asyncProperty(steps, follow), { numRuns: runs(40) });
  });

  test("agrees with a map on an engine that conflicts, ages and loses answers", async () => {
    const engine = await openEngine(memory());
    const calm = await open({ engine, entities: [Item] });
    await fc.assert(
      fc.asyncProperty(fc.integer(), steps, async (seed, sequence) => {
        const faults = faulty(engine, { seed, rates, delayMs: 2 });
        const troubled = await open({ engine: faults, entities: [Item], random: impatient });
        const { id } = await calm.tenants.provision({ name: "kinds" });
        await assertFollows(troubled.tenant(id).repository(Item), calm.tenant(id).repository(Item), sequence);
        await troubled.close();
        await faults.settled();
      }),
      { numRuns: runs(10) },
    );
    await calm.close();
    await engine.close();
  });

  test("agrees with its records after operations that ran all at once, apart and in one transaction", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (sequence, together) => {
        const tenant = db.tenant((await db.tenants.provision({ name: "kinds" })).id);
        const all = (repository: Repository) => Promise.allSettled(sequence.map((step) => run(repository, step)));
        if (together) await tenant.transact((tx) => all(tx.repository(Item)));
        else await all(tenant.repository(Item));
        const repository = tenant.repository(Item);
        const left = await repository.list();
        expect(typeof stored(new Map(), left, true)).toBe("object");
        await assertAgrees(repository, new Map(left.map((item) => [item.id, item])));
      }),
      { numRuns: runs(30) },
    );
  });

  test("takes as many distinct elements as a record may have entries, and not one more", async () => {
    const repository = await repositoryOf(db);
    const tags = Array.from({ length: indexElementsMax }, (_, at) => `tag ${at}`);
    const item = { id: 1, group: "g", rank: 1, live: true, tags: [...tags, ...tags] };
    await repository.create(item);
    expect(await repository.count({ index: "tag" })).toBe(indexElementsMax);
    await expect(repository.patch(1, { tags: [...tags, "one more"] })).rejects.toMatchObject({
      code: "INDEX_ELEMENTS_TOO_MANY",
      details: { entity: "item", index: "tag", indexElementsMax },
    });
    expect(await repository.require(1)).toEqual(item);
    expect(await repository.verify()).toEqual([]);
  });
});
