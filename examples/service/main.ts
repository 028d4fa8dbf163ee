/** Starts the service, says how to try it, and ends it in good order. */
import { mkdirSync } from "node:fs";
import { serve } from "@hono/node-server";
import { embedded, open } from "tenantry";
import { Task, taskRoles } from "./entities.js";
import { localIssuer } from "./issuer.js";
import { createService } from "./service.js";
import { quotas, seededTenants } from "./tenants.js";

const path = process.env["STORE"] ?? ".demo/service";
const port = Number(process.env["PORT"] ?? 8080);
const drainMs = 10_000;

mkdirSync(path, { recursive: true });
const db = await open({ engine: embedded(path), entities: [Task], roles: taskRoles, quotas, audit: {} });
const issuer = await localIssuer();
const tenants = await seededTenants(db);
const app = createService({ db, issuer, tenants });

const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, async (address) => {
  const at = `http://127.0.0.1:${address.port}`;
  const [acme, globex] = tenants;
  if (acme === undefined || globex === undefined) return;
  const token = await issuer.token(acme.id, "ada", ["member"]);
  const viewer = await issuer.token(acme.id, "bob", ["viewer"]);
  console.log(`The service is at ${at}, and what its tenants use is shown there.

  TOKEN=${token}   # ada, a member of Acme
  VIEWER=${viewer}   # bob, who may look

  curl -i -H "Authorization: Bearer $TOKEN" ${at}/t/${acme.id}/tasks
  curl -i -H "Authorization: Bearer $TOKEN" -d '{"title":"Try Tenantry"}' ${at}/t/${acme.id}/tasks

  # 404: another tenant's tasks, which look as if there were no such tenant
  curl -i -H "Authorization: Bearer $TOKEN" ${at}/t/${globex.id}/tasks
  # 403: bob may look, and not write
  curl -i -H "Authorization: Bearer $VIEWER" -d '{"title":"No"}' ${at}/t/${acme.id}/tasks
  # 401: no token
  curl -i ${at}/t/${acme.id}/tasks
  # Who was refused what, a second later, in the trail of who asked
  curl ${at}/denied
  # 429: more requests at once than Acme's plan has
  for n in $(seq 30); do curl -s -o /dev/null -w "%{http_code} " -H "Authorization: Bearer $TOKEN" ${at}/t/${acme.id}/tasks; done

Ctrl-C ends it.`);
});

let ending = false;
/** Takes no more connections, lets requests end, then closes the database: nothing acknowledged is lost. */
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections that clients keep for later would hold it open.
  const idle = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 50);
  const late = setTimeout(() => process.exit(1), drainMs);
  await closed;
  clearInterval(idle);
  await db.close({ drainMs });
  clearTimeout(late);
  console.log("ended");
}
process.on("SIGTERM", () => void end());
process.on("SIGINT", () => void end());
