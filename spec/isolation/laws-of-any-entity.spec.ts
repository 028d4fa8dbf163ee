/**
 * The isolation laws over other entities: records of several keys, quotas of one's own, and entities drawn at random.
 * Left out of the quick run.
 */
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { valueBytesMax } from "../../lib/limits/index.js";
import { open } from "../../lib/open.js";
import type { QuotaOptions } from "../../lib/quota/index.js";
import { entity } from "../../lib/schema/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import { scripts } from "../../lib/testing/generate/script.js";
import { isolationCases, isolationLaws } from "../../lib/testing/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { runs } from "../runs.js";
import { lawTimeoutMs as timeoutMs } from "./law-timeout.js";
import { randomEntity } from "./random-entity.js";

/** Every second record is split over further keys. */
const Scan = entity("scan", {
  version: 1,
  schema: z.object({ id: z.int(), name: z.string(), page: z.string() }),
  id: ["id"],
  indexes: { byName: { fields: ["name"], unique: true } },
});

describe("over records of several keys", () => {
  const scan = (n: number) => ({
    id: n,
    name: `${n % 3}`,
    page: String(n).repeat(n % 2 === 0 ? valueBytesMax : 9),
  });
  isolationLaws({
    entities: [Scan],
    records: { scan },
    test,
    timeoutMs,
    engine: async () => arrayEngine(),
    runs: runs(15),
  });
});

/** The names of an object's methods and getters, its own and inherited ones. */
function methodsOf(object: object): readonly string[] {
  const names: string[] = [];
  for (let at = Object.getPrototypeOf(object); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Reflect.ownKeys(at).map(String));
  }
  return names.filter((name) => name !== "constructor");
}

describe("under quotas of one's own", () => {
  const quotas: QuotaOptions = {
    plans: {
      small: { entities: { scan: { records: 2 } }, resources: { desks: 1 }, connections: 1 },
      slow: { storageBytes: { soft: 500 }, rates: { calls: { perSecond: 5 }, uploads: { perMinute: 3 } } },
    },
    defaultPlan: "small",
    overrides: ({ plan }) => (plan === "slow" ? { resources: { desks: { soft: 2 } } } : undefined),
  };
  isolationLaws({ entities: [Scan], quotas, test, timeoutMs, engine: async () => arrayEngine(), runs: runs(15) });
});

describe("laws try", () => {
  const options = { entities: [Scan], records: {}, steps: 12, quotas: undefined };
  const drawn = fc.sample(scripts(fc, options), { numRuns: 300, seed: 1 });
  const tried = new Set<string>(drawn.flatMap(({ steps }) => steps.map((step) => step.do)));
  const db = open({ engine: arrayEngine(), entities: [Scan], quotas: { plans: { one: { resources: { seats: 1 } } } } });
  afterAll(async () => (await db).close());

  test("every method of a repository", async () => {
    const methods = methodsOf((await db).tenant(newTenantId()).repository(Scan));
    expect(methods).toContain("get");
    expect(methods.filter((name) => !tried.has(name))).toEqual([]);
  });

  test("every method of quotas and of claims, which have other names for them", async () => {
    const { quotas } = (await db).tenant(newTenantId());
    expect(methodsOf(quotas)).toEqual(["usage", "claims", "take", "connect"]);
    expect(methodsOf(quotas.claims("seats"))).toEqual(["claim", "release", "has", "list"]);
    for (const name of ["usage", "take", "connect", "disconnect", "claim", "release", "hasClaim", "listClaims"]) {
      expect(tried).toContain(name);
    }
  });

  test("databases with and without quotas, an audit and entities that have got indexes, in all combinations", () => {
    const settings = drawn.map(
      ({ setting: { quotas, audited, grown } }) => `${quotas === undefined} ${audited} ${grown}`,
    );
    expect(new Set(settings).size).toBe(8);
  });
});

/** Runs of one pair of random entities: a soak draws more pairs, not more runs of each. */
const runsOfPair = 8;

describe("over random entities", () => {
  const seed = Number(process.env["TENANTRY_SEED"] ?? Date.now() & 0x7fffffff);
  const pairs = Math.ceil(runs(64) / runsOfPair);
  const drawn = fc.sample(fc.tuple(randomEntity("one"), randomEntity("one-more")), { numRuns: pairs, seed });
  test.each(drawn.map((entities, at) => ({ at, seed, entities })))(
    "drawn by $seed, number $at",
    async ({ entities }) => {
      for (const { run } of isolationCases({ entities, engine: async () => arrayEngine(), runs: runsOfPair })) {
        await run();
      }
    },
    timeoutMs,
  );
});
