/** Hidden and missing: a record that a subject may not see gets the answers and the engine calls of one that is not there. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { allow, roles } from "../../lib/access/index.js";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { open } from "../../lib/open.js";
import type { Denial, TransactionRepository } from "../../lib/repository/index.js";
import { entity } from "../../lib/schema/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";

const Paper = entity("paper", {
  version: 1,
  schema: z.object({ id: z.string(), owner: z.string(), title: z.string().optional() }),
  id: ["id"],
  indexes: { byTitle: { fields: ["title"], unique: true, sparse: true } },
  aggregates: { views: { counter: true } },
});
type Papers = TransactionRepository<typeof Paper>;

const own = { where: ({ subject }: { readonly subject: string }) => ({ owner: subject }) };
const policy = roles({
  // May create and change only what is their own.
  author: [allow("manage", Paper, own)],
  // May change what they may not see, if they only found it.
  sweeper: [allow("read", Paper, own), allow(["create", "update", "delete"], Paper)],
  // May create anything, and see what is their own.
  box: [allow("read", Paper, own), allow("create", Paper)],
  importer: [allow(["create", "update"], Paper)],
});

let engine: RecordingEngine;
let db: Database;
let tenant: TenantId;
const denials: Denial[] = [];

const [hidden, missing] = ["theirs", "nobody"];

beforeAll(async () => {
  engine = recording(await openEngine(memory()));
  db = await open({ engine, entities: [Paper], roles: policy, onDenied: (denial) => void denials.push(denial) });
  tenant = (await db.tenants.provision({ name: "a" })).id;
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

const all = () => db.tenant(tenant).repository(Paper);
beforeEach(async () => {
  await all().deleteWhere({}, () => true);
  for (const title of ["one", "two", "three"]) await all().put({ id: hidden, owner: "u2", title });
  denials.length = 0;
});

const answerOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => (isTenantryError(error) ? { code: error.code, ...error.details } : error),
  );

/** A call about an id, as it shows outside: the answer, the engine calls and what was denied. */
async function shown(call: (papers: Papers) => Promise<unknown>, role: string, id: string, inside: boolean) {
  const handle = db.tenant(tenant, { context: { tenant, subject: "u1", roles: [role] } });
  denials.length = 0;
  engine.take();
  const answer = await answerOf(
    inside ? handle.transact((tx) => call(tx.repository(Paper))) : call(handle.repository(Paper)),
  );
  const calls = engine.take().map(({ kind, operation }) => `${kind} ${operation}`);
  const told = denials.map(({ action }) => action);
  return JSON.parse(JSON.stringify({ answer, calls, told }).replaceAll(id, "the id"));
}

/** What names a record. Those that came back from the engine are one row of more or less, which nobody outside sees. */
const methods: Readonly<Record<string, (papers: Papers, id: string) => Promise<unknown>>> = {
  get: (papers, id) => papers.get(id),
  require: (papers, id) => papers.require(id),
  entry: (papers, id) => papers.entry(id),
  has: (papers, id) => papers.has(id),
  getMany: (papers, id) => papers.getMany([id, id]),
  update: (papers, id) => papers.update(id, (was) => ({ ...was, owner: "u1" })),
  "update of a revision": (papers, id) => papers.update(id, (was) => was, { ifRevision: 3 }),
  patch: (papers, id) => papers.patch(id, { owner: "u1" }),
  "patch of another revision": (papers, id) => papers.patch(id, { owner: "u1" }, { ifRevision: 2 }),
  add: (papers, id) => papers.add(id, { views: 1 }),
  delete: (papers, id) => papers.delete(id),
  "delete of a revision": (papers, id) => papers.delete(id, { ifRevision: 3 }),
  "delete of another revision": (papers, id) => papers.delete(id, { ifRevision: 1 }),
  deleteMany: (papers, id) => papers.deleteMany([id, id]),
  "put of its revision": (papers, id) => papers.put({ id, owner: "u1" }, { ifRevision: 3 }),
  "put of another revision": (papers, id) => papers.put({ id, owner: "u1" }, { ifRevision: 1 }),
};

/** Those that could make no such record where there is none. */
const forbidden: typeof methods = {
  create: (papers, id) => papers.create({ id, owner: "u2" }),
  createMany: (papers, id) => papers.createMany([{ id, owner: "u2" }]),
  put: (papers, id) => papers.put({ id, owner: "u2" }),
  "put with a title taken": (papers, id) => papers.put({ id, owner: "u2", title: "three" }),
  putMany: (papers, id) => papers.putMany([{ id, owner: "u2" }]),
};

/** The calls without those that tell how many rows came back. */
const asked = (calls: readonly string[]): string[] => calls.filter((call) => !call.startsWith("returned"));

describe.each([false, true])("within a transaction: %s", (inside) => {
  test.each(Object.keys(methods))("%s", async (name) => {
    for (const role of ["author", "sweeper"]) {
      const call = methods[name] ?? (async () => {});
      const one = await shown((papers) => call(papers, hidden), role, hidden, inside);
      const other = await shown((papers) => call(papers, missing), role, missing, inside);
      expect({ ...one, calls: asked(one.calls) }).toEqual({ ...other, calls: asked(other.calls) });
      expect(await all().entry(hidden)).toMatchObject({ record: { owner: "u2" }, revision: 3 });
      expect(await all().counters(hidden)).toEqual({ views: 0 });
    }
  });

  test.each(Object.keys(forbidden))("%s of what one may not create", async (name) => {
    const call = forbidden[name] ?? (async () => {});
    const one = await shown((papers) => call(papers, hidden), "author", hidden, inside);
    const other = await shown((papers) => call(papers, missing), "author", missing, inside);
    expect(one.answer).toEqual({ code: "ACCESS_DENIED", entity: "paper", action: "create" });
    expect({ ...one, calls: asked(one.calls) }).toEqual({ ...other, calls: asked(other.calls) });
  });
});

describe("what shows that an id or a value is taken, to whoever could take it", () => {
  const as = (role: string) =>
    db.tenant(tenant, { context: { tenant, subject: "u1", roles: [role] } }).repository(Paper);

  test.each(["author", "box", "sweeper"])("for a role %s", async (role) => {
    const papers = as(role);
    const mine = { id: hidden, owner: "u1" };
    expect(await answerOf(papers.create(mine))).toEqual({ code: "RECORD_EXISTS", entity: "paper", id: hidden });
    // No revision, and no word of whose it is; not even where a role may change all records, but see some.
    const refusal = { code: "ACCESS_DENIED", entity: "paper", action: "update" };
    expect(await answerOf(papers.put(mine))).toEqual(refusal);
    expect(await answerOf(papers.putMany([{ id: "x", owner: "u1" }, mine]))).toEqual(refusal);
    const taken = { id: "y", owner: "u1", title: "three" };
    expect(await answerOf(papers.create(taken))).toEqual({
      code: "UNIQUE_VIOLATION",
      entity: "paper",
      index: "byTitle",
      id: "y",
    });
    expect((await all().list()).map(({ id, owner }) => [id, owner])).toEqual([[hidden, "u2"]]);
  });

  test("an import, which writes over what it does not see, takes the right to see all", async () => {
    const lines: string[] = [];
    for await (const line of db.tenant(tenant).export()) lines.push(line);
    const handle = db.tenant(tenant, { context: { tenant, subject: "u1", roles: ["importer"] } });
    expect(await answerOf(handle.import(lines))).toMatchObject({
      code: "ACCESS_DENIED",
      action: "read",
    });
  });
});
