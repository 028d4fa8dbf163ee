/** The middlewares, for those who may come in: scopes, request ids, errors of handlers, and what is not theirs. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jwtAuthenticator, requireMfa } from "../../lib/access/index.js";
import { isTenantryError, tenantryError } from "../../lib/errors/index.js";
import { problemResponse, requestScope, tenantFetch, tenantMiddleware } from "../../lib/http/index.js";
import { Note } from "../access/notes.js";
import { frameworks, openStage, type Stage } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const bearer = async (claims: Readonly<Record<string, unknown>> = {}) => ({
  authorization: `Bearer ${await stage.own.token(claims)}`,
});

describe.each(frameworks)("over %s", (framework) => {
  test("a request id is kept when it can be, and made otherwise", async () => {
    const send = stage.send(framework);
    const path = `/t/${stage.tenant}/notes`;
    const idFor = async (given: string) =>
      (await send(path, { ...(await bearer()), "x-request-id": given })).headers["x-request-id"];
    expect(await idFor("req-1.a:b")).toBe("req-1.a:b");
    for (const bad of ["a b", 'a"b', "x".repeat(129)]) expect(await idFor(bad)).toMatch(/^[0-9a-f-]{36}$/);
    expect((await send(path, { "x-request-id": "r2" })).headers["x-request-id"]).toBe("r2");
  });

  test("errors of handlers are answered as problems, with the request's id", async () => {
    const send = stage.send(framework);
    const denied = await send(`/t/${stage.tenant}/new`, { ...(await bearer()), "x-request-id": "r3" });
    expect([denied.status, denied.headers["content-type"], denied.headers["x-request-id"]]).toEqual([
      403,
      expect.stringContaining("application/problem+json"),
      "r3",
    ]);
    expect(JSON.parse(denied.body)).toMatchObject({
      code: "ACCESS_DENIED",
      details: { entity: "note", action: "create" },
    });
    const made = await send(`/t/${stage.tenant}/new`, await bearer({ roles: ["author"] }));
    expect([made.status, JSON.parse(made.body)]).toEqual([200, expect.objectContaining({ id: 9 })]);
    await stage.db.tenant(stage.tenant).repository(Note).delete(9);
  });

  test("a tenant that is read only is read, and not written", async () => {
    const send = stage.send(framework);
    const token = await bearer({ tenant: stage.readOnly, roles: ["author"] });
    expect((await send(`/t/${stage.readOnly}/notes`, token)).body).toBe('["quiet"]');
    const refused = await send(`/t/${stage.readOnly}/new`, token);
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([404, "TENANT_UNAVAILABLE"]);
  });

  test("a tenant suspended meanwhile is gone with the next request, and back with a later one", async () => {
    const send = stage.send(framework);
    const { id } = await stage.db.tenants.provision({ name: "for a while" });
    const status = async () => (await send(`/t/${id}/notes`, await bearer({ tenant: id }))).status;
    expect(await status()).toBe(200);
    await stage.setState(id, "suspended");
    expect(await status()).toBe(404);
    await stage.setState(id, "active");
    expect(await status()).toBe(200);
  });
});

test("the path may be another, or none when the token alone decides", async () => {
  const authenticate = async () => ({
    tenant: stage.tenant,
    subject: "u1",
    roles: [],
    issuer: "test",
    expiresAt: 0,
    authenticatedAt: undefined,
    methods: [],
    assurance: undefined,
    claims: {},
  });
  const status = async (path: string | false, url: string) => {
    const handle = tenantFetch({ db: stage.db, authenticate, path }, (request, scope) => {
      expect(requestScope(request)).toBe(scope);
      expect(scope.tenant.context).toMatchObject({ tenant: stage.tenant, subject: "u1", requestId: scope.requestId });
      return new Response("in");
    });
    return (await handle(new Request(`http://x${url}`))).status;
  };
  expect(await status("/api/v1/:tenant", `/api/v1/${stage.tenant}`)).toBe(200);
  expect(await status("/api/v1/:tenant", `/api/v2/${stage.tenant}`)).toBe(404);
  expect(await status("/:tenant", `/${stage.tenant}/a/b?c`)).toBe(200);
  expect(await status(false, "/anything")).toBe(200);
  for (const path of ["t/:tenant", "/t", "/t/:tenant/x", "", "/t/x:tenant"]) {
    const made = () => tenantMiddleware({ db: stage.db, authenticate, path });
    expect(made).toThrow(expect.objectContaining({ code: "AUTHENTICATOR_OPTION_INVALID" }));
  }
});

test("a request that passed no middleware has no scope", () => {
  try {
    requestScope({});
    expect.unreachable();
  } catch (error) {
    expect(isTenantryError(error, "REQUEST_SCOPE_MISSING")).toBe(true);
  }
});

test("a stronger sign-in is asked for in the words of RFC 9470", async () => {
  const handle = tenantFetch(
    { db: stage.db, authenticate: jwtAuthenticator(stage.own.options) },
    (_request, { principal }) => {
      requireMfa(principal, { assurances: ["urn:a", 'b"c'], maxAgeMs: 300_000 });
      return new Response("in");
    },
  );
  const request = new Request(`http://x/t/${stage.tenant}`, { headers: await bearer() });
  const response = await handle(request);
  expect([response.status, response.headers.get("www-authenticate")]).toEqual([
    401,
    'Bearer error="insufficient_user_authentication", acr_values="urn:a bc", max_age="300"',
  ]);
});

test("no cause, and nothing of another's, leaves with a problem", async () => {
  const error = tenantryError("TOKEN_INVALID", {}, { cause: new Error("kid k9 of https://id.example") });
  const response = problemResponse(error, "r1");
  expect(await response.text()).not.toContain("k9");
  expect(problemResponse(new Error("secret"), "r1").status).toBe(500);
});
