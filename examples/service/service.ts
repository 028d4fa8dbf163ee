/** The service: tasks over HTTP, each tenant for itself, within its plan. */
import { randomUUID } from "node:crypto";
import { Hono, type MiddlewareHandler } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { NONCE, type SecureHeadersVariables, secureHeaders } from "hono/secure-headers";
import { type Database, type Headroom, isTenantryError, type TenantId } from "tenantry";
import { jwtAuthenticator } from "tenantry/access";
import { problemResponse, type TenantVariables, tenantMiddleware } from "tenantry/http";
import { z } from "zod";
import { Task } from "./entities.js";
import type { LocalIssuer } from "./issuer.js";
import { usagePage } from "./usage-page.js";

interface Parts {
  readonly db: Database;
  readonly issuer: LocalIssuer;
  /** The tenants whose usage the page at `/` shows. */
  readonly tenants: readonly { readonly id: TenantId; readonly name: string }[];
  /** Who runs the service: signs in to what is about all tenants. */
  readonly operator: { readonly username: string; readonly password: string };
}

type Variables = TenantVariables &
  SecureHeadersVariables & {
    /** What the tenant's plan leaves of its requests. */
    room?: Headroom | undefined;
  };
type Middleware = MiddlewareHandler<{ Variables: Variables }>;

const bodyBytesMax = 16_384;
const pageSizeMax = 100;

const problem = (status: number, code: string, title: string): Response =>
  new Response(JSON.stringify({ type: `urn:example:error:${code}`, title, status, code, details: {} }), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
  });
const notFound = (): Response => problem(404, "NOT_FOUND", "There is nothing here.");

/** Tells in the headers of every answer what the tenant's plan leaves, also of those that refuse. */
const planHeaders: Middleware = async (c, next) => {
  await next();
  const { room } = c.var;
  // Who is not signed in to the tenant learns nothing of its plan.
  if (room === undefined) return;
  c.res.headers.set("ratelimit-limit", String(room.limit));
  c.res.headers.set("ratelimit-remaining", String(room.remaining));
  c.res.headers.set("ratelimit-reset", String(Math.ceil(room.resetMs / 1_000)));
};

/** One token of the tenant's plan for each request, taken by the service itself. */
const withinPlan =
  (db: Database): Middleware =>
  async (c, next) => {
    try {
      c.set("room", await db.tenant(c.var.tenant.id).quotas.take("requests"));
    } catch (error) {
      if (isTenantryError(error, "QUOTA_EXCEEDED")) {
        const { limit, used, retryAfterMs = 0 } = error.details;
        c.set("room", { limit, remaining: Math.max(0, limit - used), resetMs: retryAfterMs });
      }
      throw error;
    }
    await next();
  };

/** Nothing is taken from elsewhere, nobody shows the page in a frame, and only its own script and style count. */
const headersOfAll = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: [NONCE],
    styleSrc: [NONCE],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
});

/** What is about all tenants is in no cache. */
const unstored: Middleware = async (c, next) => {
  await next();
  c.res.headers.set("cache-control", "private, no-store");
};

/** What a new task needs, and what of one may be changed; the entity says the rest. */
const NewTask = z.object({ title: z.string() });
const Changes = z.strictObject({ title: z.string().exactOptional(), state: z.enum(["open", "done"]).exactOptional() });

/** A request's body, if it is JSON and what the schema says. */
async function bodyOf<S extends z.ZodType>(request: Request, schema: S): Promise<z.output<S> | undefined> {
  try {
    return schema.safeParse(await request.json()).data;
  } catch {
    return undefined;
  }
}

const malformed = (): Response => problem(400, "BODY_INVALID", "The body is no task, or no change of one.");

export function createService({ db, issuer, tenants, operator }: Parts): Hono<{ Variables: Variables }> {
  const app = new Hono<{ Variables: Variables }>();
  const authenticate = jwtAuthenticator(issuer.trusted);
  app.use(headersOfAll);
  app.use("/t/*", planHeaders, tenantMiddleware({ db, authenticate }), withinPlan(db));
  app.use("/t/*", bodyLimit({ maxSize: bodyBytesMax, onError: () => problem(413, "BODY_TOO_LARGE", "Too large.") }));

  app.get("/t/:tenant/tasks", async (c) => {
    const { size = "20", cursor, state } = c.req.query();
    const query = state === "open" || state === "done" ? ({ index: "byState", equals: state } as const) : {};
    const { items, next } = await c.var.tenant.repository(Task).page({
      ...query,
      size: Math.min(Number(size), pageSizeMax),
      cursor,
      principal: c.var.principal.subject,
    });
    return c.json({ items, next });
  });
  app.post("/t/:tenant/tasks", async (c) => {
    const body = await bodyOf(c.req.raw, NewTask);
    if (body === undefined) return malformed();
    const task = await c.var.tenant.repository(Task).create({
      title: body.title,
      id: randomUUID(),
      owner: c.var.principal.subject,
      createdAt: Date.now(),
    });
    return c.json(task, 201, { location: `/t/${c.var.tenant.id}/tasks/${task.id}` });
  });
  app.get("/t/:tenant/tasks/:id", async (c) => {
    return c.json(await c.var.tenant.repository(Task).require(Task.parseId(c.req.param("id"))));
  });
  app.patch("/t/:tenant/tasks/:id", async (c) => {
    const body = await bodyOf(c.req.raw, Changes);
    if (body === undefined) return malformed();
    return c.json(await c.var.tenant.repository(Task).patch(Task.parseId(c.req.param("id")), body));
  });
  app.delete("/t/:tenant/tasks/:id", async (c) => {
    const there = await c.var.tenant.repository(Task).delete(Task.parseId(c.req.param("id")));
    return there ? c.body(null, 204) : notFound();
  });

  app.get("/healthz", async (c) => {
    const report = await db.health({ timeoutMs: 1_000 });
    return c.json({ status: report.status }, report.status === "ok" ? 200 : 503);
  });
  // The rest is for whoever runs the service. A real one asks its own identity provider who that is.
  for (const path of ["/", "/usage", "/denied"])
    app.use(path, unstored, basicAuth({ ...operator, realm: "operators" }));
  app.get("/", (c) => c.html(usagePage(c.get("secureHeadersNonce") ?? "")));
  app.get("/usage", async (c) => {
    const usage = tenants.map(async ({ id, name }) => ({ id, name, ...(await db.quotas.usage(id)) }));
    return c.json(await Promise.all(usage));
  });
  // Who was refused what, the latest first.
  app.get("/denied", async (c) => {
    const denied = tenants.map(async ({ id, name }) => {
      const { items } = await db.audit.page(id, { kind: "denial", reverse: true, size: 10 });
      return {
        name,
        denied: items.map(({ at, subject, operation, denial }) => ({ at, subject, operation, ...denial })),
      };
    });
    return c.json(await Promise.all(denied));
  });
  app.notFound(notFound);
  app.onError((error) => {
    if (error instanceof HTTPException) return error.getResponse();
    if (!isTenantryError(error)) console.error(error);
    return problemResponse(error, randomUUID());
  });
  return app;
}
