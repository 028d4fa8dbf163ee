/** Roots of databases in one store: side by side, and never one inside another. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Engine, memory, openEngine } from "../../../lib/engine/index.js";
import { type Database, entity, open } from "../../../lib/index.js";
import { isReserved } from "../../../lib/keyspace/index.js";
import { recording } from "../../../lib/testing/index.js";
import { pack, type TupleElement, uuid } from "../../../lib/tuple/index.js";
import { runs } from "../../runs.js";
import { codeOf } from "../../transaction/fixture.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });
type Root = readonly TupleElement[];
const opened = (engine: Engine, root: Root): Promise<Database> => open({ engine, entities: [Note], root });
const refused = { code: "DATABASE_OPTION_INVALID", details: { option: "root" } };

/** Elements whose packed bytes begin one another's, or might be taken to. */
const element = fc.oneof(
  fc.constantFrom<TupleElement>("", "a", "a\0", "a\0b", "ab", "\xff", 1, -1, 256, true, false, null),
  fc.constantFrom<TupleElement>(new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(0xff), ["a"], [null]),
);
const root = fc.array(element, { maxLength: 3 });
const packed = (one: Root): string => Buffer.from(pack(one)).toString("hex");
const isInside = (inner: Root, outer: Root): boolean =>
  inner.length > outer.length && packed(inner.slice(0, outer.length)) === packed(outer);

describe("the root of a database", () => {
  test("lies around and inside no other, whichever was there first, and beside any", async () => {
    const pair = fc
      .tuple(root, root, fc.boolean())
      .map(([one, more, nests]): [Root, Root] => [one, nests ? [...one, ...more] : more]);
    await fc.assert(
      fc.asyncProperty(pair, fc.boolean(), fc.boolean(), async ([one, two], turned, isUsed) => {
        const engine = await openEngine(memory());
        const [first, second] = turned ? [two, one] : [one, two];
        const before = await opened(engine, first);
        if (isUsed) await before.tenants.provision({ name: "first" });
        await before.close();
        const isNested = isInside(one, two) || isInside(two, one);
        const opening = opened(engine, second);
        if (isNested) await expect(opening).rejects.toMatchObject(refused);
        else await (await opening).close();
        // The one that was there opens again.
        await (await opened(engine, first)).close();
        await engine.close();
      }),
      { numRuns: runs(60) },
    );
  });

  test("is taken by one of those that open at the same time", async () => {
    await fc.assert(
      fc.asyncProperty(root, fc.array(element, { minLength: 1, maxLength: 2 }), async (outer, more) => {
        const engine = await openEngine(memory());
        const outcomes = await Promise.allSettled([outer, [...outer, ...more]].map((one) => opened(engine, one)));
        expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
        for (const outcome of outcomes) if (outcome.status === "fulfilled") await outcome.value.close();
        await engine.close();
      }),
      { numRuns: runs(20) },
    );
  });

  test("holds no keys that are no database's", async () => {
    const engine = await openEngine(memory());
    const transaction = engine.begin();
    transaction.set(pack(["shop", "of another program"]), Uint8Array.of(1));
    await transaction.commit();
    await expect(opened(engine, ["shop"])).rejects.toMatchObject(refused);
    await (await opened(engine, ["shops"])).close();
    await engine.close();
  });

  test("has no element that a database around it has for tenants or for itself", async () => {
    const engine = await openEngine(memory());
    for (const one of [0, -0, 0n, uuid(new Uint8Array(16)), uuid(new Uint8Array(16).fill(0xff))]) {
      expect(isReserved(one)).toBe(true);
      for (const given of [[one], ["a", one], ["a", one, "b"]]) {
        expect(await codeOf(opened(engine, given))).toBe("DATABASE_OPTION_INVALID");
      }
    }
    await engine.close();
  });

  test("is marked once: what opens it again reads one row of its own", async () => {
    const engine = recording(await openEngine(memory()));
    const asked = async (): Promise<string[]> => {
      engine.take();
      await (await opened(engine, ["shop", "eu"])).close();
      const points = engine
        .take()
        .filter(({ kind, end }) => (kind === "asked" || kind === "written") && end === undefined);
      return points.map(({ operation, begin }) => `${operation} ${Buffer.from(begin).toString("hex")}`);
    };
    const mark = packed(["shop", "eu", 0, 4, "database"]);
    expect((await asked()).filter((one) => one.endsWith(mark))).toEqual([`get ${mark}`, `set ${mark}`]);
    expect(await asked()).toEqual([`get ${mark}`]);
    await engine.close();
  });
});
