/** One service on every framework there is an adapter for, over real HTTP and without, with tenants in every state. */

import { request as nodeRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { serve } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { allow, jwtAuthenticator, type Principal, requireMfa, roles } from "../../lib/access/index.js";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import { tenantryError } from "../../lib/errors/index.js";
import {
  expressErrors,
  expressMiddleware,
  type Failure,
  fastifyErrors,
  fastifyHook,
  honoErrors,
  type Refusal,
  type RequestScope,
  requestScope,
  type TenantDoorOptions,
  type TenantVariables,
  tenantFetch,
  tenantMiddleware,
} from "../../lib/http/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { open } from "../../lib/open.js";
import type { OpenOptions } from "../../lib/open-options.js";
import type { TenantId, TenantState } from "../../lib/tenant/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";
import { SystemRunner, TransactionHost } from "../../lib/transaction/index.js";
import { type Issuer, issuer } from "../access/issuer.js";
import { Note, note } from "../access/notes.js";

/** What a client gets. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
/** A request's headers: one that is sent several times has an array. */
export type Sent = Readonly<Record<string, string | readonly string[]>>;
/** What a request may have besides. */
export interface More {
  readonly method?: string;
  readonly body?: string;
}
/** Sends a request whose path goes out as it is. */
export type Send = (path: string, headers?: Sent, more?: More) => Promise<Answer>;

export const frameworks = ["fetch", "hono", "express", "fastify"] as const;
export type Framework = (typeof frameworks)[number];

export interface Stage extends AsyncDisposable {
  readonly engine: RecordingEngine;
  readonly db: Database;
  readonly own: Issuer;
  readonly other: Issuer;
  /** Active tenants, the first the issuers' usual one. */
  readonly tenant: TenantId;
  readonly foreign: TenantId;
  /** Tenants by what is the matter with them; `unknown` was never provisioned. */
  readonly closed: Readonly<Record<Exclude<TenantState, "active" | "readOnly"> | "unknown", TenantId>>;
  readonly readOnly: TenantId;
  readonly refusals: Refusal[];
  /** What `onError` was told. */
  readonly failures: Failure[];
  /** Lets go of the requests that hold their connections. */
  letGo(): void;
  /** Where a framework listens; undefined for the one that does without. */
  port(framework: Framework): number | undefined;
  readonly fetch: (request: Request) => Promise<Response>;
  setState(id: TenantId, state: TenantState): Promise<void>;
  send(framework: Framework): Send;
}

/** What every framework's handlers do with a tenant. */
const titles = async (tenant: Tenant): Promise<string[]> =>
  (await tenant.repository(Note).list()).map(({ title }) => title);
/** What takes more than a password. */
const strict = (principal: Principal): string[] => {
  requireMfa(principal);
  return ["strict"];
};
const created = (tenant: Tenant) => tenant.repository(Note).create(note(9, "u1"));

/** Errors that handlers throw, by the last segment of the path; their texts are nobody's business. */
const thrown: Readonly<Record<string, () => unknown>> = {
  bug: () => new Error("secret: a bug"),
  odd: () => "secret: no error at all",
  hostile: () =>
    new Proxy(new Error("secret: a trap"), {
      get: () => {
        throw new Error("secret: the trap");
      },
    }),
  upstream: () => Object.assign(new Error("secret: of another service"), { status: 404, statusCode: 404 }),
  conflict: () => Object.assign(new Error("secret: meant for clients"), { status: 409, expose: true }),
  missing: () => tenantryError("RECORD_NOT_FOUND", { entity: "note", id: "7" }),
  invalid: () => tenantryError("RECORD_INVALID", { entity: "note", issues: [] }),
  rate: () => tenantryError("QUOTA_EXCEEDED", { resource: "requests", limit: 1, used: 1, retryAfterMs: 1_500 }),
  usage: () => tenantryError("QUOTAS_OFF", {}, { cause: new Error("secret: a cause") }),
  down: () => tenantryError("TOKEN_KEYS_UNAVAILABLE", {}, { cause: new Error("secret: a cause") }),
};
const last = (path: string): string => path.split("?")[0]?.split("/").at(-1) ?? "";
/** What a handler says of its answer that the library says otherwise, or not at all. */
const said: readonly (readonly [string, string])[] = [
  ["cache-control", "public, max-age=60"],
  ["x-request-id", "the-handlers"],
  ["vary", "Accept, Cookie"],
  ["x-own", "kept"],
];
/** What it says of one that then fails. */
const ofBody: readonly (readonly [string, string])[] = [
  ...said,
  ["content-disposition", "attachment"],
  ["etag", '"secret"'],
  ["set-cookie", "secret=1"],
];
const bodyBytesMax = 1_000;

/** Counts a connection of the request and waits until it is let go, or its client is gone. */
async function hold({ connect, signal }: RequestScope, letGo: Promise<void>): Promise<string> {
  await connect();
  await Promise.race([letGo, new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }))]);
  return "held";
}
/** Counts a connection and answers with events that do not end before it is let go. */
async function events({ connect }: RequestScope, letGo: Promise<void>): Promise<ReadableStream<Uint8Array>> {
  await connect();
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode("event\n"));
      await letGo;
      try {
        controller.close();
      } catch {
        // Cancelled meanwhile.
      }
    },
  });
}
const tooLarge = () => Object.assign(new Error("secret: too large"), { status: 413, expose: true });

const overHttp =
  (port: number): Send =>
  (path, headers = {}, { method = "GET", body } = {}) =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? [] : ["content-length", String(Buffer.byteLength(body))];
      const flat = Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one]));
      const sent = ["host", `127.0.0.1:${port}`, ...flat, ...length];
      const outgoing = nodeRequest({ host: "127.0.0.1", port, path, method, headers: sent }, (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => {
          text += chunk;
        });
        incoming.on("end", () => {
          const { date: _date, connection: _connection, "keep-alive": _keepAlive, ...kept } = incoming.headers;
          const all = Object.entries(kept).map(([name, value]) => [name, String(value)] as const);
          resolve({ status: incoming.statusCode ?? 0, headers: Object.fromEntries(all), body: text });
        });
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });

/** `more` goes to the doors, `opened` to the database. */
export async function openStage(
  more: Partial<TenantDoorOptions> = {},
  opened: Partial<OpenOptions> = {},
): Promise<Stage> {
  const engine = recording(await openEngine(memory()));
  const policy = roles({ reader: [allow("read", Note)], author: [allow(["read", "create"], Note)] });
  const db = await open({ engine, entities: [Note], roles: policy, ...opened });
  const registrar = new SystemRunner(new TransactionHost({ engine, keyspace: new Keyspace() }));
  const setState = (id: TenantId, state: TenantState): Promise<void> =>
    registrar.system(async (tx) => {
      const record = await tx.getTenant(id);
      if (record !== undefined) tx.putTenant({ ...record, state, revision: record.revision + 1 });
    });
  const provision = async (state: TenantState, title: string): Promise<TenantId> => {
    const { id } = await db.tenants.provision({ name: state });
    await db
      .tenant(id)
      .repository(Note)
      .create(note(1, "u1", "draft", title));
    await setState(id, state);
    return id;
  };
  const tenant = await provision("active", "own");
  const foreign = await provision("active", "foreign");
  const closed = {
    suspended: await provision("suspended", "secret"),
    quarantined: await provision("quarantined", "secret"),
    retired: await provision("retired", "secret"),
    provisioning: await provision("provisioning", "secret"),
    erased: await provision("erased", "secret"),
    unknown: newTenantId(),
  };
  const readOnly = await provision("readOnly", "quiet");

  const own = await issuer("https://id.example/a", tenant);
  const other = await issuer("https://id.example/b", tenant);
  const refusals: Refusal[] = [];
  const failures: Failure[] = [];
  const options: TenantDoorOptions = {
    db,
    authenticate: jwtAuthenticator([{ ...own.options, subjects: "plain" }, other.options]),
    onRefused: (refusal) => {
      refusals.push(refusal);
      throw new Error("whoever listens decides nothing");
    },
    onError: async (failure) => {
      failures.push(failure);
      throw new Error("whoever listens decides nothing");
    },
    ...more,
  };

  let gone = (): void => {};
  let holding = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const letGo = (): void => {
    gone();
    holding = new Promise<void>((resolve) => {
      gone = resolve;
    });
  };

  const handle = tenantFetch(options, async (request, scope) => {
    const { tenant: entered, principal } = scope;
    const name = last(request.url);
    if (name === "hold") return Response.json(await hold(scope, holding));
    if (name === "events") return new Response(await events(scope, holding));
    if (thrown[name] !== undefined) throw thrown[name]();
    if (name === "strict") return Response.json(strict(principal));
    if (name === "own")
      return Response.json("own", { headers: said.map(([key, value]): [string, string] => [key, value]) });
    if (name === "late") throw new Error("secret: late");
    if (name === "body") {
      if (Number(request.headers.get("content-length")) > bodyBytesMax) throw tooLarge();
      return Response.json(await request.json());
    }
    return Response.json(name === "new" ? await created(entered) : await titles(entered));
  });
  const direct: Send = async (path, headers = {}, { method = "GET", body } = {}) => {
    const all = new Headers({ host: "127.0.0.1", "content-length": String(body?.length ?? 0) });
    for (const [name, value] of Object.entries(headers)) for (const one of [value].flat()) all.append(name, one);
    const response = await handle(
      new Request(`http://127.0.0.1${path}`, { method, headers: all, ...(body === undefined ? {} : { body }) }),
    );
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  };

  const hono = new Hono<{ Variables: TenantVariables }>();
  hono.onError(honoErrors());
  hono.use("/t/*", tenantMiddleware(options), bodyLimit({ maxSize: bodyBytesMax }));
  hono.get("/t/:tenant/notes", async (c) => c.json(await titles(c.var.tenant)));
  hono.get("/t/:tenant/new", async (c) => c.json(await created(c.var.tenant)));
  hono.get("/t/:tenant/strict", (c) => c.json(strict(c.var.principal)));
  hono.get("/t/:tenant/hold", async (c) => c.json(await hold(c.var.scope, holding)));
  hono.get("/t/:tenant/events", async (c) => c.body(await events(c.var.scope, holding)));
  hono.post("/t/:tenant/body", async (c) => c.json(await c.req.json()));
  hono.get("/t/:tenant/own", (c) => {
    for (const [key, value] of said) c.header(key, value);
    return c.json("own");
  });
  hono.get("/t/:tenant/late", (c) => {
    for (const [key, value] of ofBody) c.header(key, value);
    throw new Error("secret: late");
  });
  for (const [name, make] of Object.entries(thrown)) hono.get(`/t/:tenant/${name}`, () => Promise.reject(make()));
  // Its server puts classes of its own in the place of the platform's, as for its users; other specs get the platform's.
  const platforms = { Request: globalThis.Request, Response: globalThis.Response };
  const honoServer = serve({ fetch: hono.fetch, port: 0, hostname: "127.0.0.1" });
  await new Promise((resolve) => honoServer.once("listening", resolve));

  const expressApp = express();
  expressApp.use("/t", expressMiddleware(options), express.json({ limit: bodyBytesMax, strict: false }));
  expressApp.get("/t/:tenant/notes", async (request, response) => {
    response.json(await titles(requestScope(request).tenant));
  });
  expressApp.get("/t/:tenant/new", async (request, response) => {
    response.json(await created(requestScope(request).tenant));
  });
  expressApp.get("/t/:tenant/strict", (request, response) => {
    response.json(strict(requestScope(request).principal));
  });
  expressApp.get("/t/:tenant/hold", async (request, response) => {
    response.json(await hold(requestScope(request), holding));
  });
  expressApp.get("/t/:tenant/events", async (request, response) => {
    Readable.fromWeb(await events(requestScope(request), holding)).pipe(response);
  });
  expressApp.post("/t/:tenant/body", (request, response) => {
    response.json(request.body);
  });
  expressApp.get("/t/:tenant/own", (_, response) => {
    for (const [key, value] of said) response.setHeader(key, value);
    response.json("own");
  });
  expressApp.get("/t/:tenant/late", (_, response) => {
    for (const [key, value] of ofBody) response.setHeader(key, value);
    throw new Error("secret: late");
  });
  for (const [name, make] of Object.entries(thrown)) {
    expressApp.get(`/t/:tenant/${name}`, () => Promise.reject(make()));
  }
  expressApp.use(expressErrors());
  const expressServer = expressApp.listen(0, "127.0.0.1");
  await new Promise((resolve) => expressServer.once("listening", resolve));

  // Ids encoded twice are longer than its router takes unless told.
  const fastifyApp = fastify({ routerOptions: { maxParamLength: 512 }, bodyLimit: bodyBytesMax });
  fastifyApp.setErrorHandler(fastifyErrors());
  fastifyApp.addHook("onRequest", fastifyHook(options));
  fastifyApp.get("/t/:tenant/notes", (request) => titles(requestScope(request).tenant));
  fastifyApp.get("/t/:tenant/new", (request) => created(requestScope(request).tenant));
  fastifyApp.get("/t/:tenant/strict", async (request) => strict(requestScope(request).principal));
  fastifyApp.get("/t/:tenant/hold", (request) => hold(requestScope(request), holding));
  fastifyApp.get("/t/:tenant/events", async (request, reply) =>
    reply.send(Readable.fromWeb(await events(requestScope(request), holding))),
  );
  fastifyApp.post("/t/:tenant/body", async (request) => request.body);
  fastifyApp.get("/t/:tenant/own", async (_, reply) => {
    for (const [key, value] of said) reply.header(key, value);
    return JSON.stringify("own");
  });
  fastifyApp.get("/t/:tenant/late", async (_, reply) => {
    for (const [key, value] of ofBody) reply.header(key, value);
    throw new Error("secret: late");
  });
  for (const [name, make] of Object.entries(thrown)) {
    fastifyApp.get(`/t/:tenant/${name}`, () => Promise.reject(make()));
  }
  await fastifyApp.listen({ port: 0, host: "127.0.0.1" });

  const portOf = (address: AddressInfo | string | null): number =>
    typeof address === "object" ? (address?.port ?? 0) : 0;
  const ports: Readonly<Record<Exclude<Framework, "fetch">, number>> = {
    hono: portOf(honoServer.address()),
    express: portOf(expressServer.address()),
    fastify: portOf(fastifyApp.server.address()),
  };
  const senders: Readonly<Record<Framework, Send>> = {
    fetch: direct,
    hono: overHttp(ports.hono),
    express: overHttp(ports.express),
    fastify: overHttp(ports.fastify),
  };
  return {
    engine,
    db,
    own,
    other,
    tenant,
    foreign,
    closed,
    readOnly,
    refusals,
    failures,
    letGo,
    port: (framework) => (framework === "fetch" ? undefined : ports[framework]),
    fetch: handle,
    setState,
    send: (framework) => senders[framework],
    async [Symbol.asyncDispose]() {
      await Promise.all([
        new Promise((resolve) => honoServer.close(resolve)),
        new Promise((resolve) => expressServer.close(resolve)),
        fastifyApp.close(),
      ]);
      await db.close();
      await engine.close();
      Object.assign(globalThis, platforms);
    },
  };
}
