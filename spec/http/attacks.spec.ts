/** The attack list: over every framework, each attack gets one of two answers, letter by letter, after the same engine calls. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { denialWindowMs } from "../../lib/limits/index.js";
import { type Clock, systemClock } from "../../lib/observe/index.js";
import type { OpenOptions } from "../../lib/open-options.js";
import { tokenAttacks } from "../access/token-attacks.js";
import { type Answer, type Framework, frameworks, openStage, type Stage } from "./stage.js";

/** Timers of the audit trail wait for nobody here: what it writes is never among the calls that are compared. */
const heldClock: Clock = {
  ...systemClock,
  after: (ms, fn) => (ms === denialWindowMs ? () => {} : systemClock.after(ms, fn)),
};

let stage: Stage;
const opened = async (options: Partial<OpenOptions>): Promise<void> => {
  stage = await openStage({}, options);
  // What is read once per tenant and process is read before anything is compared.
  for (const tenant of [...Object.values(stage.closed), stage.tenant, stage.foreign]) {
    await stage.send("fetch")(`/t/${tenant}/notes`, await bearer(tenant));
  }
};

const bearer = async (tenant: string) => ({ authorization: `Bearer ${await stage.own.token({ tenant })}` });

/** Percent-encodes all of a text, `times` times. */
const encoded = (text: string, times: number): string => {
  let all = [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");
  for (let n = 1; n < times; n++) all = all.replaceAll("%", "%25");
  return all;
};

interface TenantAttack {
  /** The tenant of the token; the active one unless given. */
  readonly tenant?: (stage: Stage) => string;
  readonly path: (stage: Stage) => string;
  readonly headers?: (stage: Stage) => Readonly<Record<string, string>>;
  readonly refusedBefore?: Framework;
}

/** A valid token, and a path that it does not open. */
const tenantAttacks: Readonly<Record<string, TenantAttack>> = {
  "a foreign tenant": { path: ({ foreign }) => `/t/${foreign}/notes` },
  "a tenant of nobody": { path: ({ closed }) => `/t/${closed.unknown}/notes` },
  "a suspended tenant": { path: ({ closed }) => `/t/${closed.suspended}/notes` },
  "one's own tenant, suspended": own("suspended"),
  "one's own tenant, quarantined": own("quarantined"),
  "one's own tenant, retired": own("retired"),
  "one's own tenant, still being made": own("provisioning"),
  "one's own tenant, erased": own("erased"),
  "one's own tenant, unknown": own("unknown"),
  "a foreign tenant, in a header too": {
    path: ({ foreign }) => `/t/${foreign}/notes`,
    headers: ({ foreign }) => ({ "x-tenant": foreign, "x-tenant-id": foreign, tenant: foreign }),
  },
  "a foreign tenant, one's own in a header": {
    path: ({ foreign }) => `/t/${foreign}/notes`,
    headers: ({ tenant }) => ({ "x-tenant-id": tenant, "x-original-url": `/t/${tenant}/notes` }),
  },
  "a foreign tenant, one's own in the query": { path: ({ tenant, foreign }) => `/t/${foreign}/notes?tenant=${tenant}` },
  "up from one's own to a foreign one": { path: ({ tenant, foreign }) => `/t/${tenant}/../${foreign}/notes` },
  "up, encoded": { path: ({ tenant, foreign }) => `/t/${tenant}/%2e%2e/${foreign}/notes` },
  "up, half encoded": { path: ({ tenant, foreign }) => `/t/${tenant}/.%2E/${foreign}/notes` },
  "up, encoded slashes": { path: ({ tenant, foreign }) => `/t/${tenant}%2f..%2f${foreign}/notes` },
  "up, encoded twice": { path: ({ tenant, foreign }) => `/t/${tenant}%252f..%252f${foreign}/notes` },
  "up, with backslashes": {
    path: ({ tenant, foreign }) => `/t/${tenant}\\..\\${foreign}/notes`,
    // Its server refuses such a path before any application sees it.
    refusedBefore: "hono",
  },
  "one's own id encoded": { path: ({ tenant }) => `/t/${encoded(tenant, 1)}/notes` },
  "one's own id encoded twice": { path: ({ tenant }) => `/t/${encoded(tenant, 2)}/notes` },
  "one letter encoded": { path: ({ tenant }) => `/t/${encoded(tenant.slice(0, 1), 1)}${tenant.slice(1)}/notes` },
  "a foreign id encoded": { path: ({ foreign }) => `/t/${encoded(foreign, 1)}/notes` },
  "one's own id in uppercase": { path: ({ tenant }) => `/t/${tenant.toUpperCase()}/notes` },
  "one's own id in braces": { path: ({ tenant }) => `/t/{${tenant}}/notes` },
  "one's own id as a URN": { path: ({ tenant }) => `/t/urn:uuid:${tenant}/notes` },
  "one's own id without hyphens": { path: ({ tenant }) => `/t/${tenant.replaceAll("-", "")}/notes` },
  "one's own id with a parameter": { path: ({ tenant }) => `/t/${tenant};a=1/notes` },
  "one's own id with a zero byte": { path: ({ tenant }) => `/t/${tenant}%00/notes` },
  "one's own id with a space": { path: ({ tenant }) => `/t/${tenant}%20/notes` },
  "one's own id twice": { path: ({ tenant }) => `/t/${tenant},${tenant}/notes` },
  "an empty segment first": { path: ({ tenant }) => `/t//${tenant}/notes` },
  "an id too short": { path: ({ tenant }) => `/t/${tenant.slice(1)}/notes` },
  "no UUID": { path: () => "/t/acme/notes" },
  "the nil UUID": { path: () => "/t/00000000-0000-0000-0000-000000000000/notes" },
  "the id of a version 1": { path: ({ tenant }) => `/t/${tenant.slice(0, 14)}1${tenant.slice(15)}/notes` },
  "a prototype's name": { path: () => "/t/__proto__/notes" },
};

function own(state: keyof Stage["closed"]): TenantAttack {
  return { tenant: ({ closed }) => closed[state], path: ({ closed }) => `/t/${closed[state]}/notes` };
}

interface Observed {
  readonly answer: Answer;
  readonly calls: readonly string[];
}

/** An answer without its request id, and the engine calls behind it with the lengths of their keys. */
async function observed(
  framework: Framework,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Observed> {
  stage.engine.take();
  const { status, headers: all, body } = await stage.send(framework)(path, headers);
  const calls = stage.engine
    .take()
    .map(({ operation, kind, begin, end }) => `${operation} ${kind} ${begin.length} ${end?.length}`);
  const { "x-request-id": requestId, ...others } = all;
  expect([path, status, body, requestId]).toEqual([path, status, body, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  return { answer: { status, headers: others, body }, calls };
}

describe.each<[string, Partial<OpenOptions>]>([
  ["without an audit trail", {}],
  ["with an audit trail", { audit: {}, clock: heldClock }],
])("%s", (_, options) => {
  beforeAll(() => opened(options));
  afterAll(() => stage[Symbol.asyncDispose]());

  describe.each(frameworks)("over %s", (framework) => {
    test("who may comes in", async () => {
      const { answer } = await observed(framework, `/t/${stage.tenant}/notes`, await bearer(stage.tenant));
      expect([answer.status, answer.body]).toEqual([200, '["own"]']);
    });

    test("tokens that are not valid are one answer, without an engine call", async () => {
      const seen = new Map<string, string[]>();
      for (const [name, attack] of Object.entries(tokenAttacks)) {
        const result = await observed(framework, `/t/${stage.tenant}/notes`, await attack(stage));
        expect([name, result.calls]).toEqual([name, []]);
        const text = JSON.stringify(result.answer);
        seen.set(text, [...(seen.get(text) ?? []), name]);
      }
      expect([...seen.values()]).toEqual([Object.keys(tokenAttacks)]);
      const answer: Answer = JSON.parse([...seen.keys()][0] ?? "");
      expect(answer.status).toBe(401);
      expect(answer.headers).toMatchObject({ "www-authenticate": "Bearer", "cache-control": "private, no-store" });
      expect(JSON.parse(answer.body)).toEqual({
        type: "urn:tenantry:error:TOKEN_INVALID",
        title: "There is no valid token with the request.",
        status: 401,
        code: "TOKEN_INVALID",
        details: {},
      });
    });

    test("tenants that are not the token's, or not available, are one answer after the same engine calls", async () => {
      const seen = new Map<string, string[]>();
      const attacks = Object.entries(tenantAttacks).filter(([, attack]) => attack.refusedBefore !== framework);
      for (const [name, attack] of attacks) {
        const token = await bearer(attack.tenant?.(stage) ?? stage.tenant);
        const result = await observed(framework, attack.path(stage), { ...token, ...attack.headers?.(stage) });
        const text = JSON.stringify(result);
        seen.set(text, [...(seen.get(text) ?? []), name]);
      }
      expect([...seen.values()]).toEqual([attacks.map(([name]) => name)]);
      const { answer, calls }: Observed = JSON.parse([...seen.keys()][0] ?? "");
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body)).toMatchObject({ code: "TENANT_UNAVAILABLE", details: {} });
      expect(calls.filter((call) => call.includes("asked"))).toHaveLength(1);
    });
  });

  test("what a server refuses by itself tells nothing of tenants either", async () => {
    const named = Object.values(tenantAttacks).filter(({ refusedBefore }) => refusedBefore !== undefined);
    expect(named).toHaveLength(1);
    for (const { path, refusedBefore = "hono" } of named) {
      stage.engine.take();
      const token = await bearer(stage.tenant);
      const there = await stage.send(refusedBefore)(path(stage), token);
      const nowhere = await stage.send(refusedBefore)(path({ ...stage, foreign: stage.closed.unknown }), token);
      expect(there).toEqual(nowhere);
      expect(there.status).toBe(400);
      expect(stage.engine.take()).toEqual([]);
    }
  });

  test("the reason is for the log alone", async () => {
    stage.refusals.length = 0;
    const send = stage.send("fetch");
    await send(`/t/${stage.tenant}/notes`, { authorization: "Bearer x", "x-request-id": "r-1" });
    await send(`/t/${stage.foreign}/notes`, await bearer(stage.tenant));
    await send(`/t/${stage.closed.suspended}/notes`, await bearer(stage.closed.suspended));
    expect(stage.refusals.map(({ reason, principal }) => [reason, principal?.tenant])).toEqual([
      ["token", undefined],
      ["foreign", stage.tenant],
      ["unavailable", stage.closed.suspended],
    ]);
    expect(stage.refusals[0]).toMatchObject({
      requestId: "r-1",
      error: { code: "TOKEN_INVALID", cause: expect.anything() },
    });
  });
});
