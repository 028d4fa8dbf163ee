/** A process of its own for specs: works on a tenant in many lanes at once, a line per step that was answered. */
import { writeSync } from "node:fs";
import { embedded } from "../../../lib/engine/index.js";
import { open } from "../../../lib/open.js";
import { parseTenantId } from "../../../lib/tenant/index.js";
import { lane, outcomeOf, Stock } from "./stock.js";

const [, , path = "", id = "", seed = "", lanes = ""] = process.argv;

const db = await open({ engine: embedded(path), entities: [Stock] });
const tenant = db.tenant(parseTenantId(id));
await Promise.all(
  Array.from({ length: Number(lanes) }, async (_, number) => {
    const next = lane(number, Number(seed));
    for (;;) {
      const outcome = await outcomeOf(next().does(tenant));
      // Written at once: what is out when the process is killed has been answered.
      writeSync(1, `${number} ${outcome}\n`);
    }
  }),
);
