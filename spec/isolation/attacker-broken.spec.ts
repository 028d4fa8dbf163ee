/**
 * The law of attacks is seen to fail: what keeps callers' values, options and functions harmless is taken away, one thing
 * at a time. In a process of its own. Left out of the quick run.
 */
import { types } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { type AnyEntity, entity } from "../../lib/schema/index.js";
import { isolationCases } from "../../lib/testing/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { shop } from "./shop.js";

/** What is broken, and the assertion that notices. */
const noticedBy = {
  "a function among the options is called": "assertAsGiven",
  "bytes are as long as they say": "assertAsGiven",
  "what is written may still be changed": "assertAsGiven",
  "lists are gone through by their iterators": "assertTyped",
  "a signal is asked by its own methods": "assertAsGiven",
  "whoever calls is an operator": "assertBehindWall",
  "who may read may write": "assertBehindWall",
  "an index entry stays behind": "assertInOrder",
} as const;
type Breakage = keyof typeof noticedBy;

/** Seeds that soon come to what the rarer lies show. */
const seedOf: { readonly [B in Breakage]?: number } = {
  "bytes are as long as they say": 7,
  "lists are gone through by their iterators": 4,
};

const { broken, is } = vi.hoisted(() => {
  const broken = { by: undefined as Breakage | undefined };
  return { broken, is: (breakage: Breakage): boolean => broken.by === breakage };
});

vi.mock("../../lib/options/take-options.js", async (original) => {
  const module = await original<typeof import("../../lib/options/take-options.js")>();
  const takeOptions = (given: object | undefined, names: { readonly all: readonly string[] }, of: string): object => {
    const taken = Reflect.apply(module.takeOptions, undefined, [given, names, of]);
    if (given === undefined || !is("a function among the options is called")) return taken;
    // Also one that they inherit, or that every object has.
    const join: unknown = Reflect.get(given, "join");
    if (typeof join === "function") join("all that there is");
    return taken;
  };
  return { ...module, takeOptions };
});

vi.mock("../../lib/options/copied-list.js", async (original) => {
  const module = await original<typeof import("../../lib/options/copied-list.js")>();
  const copiedList: typeof module.copiedList = (value, most) => {
    if (!is("lists are gone through by their iterators") || !Array.isArray(value))
      return module.copiedList(value, most);
    return [...value].slice(0, most);
  };
  return { copiedList };
});

vi.mock("../../lib/intrinsics/bytes.js", async (original) => {
  const module = await original<typeof import("../../lib/intrinsics/bytes.js")>();
  const copiedBytes: typeof module.copiedBytes = (value) => {
    if (!is("bytes are as long as they say") || !types.isUint8Array(value)) return module.copiedBytes(value);
    const { length } = value;
    return length >= 0 && length < 1_000_000 ? Uint8Array.from({ length }, (_, at) => value[at] ?? 0) : undefined;
  };
  return { ...module, copiedBytes };
});

vi.mock("../../lib/intrinsics/signals.js", async (original) => {
  const module = await original<typeof import("../../lib/intrinsics/signals.js")>();
  const listen: typeof module.listen = (signal, fn) => {
    if (is("a signal is asked by its own methods")) signal.addEventListener("abort", fn);
    else module.listen(signal, fn);
  };
  return { ...module, listen };
});

vi.mock("../../lib/value/copied-value.js", async (original) => {
  const module = await original<typeof import("../../lib/value/copied-value.js")>();
  const copyValue: typeof module.copyValue = (value) =>
    is("what is written may still be changed") ? { value, whole: true } : module.copyValue(value);
  return { ...module, copyValue };
});

vi.mock("../../lib/transaction/gate.js", async (original) => {
  const module = await original<typeof import("../../lib/transaction/gate.js")>();
  class TenantGate extends module.TenantGate {
    override admit(...[engine, id, operator]: Parameters<InstanceType<typeof module.TenantGate>["admit"]>) {
      return super.admit(engine, id, is("whoever calls is an operator") ? true : operator);
    }
  }
  return { ...module, TenantGate };
});

vi.mock("../../lib/repository/access/record-access.js", async (original) => {
  const module = await original<typeof import("../../lib/repository/access/record-access.js")>();
  class RecordAccess extends module.RecordAccess {
    constructor(...[rules, ...rest]: ConstructorParameters<typeof module.RecordAccess>) {
      const { policy } = rules;
      const lax: typeof policy = { right: (context, entity) => policy.right(context, entity, "read") };
      super(is("who may read may write") ? { ...rules, policy: lax } : rules, ...rest);
    }
  }
  return { ...module, RecordAccess };
});

vi.mock("../../lib/indexes/index.js", async (original) => {
  const module = await original<typeof import("../../lib/indexes/index.js")>();
  const entryChanges: typeof module.entryChanges = (...args) => {
    const changes = module.entryChanges(...args);
    return is("an index entry stays behind") ? { ...changes, removed: [] } : changes;
  };
  return { ...module, entryChanges };
});

/** Most of what it holds is bytes. */
const Blob = entity("blob", {
  version: 1,
  schema: z.object({ id: z.int(), bytes: z.instanceof(Uint8Array), parts: z.array(z.instanceof(Uint8Array)) }),
  id: ["id"],
});
const casesOf = (runs: number, seed: number, entities: readonly AnyEntity[] = shop) =>
  isolationCases({ entities, engine: async () => arrayEngine(), runs, seed }).filter(({ name }) =>
    name.startsWith("assertAsGiven"),
  );

beforeAll(() => fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true }));
afterAll(() => fc.resetConfigureGlobal());

describe("the law of attacks notices that", () => {
  test.each(Object.entries(noticedBy) as [Breakage, string][])("%s", async (breakage, assertion) => {
    broken.by = breakage;
    const failures: unknown[] = [];
    try {
      const entities = breakage === "bytes are as long as they say" ? [Blob] : shop;
      const first = seedOf[breakage] ?? 1;
      for (const { run } of [first, first + 1].flatMap((seed) => casesOf(300, seed, entities))) {
        await run().catch((error: Error) => failures.push(error.cause));
        if (failures.length > 0) break;
      }
    } finally {
      broken.by = undefined;
    }
    expect(failures).toMatchObject([{ message: expect.stringMatching(new RegExp(`^${assertion}: `)) }]);
  });
});

test("it holds when nothing is broken", async () => {
  for (const { run } of casesOf(20, 1)) await run();
});
