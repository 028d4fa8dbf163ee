/** A process of the kill spec: changes records and claims of a tenant at random under hard limits, until it is killed. */
import { writeSync } from "node:fs";
import { embedded, isTenantryError, open, parseTenantId } from "../../lib/index.js";
import { killPlans, Note, note } from "./kill-stage.js";

const [path = "", id = ""] = process.argv.slice(2);

async function main(): Promise<void> {
  const db = await open({ engine: embedded(path), entities: [Note], quotas: killPlans });
  const tenant = db.tenant(parseTenantId(id));
  const notes = tenant.repository(Note);
  const pick = (count: number): number => Math.floor(Math.random() * count);
  const act = async (): Promise<unknown> => {
    switch (pick(5)) {
      case 0:
        return notes.delete(pick(60));
      case 1:
        return tenant.quotas.claims("seats").claim(`user${pick(9)}`);
      case 2:
        return tenant.quotas.claims("seats").release(`user${pick(9)}`);
      default:
        return notes.put(note(pick(60), pick(80)));
    }
  };
  let done = 0;
  const worker = async (): Promise<never> => {
    for (;;) {
      try {
        await act();
      } catch (error) {
        if (!isTenantryError(error, "QUOTA_EXCEEDED")) throw error;
      }
      done++;
      if (done === 50) writeSync(1, "busy\n");
    }
  };
  await Promise.all(Array.from({ length: 12 }, worker));
}

void main();
