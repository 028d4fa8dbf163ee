import { open, embedded } from "tenantry";
import { Person } from "./people/person.js";
import { person, shuffledIds } from "./people/people.js";
import { lmdbLoop } from "./stores/lmdb-loop.js";
import { rmSync } from "node:fs";
rmSync(process.argv[2]!, { recursive: true, force: true });
const db = await open({ engine: embedded({path: process.argv[2] + "/t", durability: "relaxed"}), entities: [Person] });
const { id } = await db.tenants.provision({ name: "x" });
const r = db.tenant(id).repository(Person);
const N = 30000; const all = shuffledIds(N).map(person);
for (let i = 0; i < all.length; i += 1000) await r.createMany(all.slice(i, i + 1000));
const l = await lmdbLoop.open(process.argv[2] + "/l"); await l.load(all);
let k = 0; const v = (p: any) => { k += p.visits; };
const n = 4000;
const ids = Array.from({ length: n }, (_, i) => (i * 7919) % N), starts = ids.slice(0, 100).map((x) => x % (N - 100));
const works: Record<string, [number, () => Promise<any>]> = {
  "scan": [N, async () => { for await (const p of r.scan()) v(p); }],
  "scan batches": [N, async () => { for await (const b of r.scan().batches()) for (const p of b) v(p); }],
  "scan lmdb": [N, () => l.scan!(v)],
  "get": [n, async () => { for (const i of ids) v(await r.get(i)); }],
  "get lmdb": [n, () => l.get!(ids, v)],
  "list100": [100, async () => { for (const from of starts) for (const p of await r.list({ from, limit: 100 })) v(p); }],
  "page100": [100, async () => { for (const from of starts) for (const p of (await r.page({ from, size: 100 })).items) v(p); }],
  "page100 lmdb": [100, () => l.pages!(starts, 100, v)],
  "update64": [1000, async () => { let i = 0; await Promise.all(Array.from({length:64}, async () => { while (i < 1000) { const id = ids[i++]!; await r.update(id, (p) => ({...p, visits: p.visits+1})); } })); }],
  "update64 lmdb": [1000, () => l.visit!(ids.slice(0, 1000), 64)],
};
const best: Record<string, number> = {};
for (let round = 0; round < 8; round++) for (const [name, [ops, fn]] of Object.entries(works)) {
  const c = process.cpuUsage(); await fn(); const d = process.cpuUsage(c);
  best[name] = Math.min(best[name] ?? 1e12, (d.user + d.system) / ops);
}
console.log(process.argv[3], Object.entries(best).map(([n, x]) => `${n} ${x.toFixed(2)}`).join(" | "));
await db.close(); await l.close(); rmSync(process.argv[2]!, { recursive: true, force: true });
