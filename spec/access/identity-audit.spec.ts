/** Members and sessions beside the other policies: the audit trail has them, and plans do not count them. */
import { expect, test } from "vitest";
import { memory } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import { collect } from "../repository/shelf.js";
import { Note, note } from "./notes.js";

test("what becomes of members and sessions is in the trail, with who did it, and is no record of the plan", async () => {
  const db = await open({
    engine: memory(),
    entities: [Note],
    audit: { entities: [] },
    quotas: { defaultPlan: "one", plans: { one: { entities: { note: { records: 1 } } } } },
  });
  try {
    const { id } = await db.tenants.provision({ name: "a" });
    const acting = db.tenant(id, { context: { tenant: id, subject: "root", roles: [], requestId: "r1" } });
    await acting.members.add("ada", ["author"]);
    await acting.members.setRoles("ada", []);
    const first = await acting.sessions.create({ subject: "ada" });
    const second = await acting.sessions.create({ subject: "ada" });
    await acting.sessions.open(first.token);
    await acting.sessions.revoke("ada", first.session.id);
    await acting.members.remove("ada");
    const entries = (await collect(db.audit.entries(id, { kind: "changes" }))).map(
      ({ subject, requestId, operation, changes }) => [
        `${subject} ${requestId} ${operation}`,
        ...changes.map(({ entity, kind, id: text }) => `${kind} ${entity} ${text}`),
      ],
    );
    expect(entries).toEqual([
      ["root r1 addMember", "create #members ada"],
      ["root r1 setMemberRoles", "update #members ada"],
      ["root r1 createSession", `create #sessions ada ${first.session.id}`],
      ["root r1 createSession", `create #sessions ada ${second.session.id}`],
      ["root r1 revokeSession", `delete #sessions ada ${first.session.id}`],
      ["root r1 removeMember", "delete #members ada", `delete #sessions ada ${second.session.id}`],
    ]);
    await acting.repository(Note).create(note(1, "ada"));
    const { resources } = await db.quotas.usage(id);
    expect(resources.filter(({ used }) => used > 0).map(({ resource }) => resource)).toEqual(
      expect.arrayContaining(["records:note"]),
    );
    expect(resources.find(({ resource }) => resource === "records:note")?.used).toBe(1);
    expect((await db.quotas.recount(id)).every(({ drift }) => drift === 0)).toBe(true);
  } finally {
    await db.close();
  }
});
