/** Ports that fail: whatever a program's clock, randomness, logger, meter, tracer or listener does, calls end as without. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { allow, forbid, roles } from "../../lib/access/index.js";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import type { Clock, Logger } from "../../lib/observe/index.js";
import { systemClock, systemRandom } from "../../lib/observe/index.js";
import { open } from "../../lib/open.js";
import type { OpenOptions } from "../../lib/open-options.js";
import { entity } from "../../lib/schema/index.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.int(), text: z.string(), until: z.date().optional() }),
  id: ["id"],
  expires: "until",
});

const policy = roles({ reader: [allow("read", Note), forbid("read", Note, { where: { text: "hidden" } })] });

const settingOf = (ports: Partial<OpenOptions>): OpenOptions => ({
  engine: memory(),
  entities: [Note],
  roles: policy,
  audit: {},
  quotas: {
    plans: { free: { resources: { seats: 5 }, rates: { calls: { perSecond: 10_000 } } } },
    defaultPlan: "free",
  },
  serviceLevels: { latencyMs: 1_000, fast: 0.9, available: 0.9, windowMs: 60_000 },
  fairness: {},
  ...ports,
});

/** What a program does, and what each step came to; a rejection by its code. */
async function lived(db: Database): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  const step = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      answers.push(await work());
    } catch (error) {
      answers.push(isTenantryError(error) ? error.code : error);
    }
  };
  const { id } = await db.tenants.provision({ name: "a" });
  const tenant = db.tenant(id);
  const notes = tenant.repository(Note);
  const reader = db.tenant(id, { context: { tenant: id, subject: "u1", roles: ["reader"] } });
  await step(() => notes.create({ id: 1, text: "one" }));
  await step(() => notes.create({ id: 1, text: "again" }));
  await step(() => notes.put({ id: 2, text: "two", until: new Date(4e12) }));
  await step(() => notes.update(1, (was) => ({ ...was, text: "three" })));
  await step(() =>
    notes.update(1, () => {
      throw new RangeError("the caller's own");
    }),
  );
  await step(() => notes.get(1));
  await step(() => notes.require(9));
  await step(() => notes.list());
  await step(async () => (await notes.page({ size: 1 })).items);
  await step(() =>
    tenant.transact(async (tx) => {
      tx.afterCommit(() => {
        throw new Error("after the commit");
      });
      await tx.claims("seats").claim("ada");
      return (await tx.repository(Note).put({ id: 3, text: "in a transaction" })).id;
    }),
  );
  await step(() => tenant.read((tx) => tx.repository(Note).count()));
  await step(() => reader.repository(Note).put({ id: 4, text: "denied" }));
  await step(() => reader.repository(Note).list());
  await step(() => notes.transform({}, (was) => ({ ...was, text: `${was.text}!` }), { name: "work" }));
  await step(async () => (await tenant.sessions.create({ subject: "u1" })).session.subject);
  await step(async () => (await tenant.sessions.list("u1")).length);
  await step(() => tenant.sweep());
  await step(async () => (await tenant.quotas.usage()).resources.find(({ resource }) => resource === "seats")?.used);
  await step(async () => (await db.health({ write: true })).status);
  await step(async () => (await db.tenants.suspend(id, { by: "ann" })).state);
  await step(() => notes.get(1));
  return answers;
}

/** Ends at once unless something is left running, which would be given a minute. */
async function assertCloses(db: Database): Promise<void> {
  const begun = performance.now();
  await db.close({ drainMs: 60_000 });
  expect(performance.now() - begun).toBeLessThan(30_000);
}

const lying = "then";
const rejects = () => Promise.reject(new Error("rejected"));
/** The ways in which a function fails. */
const failures: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error("thrown");
  },
  "throws nothing": () => {
    throw undefined;
  },
  rejects,
  "gives undefined": () => undefined,
  "gives NaN": () => Number.NaN,
  "gives a text": () => "text",
  "gives less than nothing": () => -1e300,
  "gives an object": () => ({}),
  "gives what cannot be waited for": () =>
    Object.defineProperty({}, lying, {
      get() {
        throw new Error("then");
      },
    }),
};

/** Ports, each of whose functions fails so. */
const portsOf: Readonly<Record<string, (fails: () => never) => Partial<OpenOptions>>> = {
  logger: (fails) => ({ logger: { debug: fails, info: fails, warn: fails, error: fails } }),
  "a logger without methods": () => ({ logger: {} as Logger }),
  meter: (fails) => ({ meter: { createCounter: fails, createHistogram: fails, createGauge: fails } }),
  instruments: (fails) => {
    const made = { add: fails, record: fails };
    return { meter: { createCounter: () => made, createHistogram: () => made, createGauge: () => made } };
  },
  tracer: (fails) => ({ tracer: { startSpan: fails } }),
  spans: (fails) => ({ tracer: { startSpan: () => ({ setAttributes: fails, fail: fails, end: fails }) } }),
  "the clock's time": (fails) => ({ clock: { ...systemClock, now: fails } }),
  "the clock's measure": (fails) => ({ clock: { ...systemClock, monotonic: fails } }),
  "the clock's timers": (fails) => ({ clock: { ...systemClock, after: fails } }),
  "the ends of timers": (fails) => ({
    clock: {
      ...systemClock,
      after: (ms, fn) => {
        const stop = systemClock.after(ms, fn);
        return () => {
          stop();
          return fails();
        };
      },
    },
  }),
  "random fractions": (fails) => ({ random: { ...systemRandom, fraction: fails } }),
  "random bytes": (fails) => ({ random: { ...systemRandom, bytes: fails } }),
  listeners: (fails) => ({ onDenied: fails, onViolation: fails }),
};

/** Fails in another way with each call, beginning with one of them. */
function inAllWays(first: number): () => never {
  const ways = Object.values(failures);
  let calls = first;
  return () => ways[calls++ % ways.length]?.() as never;
}

let expected: readonly unknown[] | undefined;
afterEach(() => vi.restoreAllMocks());

describe.each(Object.keys(portsOf))("%s", (port) => {
  test.each(["always throws", "fails in all ways", "fails in all ways, from another on"])("%s", async (how) => {
    if (expected === undefined) {
      const calm = await open(settingOf({}));
      expected = await lived(calm);
      await calm.close();
    }
    const make = portsOf[port] ?? (() => ({}));
    const fails = how === "always throws" ? failures["throws"] : inAllWays(how.length % 7);
    const db = await open(settingOf(make(fails as () => never)));
    expect(await lived(db)).toEqual(expected);
    await assertCloses(db);
  });
});

describe("a clock", () => {
  test("that goes backwards measures nothing below zero, and ends no call early", async () => {
    let now = 1e6;
    const backwards: Clock = { ...systemClock, now: () => (now -= 1_000), monotonic: () => (now -= 1_000) };
    const took: unknown[] = [];
    const logger = {
      debug: ({ ms }: { readonly ms?: unknown }) => void took.push(ms),
      info() {},
      warn() {},
      error() {},
    };
    const db = await open(settingOf({ clock: backwards, logger }));
    const { id } = await db.tenants.provision({ name: "a" });
    for (let n = 0; n < 20; n++) await db.tenant(id).repository(Note).put({ id: n, text: "x" });
    expect(await db.tenant(id).repository(Note).count()).toBe(20);
    expect(took.every((ms) => ms === 0)).toBe(true);
    await assertCloses(db);
  });

  test("whose timers fire at once, twice, or when they were stopped, ends each call once", async () => {
    const hasty: Clock = {
      ...systemClock,
      after: (_ms, fn) => {
        fn();
        setTimeout(fn, 1);
        return () => setTimeout(fn, 1);
      },
    };
    const db = await open(settingOf({ fairness: undefined, quotas: undefined }));
    const { id } = await db.tenants.provision({ name: "a" });
    await assertCloses(db);
    await expect(open(settingOf({ clock: hasty }))).rejects.toMatchObject({ code: "TRANSACTION_DEADLINE_PASSED" });
    expect(id).toHaveLength(36);
  });
});

test("a port that fails is told to the logger, once", async () => {
  const lines: unknown[] = [];
  const logger: Logger = {
    debug() {},
    info() {},
    warn: ({ port, err }, message) => void lines.push([port, isTenantryError(err) ? err.code : err, message]),
    error() {},
  };
  const thrown = (): never => {
    throw new Error("thrown");
  };
  const db = await open(settingOf({ logger, onDenied: thrown, random: { fraction: thrown, bytes: thrown } }));
  await lived(db);
  await db.close();
  expect(lines).toEqual([
    ["random", "PORT_FAILED", "a port failed"],
    ["onDenied", "PORT_FAILED", "a port failed"],
  ]);
});

test("random bytes are the library's own once they were given", async () => {
  const given: Uint8Array[] = [];
  const random = {
    ...systemRandom,
    bytes: (length: number) => {
      const bytes = systemRandom.bytes(length);
      given.push(bytes);
      return bytes;
    },
  };
  const db = await open(settingOf({ random }));
  const { id } = await db.tenants.provision({ name: "a" });
  const { token } = await db.tenant(id).sessions.create({ subject: "u1" });
  for (const bytes of given) bytes.fill(0);
  expect((await db.tenant(id).sessions.open(token)).subject).toBe("u1");
  await db.close();
});
