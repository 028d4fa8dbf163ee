/** What is said: logger, meter, tracer and violation hook never hear a key, an id of a record or a value, not even one's own. */
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { open } from "../../lib/open.js";
import { entity } from "../../lib/schema/index.js";
import { faulty } from "../../lib/testing/index.js";
import { CapturedPorts } from "../../lib/testing/isolation/captured.js";
import { arrayEngine } from "../engine/array-engine.js";
import { collect } from "../repository/shelf.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.string(), text: z.string(), n: z.int().max(100) }),
  id: ["id"],
  indexes: { byText: { fields: ["text"] } },
});

const secrets = ["canary-id", "canary-text", "canary-principal", "canary-idempotency", "canary-cause", "canary-result"];

test("on good days and bad ones", async () => {
  const ports = new CapturedPorts();
  const { logger, meter, tracer } = ports;
  const rates = { conflict: 0.2, unknownApplied: 0.1, unknownNotApplied: 0.1, tooOld: 0.05, futureVersion: 0.05 };
  const engine = faulty(arrayEngine(), { seed: 3, rates, delayMs: 1 });
  const random = { fraction: () => 0, bytes: (length: number) => Buffer.alloc(length, 7) };
  const onViolation = (violation: unknown): void => void ports.said.push(violation);
  const db = await open({ engine, entities: [Note], logger, meter, tracer, onViolation, random });
  const { id } = await db.tenants.provision({ name: "canary-name" });
  const tenant = db.tenant(id);
  const notes = tenant.repository(Note);
  const note = (at: string) => ({ id: `canary-id ${at}`, text: "canary-text", n: 1 });
  const works: (() => Promise<unknown>)[] = [
    () => notes.create(note("1")),
    () => notes.create(note("1")),
    () => notes.putMany([note("2"), note("3")]),
    () => notes.require("canary-id nobody"),
    () => notes.get(`canary-id ${"x".repeat(2_000)}`),
    () => notes.put({ ...note("4"), text: "canary-text".repeat(20_000) }),
    () => notes.put({ ...note("4"), n: 101 }),
    () => notes.patch("canary-id 1", { text: "canary-text, too" }, { ifRevision: 9 }),
    () => notes.list({ index: "byText", equals: "canary-text" }),
    () => collect(notes.scan({ from: "canary-id" })),
    () => collect(notes.scanAll({ from: "canary-id" })),
    () => notes.transform({}, (was) => ({ ...was, text: "canary-text" }), { name: "canary-id" }),
    () =>
      notes.transform(
        {},
        () => {
          throw new Error("canary-cause");
        },
        { name: "canary-text" },
      ),
    () => notes.deleteWhere({ from: "canary-id 3" }, () => true, { name: "canary-id" }),
    () => notes.forgetWork("canary-id"),
    async () => tenant.import(await collect(tenant.export())),
    () => tenant.import(["canary-text"]),
    async () => {
      for await (const _ of notes.watch("canary-id 1")) return;
    },
    async () => {
      const principal = "canary-principal";
      const { next } = await notes.page({ size: 1, principal });
      await notes.page({ size: 1, cursor: next });
    },
    () => notes.page({ size: 1, cursor: "canary-text" }),
    () => tenant.transact(async () => "canary-result", { idempotencyKey: "canary-idempotency" }),
    () => tenant.transact(async () => Promise.reject(new Error("canary-cause"))),
    () => tenant.transact(async () => Promise.reject("canary-cause")),
    () => tenant.transact(async (tx) => tx.afterCommit(() => {})),
    () => notes.verify(),
    () => notes.deleteMany(["canary-id 1", "canary-id 2"]),
  ];
  let refused = 0;
  for (let round = 0; round < 10; round += 1) {
    for (const work of works) await work().catch(() => refused++);
  }
  engine.disarm();
  await engine.settled();
  await db.close();
  await engine.close();

  expect(refused).toBeGreaterThan(50);
  expect(engine.injected.length).toBeGreaterThan(20);
  expect(ports.said.length).toBeGreaterThan(500);
  const said = inspect(ports.said, { depth: 9, maxArrayLength: null, maxStringLength: null, showHidden: true });
  for (const secret of [...secrets, "canary-name"]) {
    expect(said).not.toContain(secret);
    expect(said).not.toContain(Buffer.from(secret).toString("hex"));
    expect(said).not.toContain(
      Buffer.from(secret)
        .toString("hex")
        .replace(/..(?!$)/g, "$& "),
    );
    expect(said).not.toContain([...Buffer.from(secret)].join(", "));
  }
});

test("a function to run after the commit that fails is logged, with its cause, which is the caller's own", async () => {
  const ports = new CapturedPorts();
  const db = await open({ engine: arrayEngine(), entities: [Note], logger: ports.logger });
  const { id } = await db.tenants.provision({ name: "a" });
  await db.tenant(id).transact(async (tx) => tx.afterCommit(() => Promise.reject(new Error("the caller's"))));
  expect(inspect(ports.said, { depth: 9 })).toContain("the caller's");
  await db.close();
});
