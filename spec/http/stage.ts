/** One service on every framework there is an adapter for, over real HTTP and without, with tenants in every state. */

import { request as nodeRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { allow, jwtAuthenticator, type Principal, requireMfa, roles } from "../../lib/access/index.js";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import {
  expressErrors,
  expressMiddleware,
  fastifyErrors,
  fastifyHook,
  type Refusal,
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
/** Sends a request whose path goes out as it is. */
export type Send = (path: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

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

const overHttp =
  (port: number): Send =>
  (path, headers = {}) =>
    new Promise((resolve, reject) => {
      const outgoing = nodeRequest({ host: "127.0.0.1", port, path, headers: { ...headers } }, (incoming) => {
        let body = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => {
          body += chunk;
        });
        incoming.on("end", () => {
          const { date: _date, connection: _connection, "keep-alive": _keepAlive, ...kept } = incoming.headers;
          const flat = Object.entries(kept).map(([name, value]) => [name, String(value)] as const);
          resolve({ status: incoming.statusCode ?? 0, headers: Object.fromEntries(flat), body });
        });
      });
      outgoing.on("error", reject);
      outgoing.end();
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
  const options: TenantDoorOptions = {
    db,
    authenticate: jwtAuthenticator([own.options, other.options]),
    onRefused: (refusal) => {
      refusals.push(refusal);
      throw new Error("whoever listens decides nothing");
    },
    ...more,
  };

  const handle = tenantFetch(options, async (request, scope) => {
    const { tenant: entered, principal } = scope;
    if (request.url.endsWith("/strict")) return Response.json(strict(principal));
    return Response.json(request.url.endsWith("/new") ? await created(entered) : await titles(entered));
  });
  const direct: Send = async (path, headers = {}) => {
    const response = await handle(new Request(`http://127.0.0.1${path}`, { headers }));
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  };

  const hono = new Hono<{ Variables: TenantVariables }>();
  hono.use("/t/*", tenantMiddleware(options));
  hono.onError(() => new Response("Internal Server Error", { status: 500 }));
  hono.get("/t/:tenant/notes", async (c) => c.json(await titles(c.var.tenant)));
  hono.get("/t/:tenant/new", async (c) => c.json(await created(c.var.tenant)));
  hono.get("/t/:tenant/strict", (c) => c.json(strict(c.var.principal)));
  hono.get("/t/:tenant/broken", () => Promise.reject(new Error("a bug")));
  const honoServer = serve({ fetch: hono.fetch, port: 0, hostname: "127.0.0.1" });
  await new Promise((resolve) => honoServer.once("listening", resolve));

  const expressApp = express();
  expressApp.use("/t", expressMiddleware(options));
  expressApp.get("/t/:tenant/notes", async (request, response) => {
    response.json(await titles(requestScope(request).tenant));
  });
  expressApp.get("/t/:tenant/new", async (request, response) => {
    response.json(await created(requestScope(request).tenant));
  });
  expressApp.get("/t/:tenant/strict", (request, response) => {
    response.json(strict(requestScope(request).principal));
  });
  expressApp.use(expressErrors());
  const expressServer = expressApp.listen(0, "127.0.0.1");
  await new Promise((resolve) => expressServer.once("listening", resolve));

  // Ids encoded twice are longer than its router takes unless told.
  const fastifyApp = fastify({ routerOptions: { maxParamLength: 512 } });
  fastifyApp.setErrorHandler(fastifyErrors());
  fastifyApp.addHook("onRequest", fastifyHook(options));
  fastifyApp.get("/t/:tenant/notes", (request) => titles(requestScope(request).tenant));
  fastifyApp.get("/t/:tenant/new", (request) => created(requestScope(request).tenant));
  fastifyApp.get("/t/:tenant/strict", async (request) => strict(requestScope(request).principal));
  await fastifyApp.listen({ port: 0, host: "127.0.0.1" });

  const portOf = (address: AddressInfo | string | null): number =>
    typeof address === "object" ? (address?.port ?? 0) : 0;
  const senders: Readonly<Record<Framework, Send>> = {
    fetch: direct,
    hono: overHttp(portOf(honoServer.address())),
    express: overHttp(portOf(expressServer.address())),
    fastify: overHttp(portOf(fastifyApp.server.address())),
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
    },
  };
}
