/** The four adapters are one: what is answered stands in one table, and is the same on Hono, Express, Fastify and fetch. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { jwtAuthenticator, requireMfa } from "../../lib/access/index.js";
import { tenantryError } from "../../lib/errors/index.js";
import type { TenantDoorOptions } from "../../lib/http/index.js";
import { runs } from "../runs.js";
import { type Answer, frameworks, type More, openStage, type Sent, type Stage } from "./stage.js";

/** What a header of the request makes of `authenticate`, whoever asks. */
const authenticateOr =
  (stage: () => Stage): TenantDoorOptions["authenticate"] =>
  async (head) => {
    const wish = head.headers.get("x-wish");
    if (wish === "bug") throw new Error("secret: in authenticate");
    if (wish === "refused") throw Object.assign(new Error("secret: refused"), { status: 418, expose: true });
    if (wish === "down") throw tenantryError("TOKEN_KEYS_UNAVAILABLE", {}, { cause: new Error("secret: a cause") });
    if (wish === "nobody") return undefined as never;
    const principal = await jwtAuthenticator([stage().own.options, stage().other.options])(head);
    if (wish === "strong") requireMfa(principal);
    return principal;
  };

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ authenticate: authenticateOr(() => stage) });
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  stage.failures.length = 0;
});

const bearer = async (claims: Readonly<Record<string, unknown>> = {}) => `Bearer ${await stage.own.token(claims)}`;

function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "hostile";
  }
}

/** What a framework or its server says by itself. */
const framing = ["content-length", "transfer-encoding", "x-powered-by"];

interface Observed {
  readonly answer: Answer;
  /** The status and the text of what was told to `onError`. */
  readonly told: readonly string[];
}

/** One request to all four; what they said, which is one thing. */
async function ask(path: string, headers: Sent, more: More = {}): Promise<Observed> {
  const seen: Observed[] = [];
  for (const framework of frameworks) {
    stage.failures.length = 0;
    const {
      status,
      headers: all,
      body,
    } = await stage.send(framework)(path, { "x-request-id": "r1", ...headers }, more);
    const isProblem = all["content-type"] === "application/problem+json";
    const told = stage.failures.map((failure) => {
      expect(failure.requestId).toBe(all["x-request-id"]);
      return `${failure.status} ${failure.principal?.subject} ${textOf(failure.error)}`;
    });
    // What a handler answers is written in the framework's own way.
    const kept = isProblem
      ? Object.keys(all).filter((name) => !framing.includes(name))
      : ["cache-control", "vary", "x-own"];
    const said = Object.fromEntries(kept.map((name) => [name, all[name] ?? ""]));
    seen.push({ answer: { status, headers: { ...said, "x-request-id": all["x-request-id"] ?? "" }, body }, told });
    expect([framework, JSON.stringify(all), body]).toEqual([
      framework,
      expect.not.stringContaining("secret"),
      expect.not.stringContaining("secret"),
    ]);
    expect([framework, seen.at(-1)]).toEqual([framework, seen[0]]);
  }
  return seen[0] as Observed;
}

interface Row {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly told: boolean;
}

function tableOfGuide(): ReadonlyMap<string, Row> {
  const text = readFileSync(resolve(import.meta.dirname, "../../docs/guides/access.md"), "utf8");
  const [, section = ""] = text.split("### What is answered");
  const [table = ""] = section.split("\n- ");
  const rows = [...table.matchAll(/^\| (.+?) \| (.*?) \| ?(.*?) ?\| ?(.*?) ?\|$/gm)].slice(2);
  return new Map(
    rows.map(([, what = "", status = "", code = "", told]) => [
      what,
      { status: Number(status) || undefined, code: code || undefined, told: told === "yes" },
    ]),
  );
}

type Asking = readonly [path: string, headers: Sent, more?: More, status?: number];
const json = { "content-type": "application/json" };

/** For each line of the table, requests for which it is so. */
const scenarios: Readonly<Record<string, () => Promise<readonly Asking[]>>> = {
  "the handler answers": async () => {
    const authorization = await bearer();
    const path = (name: string) => `/t/${stage.tenant}/${name}`;
    return [
      [path("notes"), { authorization }, {}, 200],
      [path("own"), { authorization }, {}, 200],
      [path("body"), { authorization, ...json }, { method: "POST", body: '{"a":1}' }, 200],
    ];
  },
  "there is no token, or none that is valid": async () => [
    [`/t/${stage.tenant}/notes`, {}],
    [`/t/${stage.tenant}/notes`, { authorization: "Bearer x" }],
    [`/t/${stage.tenant}/notes`, { authorization: await bearer({ exp: 1 }) }],
    [`/t/${stage.foreign}/notes`, { authorization: "" }],
  ],
  "there are two `Authorization` headers": async () => {
    const good = await bearer();
    return [
      [`/t/${stage.tenant}/notes`, { authorization: [good, good] }],
      [`/t/${stage.tenant}/notes`, { authorization: [good, "Bearer x"] }],
      [`/t/${stage.tenant}/notes`, { Authorization: good, authorization: "Basic x" }],
    ];
  },
  "the sign-in is too weak for `requireMfa`": async () => [
    [`/t/${stage.tenant}/strict`, { authorization: await bearer() }],
    [`/t/${stage.tenant}/notes`, { authorization: await bearer(), "x-wish": "strong" }],
  ],
  "the path names another tenant, or the tenant is not available": async () => [
    [`/t/${stage.foreign}/notes`, { authorization: await bearer() }],
    [`/t/${stage.closed.suspended}/notes`, { authorization: await bearer({ tenant: stage.closed.suspended }) }],
  ],
  "the roles do not permit it": async () => [[`/t/${stage.tenant}/new`, { authorization: await bearer() }]],
  "there is no such record": async () => [[`/t/${stage.tenant}/missing`, { authorization: await bearer() }]],
  "the schema refuses the record": async () => [[`/t/${stage.tenant}/invalid`, { authorization: await bearer() }]],
  "the body is no JSON": async () => {
    const headers = { authorization: await bearer(), ...json };
    return ["{", "secret", '{"a":secret}', '"\u0000'].map(
      (body): Asking => [`/t/${stage.tenant}/body`, headers, { method: "POST", body }],
    );
  },
  "the body is larger than the framework takes": async () => {
    const body = JSON.stringify("x".repeat(2_000));
    return [[`/t/${stage.tenant}/body`, { authorization: await bearer(), ...json }, { method: "POST", body }]];
  },
  "an error that the framework or `http-errors` means for clients": async () => [
    [`/t/${stage.tenant}/conflict`, { authorization: await bearer() }, {}, 409],
    [`/t/${stage.tenant}/notes`, { "x-wish": "refused" }, {}, 418],
  ],
  "a rate is used up": async () => [[`/t/${stage.tenant}/rate`, { authorization: await bearer() }]],
  "the issuer's keys cannot be fetched": async () => [
    [`/t/${stage.tenant}/notes`, { "x-wish": "down" }],
    [`/t/${stage.tenant}/down`, { authorization: await bearer() }],
  ],
  "a handler throws anything else": async () => {
    const headers = { authorization: await bearer() };
    return ["bug", "odd", "hostile", "upstream", "usage", "late"].map(
      (name): Asking => [`/t/${stage.tenant}/${name}`, headers],
    );
  },
  "`authenticate` throws anything else": async () => [
    [`/t/${stage.tenant}/notes`, { "x-wish": "bug" }],
    [`/t/${stage.foreign}/notes`, { "x-wish": "nobody" }],
  ],
};

describe("the table of the guide", () => {
  const table = tableOfGuide();

  test("has a line for everything that can happen", () => {
    expect([...table.keys()]).toEqual(Object.keys(scenarios));
  });

  test.each(Object.keys(scenarios))("holds on all four: %s", async (what) => {
    const row = table.get(what);
    for (const [path, headers, more, status = row?.status] of (await scenarios[what]?.()) ?? []) {
      const { answer, told } = await ask(path, headers, more);
      const problem: unknown = row?.code === undefined ? {} : JSON.parse(answer.body);
      expect([path, answer.status, problem]).toEqual([
        path,
        status,
        row?.code === undefined ? {} : expect.objectContaining({ code: row.code, status }),
      ]);
      expect(told).toHaveLength(row?.told === true ? 1 : 0);
      expect(answer.headers).toMatchObject({
        "x-request-id": "r1",
        "cache-control": "private, no-store",
        vary: expect.stringMatching(/Authorization/),
      });
    }
  });
});

test("what a handler says of an answer gives way to the library, and what it says of one that fails is gone", async () => {
  const authorization = await bearer();
  const { answer } = await ask(`/t/${stage.tenant}/own`, { authorization });
  expect(answer.headers).toEqual({
    "cache-control": "private, no-store",
    vary: "Accept, Cookie, Authorization",
    "x-own": "kept",
    "x-request-id": "r1",
  });
  const late = await ask(`/t/${stage.tenant}/late`, { authorization });
  expect(Object.keys(late.answer.headers).sort()).toEqual(["cache-control", "content-type", "vary", "x-request-id"]);
});

test("the four answer alike, whatever is asked", async () => {
  const tokens = [
    await bearer(),
    await bearer({ roles: ["author"] }),
    await bearer({ tenant: stage.foreign }),
    "Bearer x",
    "",
  ];
  const names = [
    "notes",
    "strict",
    "own",
    "late",
    "bug",
    "odd",
    "hostile",
    "conflict",
    "missing",
    "rate",
    "usage",
    "down",
  ];
  const asking = fc.record({
    tenant: fc.constantFrom(stage.tenant, stage.foreign, stage.closed.suspended, stage.closed.unknown, "x"),
    name: fc.constantFrom(...names),
    query: fc.constantFrom("", "?a=1", "?tenant=x#y"),
    authorization: fc.array(fc.constantFrom(...tokens), { maxLength: 2 }),
    wish: fc.constantFrom(undefined, undefined, undefined, "bug", "refused", "down", "nobody", "strong"),
    id: fc.constantFrom("r1", "a b", "x".repeat(129), "Zz.:-_9"),
    body: fc.option(
      fc.oneof(
        fc.json(),
        fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 30 }),
        fc.constant("x".repeat(1_500)),
      ),
    ),
  });
  await fc.assert(
    fc.asyncProperty(asking, async ({ tenant, name, query, authorization, wish, id, body }) => {
      const headers: Record<string, string | readonly string[]> = { authorization };
      // An id that cannot be kept is replaced by one of each adapter's own.
      if (/^[\w.:-]{1,128}$/.test(id)) headers["x-request-id"] = id;
      if (wish !== undefined) headers["x-wish"] = wish;
      if (body === null) await ask(`/t/${tenant}/${name}${query}`, headers);
      else await ask(`/t/${tenant}/body`, { ...headers, ...json }, { method: "POST", body });
    }),
    { numRuns: runs(60) },
  );
});
