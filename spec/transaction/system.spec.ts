/** The control plane's transactions. */
import { describe, expect, test } from "vitest";
import { attemptMarkerBucketMs, attemptMarkerBucketsKept } from "../../lib/limits/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import type { SystemTransaction } from "../../lib/transaction/index.js";
import { untold } from "../engine/with-capabilities.js";
import { bytes, codeOf, dump, hastyClock, key, lost, openFixture, scripted, text } from "./fixture.js";
import { manualClock } from "./manual-clock.js";

describe("system transactions", () => {
  test("keep the registry, page through it, and are retried", async () => {
    await using fixture = await openFixture({ clock: hastyClock }, (engine) => scripted(engine, [lost(1021)]));
    const ids = Array.from({ length: 5 }, newTenantId).sort();
    const record = (id: (typeof ids)[number], name: string) =>
      ({ id, name, state: "active", incarnation: 1, createdAt: 1, revision: 1 }) as const;
    let run = 0;
    const value = await fixture.system.system(async (tx) => {
      for (const id of ids) tx.putTenant(record(id, "one"));
      return ++run;
    });
    expect([value, run]).toEqual([1, 1]);
    await fixture.system.system(async (tx) => {
      expect((await tx.getTenant(ids[0] ?? newTenantId()))?.name).toBe("one");
      expect(await tx.getTenant(newTenantId())).toBeUndefined();
      const page = await tx.listTenants({ limit: 2 });
      expect(page.map(({ id }) => id)).toEqual(ids.slice(0, 2));
      const rest = await tx.listTenants({ after: page[1]?.id, limit: 10 });
      expect(rest.map(({ id }) => id)).toEqual(ids.slice(2));
    });
  });

  test("list tenants across batches that end early, as many as were asked for", async () => {
    let batch = 2;
    let asked: (number | undefined)[] = [];
    await using fixture = await openFixture({}, (engine) => ({
      ...scripted(engine, []),
      begin() {
        const inner = engine.begin();
        const getRange: typeof inner.getRange = async (begin, end, options = {}) => {
          asked.push(options.limit);
          const { rows, more } = await inner.getRange(begin, end, {
            ...options,
            limit: Math.min(batch, options.limit ?? batch),
          });
          return { rows, more };
        };
        return new Proxy(inner, {
          get(target, name) {
            if (name === "getRange") return getRange;
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
      },
    }));
    const ids = [];
    for (let n = 0; n < 7; n++) ids.push(await fixture.tenant());
    ids.sort();
    const list = (options: Parameters<SystemTransaction["listTenants"]>[0]) => {
      asked = [];
      return fixture.system.system(async (tx) => (await tx.listTenants(options)).map(({ id }) => id));
    };
    expect(await list({ limit: 5 })).toEqual(ids.slice(0, 5));
    expect(asked).toEqual([5, 3, 1]);
    expect(await list({ after: ids[1], limit: 3 })).toEqual(ids.slice(2, 5));
    expect(await list({ limit: 100 })).toEqual(ids);
    batch = 3;
    expect(await list({ limit: 100 })).toEqual(ids);
    batch = 100;
    expect(await list({ limit: 100 })).toEqual(ids);
    expect(asked).toEqual([100]);
    expect(await list({ limit: 0 })).toEqual([]);
    expect(asked).toEqual([]);
    expect(await list({ after: ids[6], limit: 1 })).toEqual([]);
  });

  test("reach the control range and nothing else, but by the ways that say so", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const { control } = fixture.keyspace;
    const inside = control.metaKey("format");
    const outside = [
      fixture.keyspace.tenant(id).absolute(key("a")),
      new Uint8Array(),
      Uint8Array.of(0xff),
      control.range.prefix,
    ];
    const before = await dump(fixture.engine);
    const trailer = (k: Uint8Array, at: number): Uint8Array =>
      Uint8Array.from([...k, ...new Uint8Array(10), at, 0, 0, 0]);
    const uses: ((tx: SystemTransaction, k: Uint8Array) => unknown)[] = [
      (tx, k) => tx.get(k),
      (tx, k) => tx.getRange({ begin: inside, end: k }),
      (tx, k) => tx.set(k, bytes("x")),
      (tx, k) => tx.clear(k),
      (tx, k) => tx.clearRange({ begin: k, end: control.range.end }),
      (tx, k) => tx.atomic("add", k, bytes("1")),
      (tx, k) => tx.setVersionstampedKey(trailer(k, k.length), bytes("x")),
      (tx, k) => tx.setVersionstampedValue(k, new Uint8Array(14)),
      (tx, k) => tx.addReadConflictKey(k),
    ];
    for (const k of outside) {
      for (const use of uses) {
        // Even when the error is swallowed nothing is committed.
        const codes: (string | undefined)[] = [];
        const work = fixture.system.system(async (tx) => {
          tx.set(inside, bytes("x"));
          codes.push(await codeOf(async () => use(tx, k)));
        });
        expect([use.toString(), await codeOf(work), codes]).toEqual([
          use.toString(),
          "ISOLATION_VIOLATION",
          ["ISOLATION_VIOLATION"],
        ]);
      }
    }
    // A stamp that would overwrite what keeps the key inside.
    const early = fixture.system.system(async (tx) => tx.setVersionstampedKey(trailer(inside, 0), bytes("x")));
    expect(await codeOf(early)).toBe("ISOLATION_VIOLATION");
    expect(await dump(fixture.engine)).toEqual(before);
    await fixture.system.system(async (tx) => {
      tx.set(inside, bytes("x"));
      expect(text(await tx.get(inside))).toBe("x");
      expect((await tx.getRange({ begin: control.range.begin, end: control.range.end })).rows.length).toBeGreaterThan(
        1,
      );
      tx.clear(inside);
      for (const use of uses.slice(0, 4)) await use(tx, inside);
    });
  });

  test("clear one tenant's data, leave its neighbour's, and act as a tenant whatever its state", async () => {
    await using fixture = await openFixture();
    const [a, b] = [await fixture.tenant(), await fixture.tenant()];
    for (const id of [a, b]) await fixture.runner.transact(id, async (tx) => tx.set(key("k"), bytes("v")));
    const own = (id: typeof a, all: Map<string, string>) =>
      [...all].filter(([hex]) => fixture.keyspace.tenant(id).contains(Buffer.from(hex, "hex")));
    const before = own(b, await dump(fixture.engine));
    await fixture.system.system(async (tx) => tx.clearTenantData(a));
    const after = await dump(fixture.engine);
    expect(own(a, after)).toEqual([]);
    expect(own(b, after)).toEqual(before);
    await fixture.setState(a, "quarantined");
    let kept: ReturnType<SystemTransaction["actAsTenant"]> | undefined;
    await fixture.system.system(async (tx) => {
      kept = tx.actAsTenant(a);
      kept.set(key("k"), bytes("restored"));
      expect(text(await kept.get(key("k")))).toBe("restored");
    });
    expect(await codeOf(() => kept?.set(key("k"), bytes("late")))).toBe("TRANSACTION_ENDED");
    await fixture.setState(a, "active");
    expect(await fixture.runner.read(a, async (tx) => text(await tx.get(key("k"))))).toBe("restored");
  });

  test("bumping the metadata version is one write, and follow-ups run once", async () => {
    await using fixture = await openFixture();
    let followed = 0;
    await fixture.system.system(async (tx) => {
      tx.bumpMetadataVersion();
      tx.bumpMetadataVersion();
      tx.afterCommit(() => {
        followed++;
      });
      expect(await tx.getReadVersion()).toBeTypeOf("bigint");
    });
    expect(followed).toBe(1);
  });

  test("use their markers again, and clear those of past hours", async () => {
    const clock = manualClock();
    await using fixture = await openFixture({ clock }, untold);
    const { control } = fixture.keyspace;
    const write = () => fixture.system.system(async (tx) => tx.set(control.metaKey("format"), bytes("x")));
    await write();
    const size = (await dump(fixture.engine)).size;
    for (let n = 0; n < 5; n++) await write();
    expect((await dump(fixture.engine)).size).toBe(size);
    for (let hour = 0; hour < 8; hour++) {
      clock.time += attemptMarkerBucketMs;
      await write();
    }
    // Those of this hour and of the ones before it that are kept.
    expect((await dump(fixture.engine)).size).toBe(size + attemptMarkerBucketsKept);
    const reading = fixture.system.system((tx) => tx.get(control.metaKey("format")));
    expect(text(await reading)).toBe("x");
  });
});
