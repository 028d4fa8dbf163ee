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
    expect(await ask({ cookie: `a=b; session=${token}; c` })).toEqual(known);
    expect(await ask({ authorization: `Bearer ${token}` })).toEqual(known);
    expect((await ask({ authorization: `Bearer ${token}` }, other)).status).toBe(404);
    await own.sessions.revokeAll("ada");
    expect((await ask({ cookie: `session=${token}` })).body).toMatchObject({ code: "TOKEN_INVALID" });
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
        { cookie: `session=${token}; session=${token}` },
        { cookie: `session=${forged}` },
        { cookie: `session=${elsewhere.token.slice(0, 30)}${token.slice(30)}` },
        { authorization: `Basic ${token}` },
        { authorization: `Bearer ${token}.x` },
      ].map((headers) => ask(headers)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
    await own.sessions.revokeAll("ada");
  });

  test("may come in another cookie, or in none", async () => {
    const { token } = await own.sessions.create({ subject: "ada" });
    const named = { authenticate: sessionAuthenticator({ db, cookie: "__Host-s" }) };
    expect((await ask({ cookie: `__Host-s=${token}` }, own, named)).status).toBe(200);
    const bare = { authenticate: sessionAuthenticator({ db, cookie: false }) };
    expect((await ask({ cookie: `session=${token}` }, own, bare)).status).toBe(401);
    expect(() => sessionAuthenticator({ db, cookie: "a b" })).toThrow(
      expect.objectContaining({ code: "AUTHENTICATOR_OPTION_INVALID" }),
    );
  });
});

describe("roles from membership", () => {
  test("are read with each request, and who is no member is told there is no such tenant", async () => {
    const { token } = await own.sessions.create({ subject: "eve", roles: ["administrator"] });
    const headers = { cookie: `session=${token}` };
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
      const headers = { cookie: `session=${token}` };
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
