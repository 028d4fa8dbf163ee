/** A process of its own for specs: provisions one tenant through many small steps, says each, and is killed somewhere. */
import { writeSync } from "node:fs";
import { z } from "zod";
import { embedded, entity, open, type Seed } from "../../lib/index.js";

export const Count = entity("count", {
  version: 1,
  schema: z.object({ name: z.string(), times: z.int() }),
  id: ["name"],
});

const steps = 12;

/** Counts how often each of its steps was applied. */
const counting = (name: string): Seed => ({
  name,
  async run(tx, _tenant, position) {
    const step = Number(position ?? 0);
    const id = `${name}-${step}`;
    const before = await tx.repository(Count).get(id);
    await tx.repository(Count).put({ name: id, times: (before?.times ?? 0) + 1 });
    if (process.argv[2] === "child") writeSync(1, `${id}\n`);
    return step + 1 < steps ? step + 1 : undefined;
  },
});

export const openAt = (path: string) =>
  open({
    engine: embedded(path),
    entities: [Count],
    audit: {},
    provisioning: { seed: [counting("a"), counting("b")] },
  });

export const names = ["a", "b"].flatMap((name) => Array.from({ length: steps }, (_, step) => `${name}-${step}`)).sort();

if (process.argv[2] === "child") {
  const db = await openAt(process.argv[3] ?? "");
  await db.tenants.provision({ name: "x", externalKey: "key" });
  await db.close();
}
