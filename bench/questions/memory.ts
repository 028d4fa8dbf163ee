/** How much more memory does a scan of very many records take? Measured in a process that does nothing else. */
import { Child } from "../children/child.js";
import type { ScanMemory } from "../children/scan-memory.js";
import type { Bench, Question } from "../runner/bench.js";
import { subject } from "../runner/bench.js";
import type { StoreKind } from "../stores/store.js";
import { tenantryKind } from "./subject.js";

async function scanInChild(kind: StoreKind, folder: string, people: number): Promise<ScanMemory> {
  const child = new Child<ScanMemory>("scan-memory", [kind.name, folder, String(people)]);
  const answer = await child.answer();
  await child.end();
  return answer;
}

async function ask(bench: Bench): Promise<void> {
  const { peopleLarge } = bench.scale;
  const kinds = [tenantryKind(bench), bench.candidates.byHand];
  for (const kind of kinds) {
    await bench.shelf.take(kind, peopleLarge);
    await bench.shelf.putBack(kind, peopleLarge);
  }
  const outcome = await bench.compare({
    name: "memory",
    unit: "MiB",
    candidates: kinds.map((kind) => ({
      name: kind.name,
      measure: async () => (await scanInChild(kind, bench.shelf.folder(kind, peopleLarge), peopleLarge)).growthMiB,
    })),
  });
  const own = outcome.measured.find(({ candidate }) => candidate === subject);
  if (own !== undefined) bench.book("memory/growth", own.median);
}

export const memory: Question = {
  name: "memory",
  title: "Growth of anonymous memory (RssAnon) during a scan of many records",
  ask,
};
