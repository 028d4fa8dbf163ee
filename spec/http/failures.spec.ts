/** Failures: who is told of them, what becomes of answers that have begun, and what a handler does to the head of one. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { Hono } from "hono";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Authenticate } from "../../lib/access/index.js";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { tenantryError } from "../../lib/errors/index.js";
import {
  expressErrors,
  expressMiddleware,
  type Failure,
  fastifyErrors,
  fastifyHook,
  honoErrors,
  tenantFetch,
  tenantMiddleware,
} from "../../lib/http/index.js";
import { open } from "../../lib/open.js";
import type { TenantId } from "../../lib/tenant/index.js";

const logged: (readonly [object, string])[] = [];
const ignore = (): void => {};
const logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (fields: object, message: string) => void logged.push([fields, message]),
};

let db: Database;
let silent: Database;
let tenant: TenantId;
beforeAll(async () => {
  db = await open({ engine: memory(), entities: [], logger });
  silent = await open({ engine: memory(), entities: [] });
  ({ id: tenant } = await db.tenants.provision({ name: "a" }));
});
afterAll(async () => {
  await db.close();
  await silent.close();
});
const written = vi.spyOn(console, "error");
beforeEach(() => {
  logged.length = 0;
  written.mockReset().mockImplementation(ignore);
});
afterAll(() => written.mockRestore());

const authenticate: Authenticate = async () => ({
  tenant,
  subject: "u1",
  roles: [],
  issuer: "test",
  expiresAt: 0,
  authenticatedAt: undefined,
  methods: [],
  assurance: undefined,
  claims: {},
});
const request = (path = `/t/${tenant}/`) => new Request(`http://x${path}`, { headers: { "x-request-id": "r1" } });
const bug = new Error("a bug");

describe("a failure", () => {
  test("is written to the log of the database, or to the console, or to whom it was given", async () => {
    expect((await tenantFetch({ db, authenticate }, () => Promise.reject(bug))(request())).status).toBe(500);
    expect(logged).toEqual([[{ requestId: "r1", status: 500, tenant, err: bug }, "a request failed"]]);
    expect(written).not.toHaveBeenCalled();

    const broken = async () => Promise.reject(bug);
    expect((await tenantFetch({ db: silent, authenticate: broken }, () => new Response())(request())).status).toBe(500);
    const fields = { requestId: "r1", status: 500, tenant: undefined, err: bug };
    expect(written.mock.calls).toEqual([["a request failed", fields]]);

    const failures: Failure[] = [];
    const onError = (failure: Failure) => void failures.push(failure);
    await tenantFetch({ db, authenticate, onError }, () => Promise.reject(bug))(request());
    expect(failures).toEqual([
      { error: bug, status: 500, requestId: "r1", principal: expect.objectContaining({ subject: "u1" }) },
    ]);
    expect(logged).toHaveLength(1);
  });

  test("is no call that its own client gave up, nor one of too many, nor what is refused", async () => {
    for (const error of [
      tenantryError("TRANSACTION_ABORTED", { attempts: 1 }),
      tenantryError("TENANT_BUSY", { waitingPerTenant: 1 }),
      tenantryError("ACCESS_DENIED", { entity: "note", action: "read" }),
      Object.assign(new Error("no"), { status: 404, expose: true }),
    ]) {
      await tenantFetch({ db, authenticate }, () => Promise.reject(error))(request());
    }
    expect(logged).toEqual([]);
  });

  test("never is a promise that rejects, whatever listeners and handlers do", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const fail = async (): Promise<never> => Promise.reject(new Error("a listener's own"));
    const options = { db, authenticate, onError: fail, onRefused: fail };
    const none = [
      undefined,
      null,
      "text",
      {},
      { status: 0 },
      { status: Number.NaN },
      { status: 600 },
      { status: "200" },
    ];
    const answers: unknown[] = [...none, Response.error(), new Response("x", { status: 200 })];
    for (const answer of answers) {
      const { status } = await tenantFetch(options, () => answer as Response)(request());
      expect([answer, status]).toEqual([answer, answer instanceof Response && answer.status === 200 ? 200 : 500]);
    }
    expect((await tenantFetch(options, () => new Response())(request("/t/x/"))).status).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(unhandled).not.toHaveBeenCalled();
    process.off("unhandledRejection", unhandled);
  });

  test("of a request that came to no door is answered and told of all the same", async () => {
    const failures: Failure[] = [];
    const options = { onError: (failure: Failure) => void failures.push(failure) };
    const app = new Hono();
    app.onError(honoErrors(options));
    app.get("/", () => Promise.reject(bug));
    const answer = await app.request("/", { headers: { "x-request-id": "r1" } });
    expect([answer.status, answer.headers.get("x-request-id"), await answer.json()]).toEqual([
      500,
      "r1",
      expect.objectContaining({ code: "INTERNAL" }),
    ]);
    expect(failures).toEqual([{ error: bug, status: 500, requestId: "r1", principal: undefined }]);
    for (const make of [honoErrors, expressErrors, fastifyErrors]) {
      expect(() => make({ onErrors: ignore } as never)).toThrow(expect.objectContaining({ code: "OPTION_UNKNOWN" }));
    }
    for (const make of [tenantMiddleware, expressMiddleware, fastifyHook]) {
      for (const [given, code] of [
        [{ db, authenticate, onErrors: ignore }, "OPTION_UNKNOWN"],
        [{ authenticate }, "AUTHENTICATOR_OPTION_INVALID"],
        [{ db }, "FUNCTION_INVALID"],
        [{ db, authenticate, onRefused: 1 }, "FUNCTION_INVALID"],
        [{ db, authenticate, onError: "log" }, "FUNCTION_INVALID"],
      ] as const) {
        expect(() => make(given as never)).toThrow(expect.objectContaining({ code }));
      }
    }
  });

  test("that Hono has answered itself is answered as everywhere, and told of once", async () => {
    for (const handler of [undefined, honoErrors(), () => new Response("secret of the application's")]) {
      logged.length = 0;
      const app = new Hono();
      if (handler !== undefined) app.onError(handler);
      app.use("*", async (c, next) => {
        c.header("access-control-allow-origin", "*");
        await next();
      });
      app.use("/t/*", tenantMiddleware({ db, authenticate }));
      app.get("/t/:tenant/", (c) => {
        c.header("set-cookie", "secret=1");
        throw bug;
      });
      const answer = await app.request(request());
      expect(await answer.json()).toMatchObject({ code: "INTERNAL" });
      expect(Object.fromEntries(answer.headers)).toEqual({
        "access-control-allow-origin": "*",
        "cache-control": "private, no-store",
        "content-type": "application/problem+json",
        vary: "Authorization, Cookie",
        "x-request-id": "r1",
      });
      expect(logged).toHaveLength(1);
    }
  });
});

test("a response that switches protocols is handed on as it is", async () => {
  const switching = Object.defineProperty(new Response(), "status", { value: 101 });
  expect(await tenantFetch({ db, authenticate }, () => switching)(request())).toBe(switching);
  const app = new Hono();
  app.use("/t/*", tenantMiddleware({ db, authenticate }));
  app.get("/t/:tenant/", () => switching);
  expect(await app.request(request())).toBe(switching);
  expect(logged).toEqual([]);
});

describe("the head of an answer", () => {
  const app = express();
  app.disable("x-powered-by");
  app.use((_request, response, next) => {
    response.setHeader("x-before", "kept");
    next();
  });
  let server: ReturnType<typeof app.listen>;
  let at = "";
  beforeAll(async () => {
    app.use("/t", expressMiddleware({ db, authenticate }));
    app.get("/t/:tenant/:how", ({ params: { how } }, response) => {
      const said = { "Cache-Control": "public", "X-Request-Id": "mine", Vary: "Accept", "X-Own": "1" };
      if (how === "object") response.writeHead(201, { ...said, "Set-Cookie": ["a=1", "b=2"] });
      if (how === "message") response.writeHead(201, "Made", { ...said, "Set-Cookie": ["a=1", "b=2"] });
      if (how === "array") {
        response.writeHead(201, [...Object.entries(said).flat(), "Set-Cookie", "a=1", "Set-Cookie", "b=2"]);
      }
      if (how === "flushed") {
        response.status(201).set(said).append("set-cookie", "a=1").append("set-cookie", "b=2").flushHeaders();
      }
      if (how === "begun") {
        response.write("begun");
        throw bug;
      }
      response.end("x");
    });
    app.use(expressErrors());
    server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/t/${tenant}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test.each(["object", "message", "array", "flushed"])(
    "is the library's, however a handler writes it: %s",
    async (how) => {
      const { status, headers } = await fetch(`${at}/${how}`, { headers: { "x-request-id": "r1" } });
      expect(status).toBe(201);
      expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
      expect(["cache-control", "x-request-id", "vary", "x-own", "x-before"].map((name) => headers.get(name))).toEqual([
        "private, no-store",
        "r1",
        "Accept, Authorization, Cookie",
        "1",
        "kept",
      ]);
    },
  );

  test("that has been sent is cut off, and the failure told of", async () => {
    const response = await fetch(`${at}/begun`);
    await expect(response.text()).rejects.toThrow();
    expect(logged.map(([fields]) => fields)).toEqual([expect.objectContaining({ err: bug, status: 500, tenant })]);
  });
});
