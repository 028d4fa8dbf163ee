/** Reads at once: what they answer and tell, and where they give way to the long way, having done nothing. */
import { describe, expect, test } from "vitest";
import type { Engine } from "../../lib/engine/index.js";
import { type Logger, silentLogger } from "../../lib/observe/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { type CallPolicy, type CallTerms, callTerms, type ReadTransaction } from "../../lib/transaction/index.js";
import { valueAtOnce } from "../../lib/transaction/operation.js";
import { withCapabilities } from "../engine/with-capabilities.js";
import { bytes, codeOf, type Fixture, key, openFixture, scripted, terms, text } from "./fixture.js";

const look = (tx: ReadTransaction): string | undefined => text(valueAtOnce(tx, key("a")));
const label = { operation: "look" };

interface Told extends Fixture {
  readonly id: TenantId;
  /** What the logger was told since it was last emptied. */
  readonly lines: Record<string, unknown>[];
  /** What the engine was asked since it was last emptied. */
  readonly calls: string[];
}

/** A tenant with a value, which the process has met. */
async function told(
  options: Parameters<typeof openFixture>[0] = {},
  wrap: (engine: Engine) => Engine = (engine) => engine,
): Promise<Told> {
  const lines: Record<string, unknown>[] = [];
  const calls: string[] = [];
  const logger: Logger = { ...silentLogger, debug: (fields) => void lines.push({ ...fields }) };
  const fixture = await openFixture({ logger, ...options }, (engine) => wrap(scripted(engine, [], calls)));
  const id = await fixture.tenant();
  const own = fixture.runner.asLibrary();
  await own.transact(id, async (tx) => tx.set(key("a"), bytes("x")));
  await own.read(id, (tx) => tx.get(key("a")));
  lines.length = 0;
  calls.length = 0;
  return { ...fixture, id, lines, calls };
}

describe("a read at once", () => {
  test("answers, asks the engine for no more than it needs, and is told of like any other", async () => {
    await using fixture = await told();
    const { runner, id, lines, calls } = fixture;
    expect(runner.readSync(id, look, callTerms("look"))).toBe("x");
    expect(calls).toEqual(["begin", "setOption", "visitKey", "visitKey", "cancel"]);
    const atOnce = lines.splice(0);
    expect(await runner.read(id, async (tx) => text(await tx.get(key("a"))), { label })).toBe("x");
    const { ms: _, ...usual } = lines[0] ?? {};
    expect(atOnce).toEqual([{ ...usual, ms: expect.any(Number) }]);
    expect(usual).toMatchObject({ tenant: id, kind: "read", operation: "look", attempts: 1, rows: 1 });
  });

  test("says nothing where nobody listens", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    expect(fixture.runner.readSync(id, (tx) => look(tx) ?? "nothing")).toBe("nothing");
  });

  test("throws what its function throws, is told of as having failed, and leaves no transaction open", async () => {
    await using fixture = await told();
    const { runner, id, lines, calls } = fixture;
    const failing = (): never => {
      throw new RangeError("no");
    };
    expect(() => runner.readSync(id, failing, callTerms("look"))).toThrow(RangeError);
    expect(lines).toMatchObject([{ operation: "look", attempts: 1, rows: 0, failure: "other" }]);
    expect(calls.at(-1)).toBe("cancel");
  });

  test("goes on with a signal that is not aborted", async () => {
    await using fixture = await told();
    expect(fixture.runner.readSync(fixture.id, look, terms({ signal: new AbortController().signal }))).toBe("x");
  });

  const open: CallPolicy = { name: "open", enter: () => undefined };
  test.each<[string, Parameters<typeof openFixture>[0], (engine: Engine) => Engine, Partial<CallTerms>]>([
    ["an engine whose reads take their time", {}, (engine) => withCapabilities(engine, { readsAtOnce: false }), {}],
    ["a policy to ask", { policies: [open] }, (engine) => engine, {}],
    ["an aborted signal", {}, (engine) => engine, { signal: AbortSignal.abort() }],
    ["attempts to count", {}, (engine) => engine, { attempts: 3 }],
    ["a deadline to watch", {}, (engine) => engine, { deadline: 1_000 }],
  ])("gives way to %s, and has asked the engine for nothing", async (_, options, wrap, call) => {
    await using fixture = await told(options, wrap);
    const { runner, id, lines, calls } = fixture;
    let ran = 0;
    expect(runner.readSync(id, () => ++ran, terms(call))).toBeUndefined();
    expect([ran, lines, calls]).toEqual([0, [], []]);
  });

  test("gives way to an operator, whom more states let in", async () => {
    await using fixture = await told();
    expect(fixture.runner.asOperator("ops").readSync(fixture.id, look)).toBeUndefined();
    expect(fixture.calls).toEqual([]);
  });

  test("gives way when its function does, untold, and leaves no transaction open", async () => {
    await using fixture = await told();
    expect(fixture.runner.readSync(fixture.id, () => undefined)).toBeUndefined();
    expect(fixture.lines).toEqual([]);
    expect(fixture.calls.at(-1)).toBe("cancel");
  });

  test("gives way while the tenant's state lets nobody read, from the moment it does to the moment it ends", async () => {
    await using fixture = await told();
    const { runner, id, calls } = fixture;
    let ran = 0;
    const counted = (tx: ReadTransaction): string | undefined => {
      ran++;
      return look(tx);
    };
    await fixture.setState(id, "quarantined");
    expect(runner.readSync(id, counted)).toBeUndefined();
    expect(await codeOf(runner.read(id, async () => {}))).toBe("TENANT_UNAVAILABLE");
    expect(ran).toBe(0);
    expect(calls).toContain("cancel");
    await fixture.setState(id, "active");
    expect(runner.readSync(id, counted)).toBe("x");
    expect(ran).toBe(1);
  });

  test("reads the tenant's state when the metadata version is another, and not again", async () => {
    await using fixture = await told();
    const { runner, id, calls } = fixture;
    await fixture.setState(id, "active");
    const looks = (): number => {
      calls.length = 0;
      runner.readSync(id, look);
      return calls.filter((call) => call === "visitKey").length;
    };
    expect([looks(), looks(), looks()]).toEqual([3, 2, 2]);
  });

  test("of a tenant that nobody knows finds it empty, at the same calls as of one that was just met", async () => {
    await using fixture = await told();
    const { runner, calls } = fixture;
    const [unknown, met] = ["a0b1c2d3-0000-4000-8000-000000000001" as TenantId, await fixture.tenant()];
    const asked = [unknown, met].map((id) => {
      calls.length = 0;
      expect(runner.readSync(id, (tx) => look(tx) ?? "nothing")).toBe("nothing");
      return [...calls];
    });
    expect(asked[0]).toEqual(asked[1]);
  });

  test("is refused once the database is closed", async () => {
    await using fixture = await told();
    await fixture.runner.close();
    expect(await codeOf(() => fixture.runner.readSync(fixture.id, look))).toBe("DATABASE_CLOSED");
    expect(fixture.calls).toEqual([]);
  });
});
