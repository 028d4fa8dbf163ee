/** An idempotency key used again with another payload is an error, and never the first answer. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idempotencyPayloadBytesMax } from "../../lib/limits/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { payloadPrint } from "../../lib/transaction/call/payload-print.js";
import type { TransactionOptions, TransactionRunner } from "../../lib/transaction/index.js";
import { codeOf, count, dump, hastyClock, increment, key, lost, openFixture, scripted } from "./fixture.js";

interface Label {
  readonly entity: string | undefined;
  readonly operation: string | undefined;
}
const unnamed: Label = { entity: undefined, operation: undefined };
const print = (payload: unknown, label = unnamed): string =>
  Buffer.from(payloadPrint(label, payload) ?? []).toString("hex");

const charge = <T>(runner: TransactionRunner, id: TenantId, value: T, options: TransactionOptions): Promise<T> =>
  runner.transact(
    id,
    async (tx) => {
      increment(tx, key("charges"));
      return value;
    },
    { idempotencyKey: "k", ...options },
  );
const charges = async (runner: TransactionRunner, id: TenantId): Promise<number> =>
  count(await runner.read(id, (tx) => tx.get(key("charges"))));

/** The same value, its objects' fields the other way round, and some that are undefined. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, turned(field)] as const);
  return { ...(Object.hasOwn(value, "none") ? {} : { none: undefined }), ...Object.fromEntries(fields.reverse()) };
}

describe("the print of a payload", () => {
  test("is refused to a field with the name of the prototype", () => {
    expect(() => print(JSON.parse('[{"__proto__": 1}]'))).toThrow(
      expect.objectContaining({ code: "TRANSACTION_OPTION_INVALID" }),
    );
  });

  // JSON does not tell 0 and -0 apart; what is stored does, and it has no field with the name of the prototype.
  const json = fc
    .jsonValue()
    .map((value) => JSON.stringify(value))
    .filter((text) => !text.includes('"__proto__"'))
    .map((text): unknown => JSON.parse(text));

  test("is the same for the same data in any order", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(print(turned(value))).toBe(print(value));
      }),
    );
  });

  test("is another for other data", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = JSON.stringify(turned(turned(a))) === JSON.stringify(turned(turned(b)));
        if (!same && print(a) === print(b)) expect(turned(turned(a))).toEqual(turned(turned(b)));
        if (print(a) !== print(b)) expect(a).not.toEqual(b);
      }),
    );
    const values = [undefined, null, 0, 1, 1n, "1", "", [], [[]], {}, { a: 1 }, { b: 1 }, { a: [1, 2] }, { a: [2, 1] }];
    const prints = values.slice(2).map((value) => print(value));
    expect(new Set(prints).size).toBe(prints.length);
  });

  test("tells operations and entities apart, also where texts run into each other", () => {
    const labels = [
      { entity: "a", operation: "b" },
      { entity: "ab", operation: undefined },
      { entity: undefined, operation: "ab" },
      unnamed,
    ];
    const prints = labels.map((label) => print({ cents: 1 }, label));
    expect(new Set(prints).size).toBe(labels.length);
    expect(payloadPrint(unnamed, undefined)).toBeUndefined();
    expect(payloadPrint({ entity: "a", operation: undefined }, undefined)).toHaveLength(8);
  });

  test("is of what was read once", () => {
    let reads = 0;
    const shifty = {
      get cents() {
        reads += 1;
        return reads;
      },
    };
    expect(print(shifty)).toBe(print({ cents: 1 }));
    expect(reads).toBe(1);
  });
});

describe("an idempotency key", () => {
  test("gives the first answer for the same payload, in any process", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const payload = { to: "b", cents: 10, tags: ["x"] };
    expect(await charge(fixture.runner, id, "first", { idempotencyPayload: payload })).toBe("first");
    const again = { idempotencyPayload: turned(payload) };
    expect(await charge(fixture.runner, id, "second", again)).toBe("first");
    expect(await charge(fixture.another().runner, id, "third", again)).toBe("first");
    expect(await charges(fixture.runner, id)).toBe(1);
  });

  test("is refused for another payload, and runs and writes nothing", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    await charge(fixture.runner, id, "first", { idempotencyPayload: { cents: 10 } });
    const before = await dump(fixture.engine);
    let ran = false;
    const other = fixture.another().runner.transact(
      id,
      async () => {
        ran = true;
      },
      { idempotencyKey: "k", idempotencyPayload: { cents: 11 } },
    );
    await expect(other).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED", family: "conflict", details: {} });
    expect(ran).toBe(false);
    expect(await dump(fixture.engine)).toEqual(before);
    // Under another key, or of another tenant, it is another piece of work.
    const cents = { idempotencyPayload: { cents: 11 } };
    expect(await charge(fixture.runner, id, "other", { ...cents, idempotencyKey: "k2" })).toBe("other");
    expect(await charge(fixture.runner, await fixture.tenant(), "theirs", cents)).toBe("theirs");
  });

  test("is refused for another operation of the program", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const label = (operation: string) => ({ label: { operation } });
    expect(await charge(fixture.runner, id, "charged", label("charge"))).toBe("charged");
    expect(await charge(fixture.runner, id, "again", label("charge"))).toBe("charged");
    expect(await codeOf(charge(fixture.runner, id, "refunded", label("refund")))).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  test("counts alone where one of the calls does not say what it is asked for", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    expect(await charge(fixture.runner, id, "first", {})).toBe("first");
    expect(await charge(fixture.runner, id, "second", { idempotencyPayload: 1 })).toBe("first");
    const other = { idempotencyKey: "k2" };
    expect(await charge(fixture.runner, id, "first", { ...other, idempotencyPayload: 1 })).toBe("first");
    expect(await charge(fixture.runner, id, "second", other)).toBe("first");
  });

  test("of two requests at once belongs to one, and the other is refused", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const runners = [fixture.runner, fixture.another().runner];
    const calls = runners.flatMap((runner, at) =>
      Array.from({ length: 5 }, () => charge(runner, id, at, { idempotencyPayload: at }).catch((error) => error.code)),
    );
    const answers = await Promise.all(calls);
    const [winner] = answers.filter((answer) => typeof answer === "number");
    expect(answers).toEqual(
      answers.map((_, at) => (Math.floor(at / 5) === winner ? winner : "IDEMPOTENCY_KEY_REUSED")),
    );
    expect(await charges(fixture.runner, id)).toBe(1);
  });

  test("settles a lost commit of its own with a payload, too", async () => {
    await using fixture = await openFixture({ clock: hastyClock }, (engine) => scripted(engine, [lost(1021)]));
    const id = await fixture.tenant();
    expect(await charge(fixture.runner, id, "paid", { idempotencyPayload: { cents: 1 } })).toBe("paid");
    expect(await charges(fixture.runner, id)).toBe(1);
  });

  test.each([
    ["a function", () => 1],
    ["an instance", new (class Money {})()],
    ["too much", "x".repeat(idempotencyPayloadBytesMax)],
  ])("takes no payload that is %s", async (_name, idempotencyPayload) => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const refused = { code: "TRANSACTION_OPTION_INVALID", details: { option: "idempotencyPayload" } };
    await expect(charge(fixture.runner, id, 1, { idempotencyPayload })).rejects.toMatchObject(refused);
    const keyless = fixture.runner.transact(id, async () => {}, { idempotencyPayload: 1 });
    await expect(keyless).rejects.toMatchObject(refused);
  });
});
