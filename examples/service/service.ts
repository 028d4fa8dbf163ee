/** The service: tasks over HTTP, each tenant for itself, within its plan. */
import { randomUUID } from "node:crypto";
import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type Database, isTenantryError, type TenantId } from "tenantry";
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
}

const bodyBytesMax = 16_384;
const pageSizeMax = 100;

const problem = (status: number, code: string, title: string): Response =>
  new Response(JSON.stringify({ type: `urn:example:error:${code}`, title, status, code, details: {} }), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
  });
const notFound = (): Response => problem(404, "NOT_FOUND", "There is nothing here.");

/** One token of the tenant's plan for each request, taken by the service itself; what is left stands in the headers. */
const withinPlan =
  (db: Database): MiddlewareHandler<{ Variables: TenantVariables }> =>
  async (c, next) => {
    const room = await db.tenant(c.var.tenant.id).quotas.take("requests");
    if (room !== undefined) {
      c.header("ratelimit-limit", String(room.limit));
      c.header("ratelimit-remaining", String(room.remaining));
      c.header("ratelimit-reset", String(Math.ceil(room.resetMs / 1_000)));
    }
    await next();
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

export function createService({ db, issuer, tenants }: Parts): Hono<{ Variables: TenantVariables }> {
  const app = new Hono<{ Variables: TenantVariables }>();
  const authenticate = jwtAuthenticator(issuer.trusted);
  app.use("/t/*", tenantMiddleware({ db, authenticate }), withinPlan(db));
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
  app.get("/", (c) => c.html(usagePage));
  // For whoever runs the service: a real one has this behind its own sign-in.
  app.get("/usage", async (c) => {
    const usage = tenants.map(async ({ id, name }) => ({ id, name, ...(await db.quotas.usage(id)) }));
    return c.json(await Promise.all(usage));
  });
  // And this: who was refused what, the latest first.
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
    if (!isTenantryError(error)) console.error(error);
    return problemResponse(error, randomUUID());
  });
  return app;
}
