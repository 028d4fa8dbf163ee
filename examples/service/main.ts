/** Starts the service, says how to try it, and ends it in good order. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { embedded, open } from "tenantry";
import { endingOf } from "./ending.js";
import { Task, taskRoles } from "./entities.js";
import { localIssuer } from "./issuer.js";
import { createService } from "./service.js";
import { quotas, seededTenants } from "./tenants.js";

const path = process.env["STORE"] ?? ".demo/service";
const port = Number(process.env["PORT"] ?? 8080);
/** How long requests under way have to end, and then the database, in ms. */
const graceMs = Number(process.env["GRACE_MS"] ?? 5_000);
const drainMs = 10_000;
const operator = {
  username: "operator",
  password: process.env["OPERATOR_PASSWORD"] || randomBytes(12).toString("base64url"),
};

mkdirSync(path, { recursive: true });
const db = await open({ engine: embedded(path), entities: [Task], roles: taskRoles, quotas, audit: {} });
const issuer = await localIssuer();
const tenants = await seededTenants(db);
const app = createService({ db, issuer, tenants, operator });

const server = createServer(getRequestListener(app.fetch));
const ending = endingOf(server);
server.listen(port, "127.0.0.1", async () => {
  const address = server.address();
  if (address === null || typeof address === "string") return;
  const at = `http://127.0.0.1:${address.port}`;
  const [acme, globex] = tenants;
  if (acme === undefined || globex === undefined) return;
  const token = await issuer.token(acme.id, "ada", ["member"]);
  const viewer = await issuer.token(acme.id, "bob", ["viewer"]);
  console.log(`The service is at ${at}, and shows the operator what its tenants use.

  OPERATOR=operator:${operator.password}   # signs in to ${at}, /usage and /denied
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
  curl -u $OPERATOR ${at}/denied
  # 429: more requests at once than Acme's plan has
  for n in $(seq 30); do curl -s -o /dev/null -w "%{http_code} " -H "Authorization: Bearer $TOKEN" ${at}/t/${acme.id}/tasks; done

Ctrl-C ends it.`);
});

let isEnding = false;
/** Answers what was asked, then closes the database: nothing acknowledged is lost. */
async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  const late = setTimeout(() => process.exit(1), graceMs + drainMs);
  await ending.end(graceMs);
  await db.close({ drainMs });
  clearTimeout(late);
  console.log("ended");
}
process.on("SIGTERM", () => void end());
process.on("SIGINT", () => void end());
