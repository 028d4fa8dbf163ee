/** A process of its own for specs: goes on with the work named "work", a line with its count after each batch. */
import { writeSync } from "node:fs";
import { embedded } from "../../../lib/engine/index.js";
import { open } from "../../../lib/open.js";
import { parseTenantId } from "../../../lib/tenant/index.js";
import { hit, Parcel } from "./parcel.js";

const [, , path = "", id = ""] = process.argv;

const db = await open({ engine: embedded(path), entities: [Parcel] });
await db
  .tenant(parseTenantId(id))
  .repository(Parcel)
  .transform({}, hit, {
    name: "work",
    // The programs that do it were compiled by others.
    version: "1",
    // Written at once: what is out when the process is killed has been committed.
    onProgress: ({ examined }) => void writeSync(1, `${examined}\n`),
  });
await db.close();
