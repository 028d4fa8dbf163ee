import { open, embedded } from "tenantry";
import { Person } from "./people/person.js";
import { person, shuffledIds } from "./people/people.js";
import { rmSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { writeFileSync } from "node:fs";
const [what, n0] = process.argv.slice(2); const n = Number(n0 ?? 20000);
rmSync("/tmp/prof/store", { recursive: true, force: true });
const db = await open({ engine: embedded({path:"/tmp/prof/store", durability: "relaxed"}), entities: [Person] });
const { id } = await db.tenants.provision({ name: "x" });
const r = db.tenant(id).repository(Person);
const all = shuffledIds(100000).map(person);
for (let i = 0; i < all.length; i += 1000) await r.createMany(all.slice(i, i + 1000));
const work = { 
  async get() { for (let i = 0; i < n; i++) await r.get((i * 7919) % 100000); },
  async scan() { let k=0; for (let i = 0; i < n/20000; i++) for await (const p of r.scan()) k += p.visits; },
  async batches() { let k=0; for (let i = 0; i < n/20000; i++) for await (const b of r.scan().batches()) for (const p of b) k += p.visits; },
  async page() { for (let i = 0; i < n/20; i++) await r.page({from: (i * 7919) % 99000, size: 100}); },
  async list() { for (let i = 0; i < n/20; i++) await r.list({from: (i * 7919) % 99000, limit: 100}); },
  async update() { let i = 0; await Promise.all(Array.from({length:64}, async () => { while (i < n) { i++; await r.update((i * 7919) % 100000, (p) => ({...p, visits: p.visits+1})); } })); },
} as any;
await work[what!](); await work[what!]();
const s = new Session(); s.connect(); await s.post("Profiler.enable"); await s.post("Profiler.setSamplingInterval", {interval: 200}); await s.post("Profiler.start");
const c0 = process.cpuUsage(), t0 = performance.now();
await work[what!]();
const c = process.cpuUsage(c0); 
console.log(what, n, "cpu us/op", (c.user + c.system) / n, "wall us/op", (performance.now() - t0) * 1000 / n);
const { profile } = await s.post("Profiler.stop") as any;
const self = new Map<string, number>(); let total = 0;
const byId = new Map(profile.nodes.map((x: any) => [x.id, x]));
profile.samples.forEach((sid: number, i: number) => { const dt = profile.timeDeltas[i]; const node: any = byId.get(sid); const f = node.callFrame; const key = `${f.functionName || "(anon)"} ${f.url.split("/").slice(-1)[0]}:${f.lineNumber + 1}`; self.set(key, (self.get(key) ?? 0) + dt); total += dt; });
for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 40)) console.log((v / total * 100).toFixed(1).padStart(5), (v / n).toFixed(2).padStart(8), k);
await db.close();
