/** The object graph: nothing within reach of a tenant's handle is another tenant, an engine, a transaction or the root. */
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { TenantGuard } from "../../lib/guard/index.js";
import { Keyspace, PrefixRange } from "../../lib/keyspace/index.js";
import { Tenants } from "../../lib/lifecycle/index.js";
import { open } from "../../lib/open.js";
import { Quotas } from "../../lib/quota/index.js";
import { type AccessPolicy, CursorSeal, RepositoryFactory } from "../../lib/repository/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { mentionOf, reachable } from "../../lib/testing/index.js";
import { SystemRunner, TransactionHost, TransactionRunner } from "../../lib/transaction/index.js";
import { Attempt, ReadView, SystemView, TenantView } from "../../lib/transaction/view/index.js";
import { neighbours } from "../repository/shelf.js";
import { Article } from "./shop.js";

const article = (id: string) => ({ id, price: 1, weight: 1, state: "sold" as const, at: { shelf: null } });

/** What a holder of one tenant must never hold. */
const forbidden: readonly (abstract new (...args: never[]) => unknown)[] = [
  Attempt,
  CursorSeal,
  Database,
  Keyspace,
  PrefixRange,
  Quotas,
  ReadView,
  RepositoryFactory,
  SystemRunner,
  SystemView,
  TenantGuard,
  Tenants,
  TenantView,
  TransactionHost,
  TransactionRunner,
];

/** Methods by which engines and their transactions are known, whatever their class. */
const giveaways = [
  "begin",
  "getRange",
  "commit",
  "clearRange",
  "system",
  "transactAs",
  "provision",
  "operator",
  "rotateCursorKeys",
];

function assertClosed(name: string, value: unknown): void {
  for (const { path, value: found } of reachable(value, name)) {
    if (typeof found !== "object" || found === null) continue;
    for (const type of forbidden) expect(found instanceof type, `${path} is a ${type.name}`).toBe(false);
    for (const method of giveaways) expect(method in found, `${path} has ${method}()`).toBe(false);
  }
}

describe("from a tenant", () => {
  let engine: Engine;
  let db: Database;
  let own: Tenant;
  let other: Tenant;
  /** Everything a holder can come by, by how. */
  const held: [name: string, value: unknown][] = [];

  const failing = async (name: string, work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      held.push([name, error]);
      return;
    }
    throw new Error(`${name} was to fail`);
  };

  beforeAll(async () => {
    engine = await openEngine(memory());
    const roles: AccessPolicy = { right: (_context, _entity, action) => action === "read" };
    const plans = { all: { resources: { seats: 1 }, rates: { requests: { perMinute: 5 } } } };
    db = await open({ engine, entities: [Article], roles, quotas: { plans, defaultPlan: "all" } });
    [own, other] = await neighbours(db);
    await other.repository(Article).createMany(["1", "2", "3"].map(article));
    const articles = own.repository(Article);
    await articles.createMany(["1", "2", "3"].map(article));
    const scan = articles.scan({ index: "byPrice" });
    const iterator = scan[Symbol.asyncIterator]();
    const batches = scan.batches();
    held.push(["tenant", own], ["repository", articles], ["scan", scan], ["iterator", iterator], ["batches", batches]);
    held.push(["step", await iterator.next()], ["iterator, begun", iterator]);
    const watch = articles.watch("1");
    const states = watch[Symbol.asyncIterator]();
    held.push(["watch", watch], ["its iterator", states], ["its state", await states.next()], ["begun", states]);
    const exported = own.export();
    const lines = exported[Symbol.asyncIterator]();
    held.push(
      ["export", exported],
      ["its lines", lines],
      ["a line", await lines.next()],
      ["its stream", exported.stream()],
    );
    held.push(["work", await articles.transform({}, () => undefined)], ["long scan", articles.scanAll()]);
    await states.return?.();
    held.push(["page", await articles.page({ size: 1 })], ["record", await articles.get("1")]);
    held.push(["entry", await articles.entry("1")], ["defects", await articles.verify()]);
    const promise = articles.get("1");
    held.push(["promise", promise], ["its value", await promise]);
    const seats = own.quotas.claims("seats");
    await seats.claim("me");
    held.push(["quotas", own.quotas], ["claims", seats], ["usage", await own.quotas.usage()]);
    held.push(["headroom", await own.quotas.take("requests")], ["lease", await own.quotas.connect()]);
    await failing("QUOTA_EXCEEDED", () => seats.claim("you"));
    await own.transact(async (tx) => void held.push(["claims of a scope", tx.claims("seats")]));
    await own.transact(async (tx) => {
      const inside = tx.repository(Article);
      held.push(["scope", tx], ["repository of a scope", inside], ["scan of a scope", inside.scan()]);
      held.push(["iterator of a scope", inside.scan()[Symbol.asyncIterator]()]);
      tx.afterCommit(() => {});
    });
    await own.read(async (tx) => void held.push(["read scope", tx], ["its repository", tx.repository(Article)]));

    const { members, sessions } = own;
    held.push(["members", members], ["a member", await members.add("ada")], ["all members", await members.list()]);
    held.push(["sessions", sessions], ["a session", (await sessions.create({ subject: "ada" })).session]);
    const context = { tenant: own.id, subject: "ada", roles: ["reader"] };
    const acting = db.tenant(own.id, { context });
    const operating = await db.operator(own.id, { by: "ann@ops", reason: "a look" });
    for (const [name, handle] of [
      ["handle of a context", acting],
      ["handle of an operator", operating],
    ] as const) {
      held.push([name, handle], [`repository of the ${name}`, handle.repository(Article)]);
      await handle.transact(async (tx) => void held.push([`scope of the ${name}`, tx]));
    }
    await failing("ACCESS_DENIED", () => acting.repository(Article).delete("1"));
    await failing("TENANT_CONTEXT_FOREIGN", () => db.tenant(other.id, { context }));

    await failing("RECORD_NOT_FOUND", () => articles.require("none"));
    await failing("RECORD_EXISTS", () => articles.create(article("1")));
    await failing("RECORD_ID_INVALID", () => articles.get("\ud800"));
    await failing("RECORD_INVALID", () => articles.create({} as never));
    await failing("REVISION_MISMATCH", () => articles.delete("1", { ifRevision: 9 }));
    await failing("KEY_TOO_LARGE", () => articles.create(article("x".repeat(1_890))));
    await failing("RECORD_TOO_LARGE", () => articles.create({ ...article("l"), tags: ["x".repeat(1_000_001)] }));
    await failing("CURSOR_INVALID", () => articles.page({ size: 1, cursor: "none" }));
    await failing("QUERY_INVALID", () => articles.list({ index: "none" } as never));
    await failing("ENTITY_UNKNOWN", () => own.repository({ ...Article } as never));
    await failing("thrown by the caller", () => own.transact(async () => Promise.reject(new Error("mine"))));
    await failing("TRANSACTION_ABORTED", () => articles.get("1", { signal: AbortSignal.abort(new Error("mine")) }));
    await failing("TRANSACTION_NESTED", () => own.transact(async () => own.transact(async () => {})));
    await failing("TRANSACTION_ENDED", async () => {
      const scope = await own.transact(async (tx) => tx);
      await scope.repository(Article).get("1");
    });
    await failing("TRANSACTION_OPERATION_PENDING", () =>
      own.transact(async (tx) => {
        const left = tx.repository(Article).get("1");
        left.catch(() => {});
      }),
    );
    await failing("a conflict, tried as often as allowed", () =>
      own.transact(
        async (tx) => {
          const inside = tx.repository(Article);
          await inside.update("1", (was) => ({ ...was, price: was.price + 1 }));
          await engineWrites();
        },
        { attempts: 1 },
      ),
    );
    const [foreign] = [await other.repository(Article).page({ size: 1 })];
    await failing("another tenant's cursor", () => articles.page({ size: 1, cursor: foreign.next }));
    const suspended = db.tenant("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa" as Tenant["id"]);
    await failing("TENANT_UNAVAILABLE", () => suspended.repository(Article).create(article("1")));
    await db.close();
    await failing("DATABASE_CLOSED", () => articles.get("1"));
  });
  afterAll(() => engine.close());

  /** Somebody else's commit on the record that the transaction has read. */
  async function engineWrites(): Promise<void> {
    const rival = engine.begin();
    const keyspace = new Keyspace().tenant(own.id);
    const { rows } = await rival.getRange(
      { key: keyspace.begin, orEqual: false, offset: 1 },
      { key: keyspace.end, orEqual: false, offset: 1 },
    );
    for (const [key, value] of rows) rival.set(key, value);
    await rival.commit();
  }

  test("every kind of thing a holder comes by was met", () => {
    expect(held.length).toBeGreaterThanOrEqual(42);
    const codes = held.map(([name]) => name).filter((name) => /^[A-Z_]+$/.test(name));
    for (const code of codes) {
      expect(held.find(([name]) => name === code)?.[1], code).toMatchObject({ code });
    }
  });

  test("no property, symbol, getter, prototype, cause or element leads to an engine, a transaction or the root", () => {
    for (const [name, value] of held) assertClosed(name, value);
  });

  test("nothing names the other tenant: no text, bytes, stack, JSON, inspect or clone", () => {
    for (const [name, value] of held) {
      expect(mentionOf(value, other.id), name).toBeUndefined();
      let json: unknown;
      try {
        json = JSON.stringify(value);
      } catch {
        json = undefined; // a bigint or a cycle: nothing comes out
      }
      expect(mentionOf(json, other.id), name).toBeUndefined();
      let clone: unknown;
      try {
        clone = structuredClone(value);
      } catch {
        clone = undefined; // not cloneable
      }
      expect(mentionOf(clone, other.id), name).toBeUndefined();
      assertClosed(`clone of ${name}`, clone);
    }
  });

  test("inspect shows no private state", () => {
    for (const [name, value] of held) {
      const shown = inspect(value, { depth: 9, showHidden: true, getters: true, showProxy: true });
      // A stack names functions of this package's source, which is no secret.
      const state = shown.replace(/ {4}at [^\n]*/g, "");
      expect(state, name).not.toMatch(
        /Engine(?!Error)|TransactionRunner|TransactionHost|Keyspace|TenantGuard|Database/,
      );
    }
  });

  test("the constructors within reach make nothing that reads: what they need is out of reach", () => {
    const Handle = own.constructor as new (...parts: unknown[]) => Tenant;
    expect(() => new Handle(other.id).repository(Article)).toThrow(TypeError);
    const forged = new Handle(other.id, own, own);
    expect(() => forged.repository(Article)).toThrow(TypeError);
    const borrowed = Object.create(Object.getPrototypeOf(own), { id: { value: other.id } }) as Tenant;
    expect(() => borrowed.repository(Article)).toThrow(TypeError);
    expect(() => Object.assign(own, { id: other.id })).toThrow(TypeError);
  });
});

describe("the walk itself", () => {
  const id = "3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa" as Tenant["id"];
  const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
  const error = new Error("outer", { cause: new Error("inner", { cause: { id } }) });
  class Owner {
    get tenant(): string {
      return id;
    }
  }
  test.each<[string, unknown]>([
    ["a property", { deep: [{ id }] }],
    ["a symbol's property", { [Symbol("x")]: id }],
    ["a symbol's name", { [Symbol("x")]: Symbol(id) }],
    ["a hidden property", Object.defineProperty({}, "hidden", { value: id })],
    ["an inherited getter", new Owner()],
    ["a prototype", Object.create({ id })],
    ["a map", new Map([[{ id }, 1]])],
    ["a cause's cause", error],
    ["bytes", { key: Buffer.concat([Buffer.of(1, 2), bytes, Buffer.of(3)]) }],
    ["the buffer behind bytes", bytes.subarray(4, 6)],
    ["hex", bytes.toString("hex")],
    ["base64 in a longer text", Buffer.concat([Buffer.of(9), bytes, Buffer.of(8)]).toString("base64")],
    ["base64url, at the third alignment", Buffer.concat([Buffer.of(9, 9), bytes]).toString("base64url")],
    ["latin1", { message: `key ${bytes.toString("latin1")}` }],
    ["numbers", `[${[...bytes].join(", ")}]`],
    ["upper case", id.toUpperCase()],
    ["a function's property", Object.assign(() => {}, { id })],
  ])("finds an id in %s", (_, value) => expect(mentionOf(value, id)).toBeDefined());

  test("finds none where there is none", () => {
    expect(
      mentionOf({ id: "3f2b8c1e-9a4d-4e6f-8b1a-0123456789ab", bytes: Uint8Array.from(bytes.subarray(0, 8)) }, id),
    ).toBeUndefined();
  });

  test("finds an engine behind any door", async () => {
    await using db = await open({ engine: memory(), entities: [Article] });
    expect(() =>
      assertClosed("x", {
        a: [
          new Map([
            [
              1,
              {
                get db() {
                  return db;
                },
              },
            ],
          ]),
        ],
      }),
    ).toThrow(/Database/);
    expect(() => assertClosed("x", new Error("e", { cause: { commit() {} } }))).toThrow(/commit/);
  });
});
