/** Requests that come with a session's token, and requests whose roles come from membership. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { sessionAuthenticator, type TenantDoorOptions, tenantFetch } from "../../lib/http/index.js";
import { open } from "../../lib/open.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { neighbours } from "../repository/shelf.js";

let db: Database;
let own: Tenant;
let other: Tenant;
beforeAll(async () => {
  db = await open({ engine: memory(), entities: [] });
  [own, other] = await neighbours(db);
});
afterAll(() => db.close());

const service = (options: Partial<TenantDoorOptions> = {}) =>
  tenantFetch({ db, authenticate: sessionAuthenticator({ db }), ...options }, (_request, { context, principal }) =>
    Response.json({ subject: context.subject, roles: context.roles, issuer: principal.issuer }),
  );
const ask = async (
  headers: Readonly<Record<string, string>>,
  tenant = own,
  options: Partial<TenantDoorOptions> = {},
) => {
  const response = await service(options)(new Request(`http://x/t/${tenant.id}/`, { headers }));
  return { status: response.status, body: await response.json() };
};

describe("a session's token", () => {
  test("comes in a cookie or as a bearer token, and is good for its tenant", async () => {
    const { token } = await own.sessions.create({ subject: "ada", roles: ["author"] });
    const known = { status: 200, body: { subject: "ada", roles: ["author"], issuer: "session" } };
    expect(await ask({ cookie: `a=b; __Host-session=${token}; c` })).toEqual(known);
    expect(await ask({ authorization: `Bearer ${token}` })).toEqual(known);
    expect((await ask({ authorization: `Bearer ${token}` }, other)).status).toBe(404);
    await own.sessions.revokeAll("ada");
    expect((await ask({ cookie: `__Host-session=${token}` })).body).toMatchObject({ code: "TOKEN_INVALID" });
  });

  test("that is missing, double or made up is one answer", async () => {
    const { token } = await own.sessions.create({ subject: "ada" });
    const forged = `${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`;
    const elsewhere = await other.sessions.create({ subject: "ada" });
    const answers = await Promise.all(
      [
        {},
        { cookie: "" },
        { cookie: `other=${token}` },
        { cookie: `__Host-session=${token}; __Host-session=${token}` },
        { cookie: `__Host-session=${forged}` },
        { cookie: `__Host-session=${elsewhere.token.slice(0, 30)}${token.slice(30)}` },
        { authorization: `Basic ${token}` },
        { authorization: `Bearer ${token}.x` },
        { authorization: `Bearer ${token}, Bearer ${token}` },
        // A header that is none does not make way for a cookie.
        { authorization: "Basic x", cookie: `__Host-session=${token}` },
        { cookie: `session=${token}` },
        { cookie: `__Host-session=${token}`, "sec-fetch-site": "cross-site" },
      ].map((headers) => ask(headers)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
    await own.sessions.revokeAll("ada");
  });

  test("in a cookie counts where the service's own pages sent it, and nobody else's", async () => {
    const { token } = await own.sessions.create({ subject: "ada" });
    const link = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    const cross = { "sec-fetch-site": "cross-site" };
    const cases: readonly (readonly [status: number, method: string, headers: Readonly<Record<string, string>>])[] = [
      // No browser, or an old one.
      [200, "GET", {}],
      [200, "POST", {}],
      [200, "POST", { origin: "https://x" }],
      [200, "POST", { origin: "http://x" }],
      [401, "POST", { origin: "https://evil.example" }],
      [401, "POST", { origin: "https://x.evil.example" }],
      [401, "POST", { origin: "https://x:8443" }],
      [401, "GET", { origin: "https://evil.example" }],
      [401, "POST", { origin: "null" }],
      [401, "POST", { origin: "" }],
      // One that says it.
      [200, "POST", { "sec-fetch-site": "same-origin", origin: "https://x" }],
      [200, "POST", { "sec-fetch-site": "same-origin", origin: "https://behind-a-proxy" }],
      [200, "GET", { "sec-fetch-site": "none", ...link }],
      [401, "POST", { ...cross, origin: "https://evil.example" }],
      [401, "POST", { ...cross, origin: "https://x" }],
      [401, "GET", cross],
      [401, "GET", { ...cross, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" }],
      [401, "GET", { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }],
      [401, "GET", { "sec-fetch-site": "unheard-of" }],
      // A link that is followed; not a frame, and not a form.
      [200, "GET", { ...cross, ...link }],
      [200, "GET", { "sec-fetch-site": "same-site", ...link }],
      [401, "GET", { ...cross, ...link, "sec-fetch-dest": "iframe" }],
      [401, "POST", { ...cross, ...link, origin: "https://evil.example" }],
      // Those that are named.
      [200, "POST", { ...cross, origin: "https://app.example" }],
      [200, "POST", { origin: "https://app.example" }],
      [401, "POST", { origin: "https://app.example.evil" }],
    ];
    const handle = service({ authenticate: sessionAuthenticator({ db, origins: ["https://app.example"] }) });
    for (const [status, method, headers] of cases) {
      const send = async (carried: Readonly<Record<string, string>>) => {
        const head = { method, headers: { host: "x", ...headers, ...carried } };
        return (await handle(new Request(`http://x/t/${own.id}/`, head))).status;
      };
      expect([headers, method, await send({ cookie: `__Host-session=${token}` })]).toEqual([headers, method, status]);
      // What no browser adds by itself is nobody else's.
      expect(await send({ authorization: `Bearer ${token}` })).toBe(200);
    }
    for (const origins of [["https://app.example/"], ["app.example"], ["null"], [1], "https://app.example"]) {
      expect(() => sessionAuthenticator({ db, origins: origins as never })).toThrow(
        expect.objectContaining({ code: "AUTHENTICATOR_OPTION_INVALID" }),
      );
    }
    await own.sessions.revokeAll("ada");
  });

  test("may come in another cookie, or in none", async () => {
    const { token } = await own.sessions.create({ subject: "ada" });
    const named = { authenticate: sessionAuthenticator({ db, cookie: "__Host-s" }) };
    expect((await ask({ cookie: `__Host-s=${token}` }, own, named)).status).toBe(200);
    const bare = { authenticate: sessionAuthenticator({ db, cookie: false }) };
    expect((await ask({ cookie: `__Host-session=${token}` }, own, bare)).status).toBe(401);
    expect(() => sessionAuthenticator({ db, cookie: "a b" })).toThrow(
      expect.objectContaining({ code: "AUTHENTICATOR_OPTION_INVALID" }),
    );
  });
});

describe("roles from membership", () => {
  test("are read with each request, and who is no member is told there is no such tenant", async () => {
    const { token } = await own.sessions.create({ subject: "eve", roles: ["administrator"] });
    const headers = { cookie: `__Host-session=${token}` };
    const options = { roles: "members" } as const;
    const foreign = await ask(headers, other);
    expect(await ask(headers, own, options)).toEqual(foreign);
    await own.members.add("eve", ["reader"]);
    expect((await ask(headers, own, options)).body).toMatchObject({ subject: "eve", roles: ["reader"] });
    await own.members.setRoles("eve", []);
    expect((await ask(headers, own, options)).body).toMatchObject({ roles: [] });
  });

  test("may be kept for a stated time", async () => {
    const { token } = await own.sessions.create({ subject: "kim" });
    await own.members.add("kim", ["reader"]);
    const handle = service({ roles: "members", membersCacheMs: 60_000 });
    const rolesOf = async () => {
      const headers = { cookie: `__Host-session=${token}` };
      const answer: unknown = await (await handle(new Request(`http://x/t/${own.id}/`, { headers }))).json();
      return answer;
    };
    expect(await rolesOf()).toMatchObject({ roles: ["reader"] });
    await own.members.setRoles("kim", ["author"]);
    expect(await rolesOf()).toMatchObject({ roles: ["reader"] });
    for (const membersCacheMs of [-1, 60_001, Number.NaN]) {
      expect(() => service({ roles: "members", membersCacheMs })).toThrow(
        expect.objectContaining({ code: "AUTHENTICATOR_OPTION_INVALID" }),
      );
    }
  });
});
