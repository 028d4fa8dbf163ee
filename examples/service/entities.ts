/** What the service keeps for each of its tenants, and who may do what with it. */
import { entity } from "tenantry";
import { allow, roles } from "tenantry/access";
import { z } from "zod";

export const Task = entity("task", {
  version: 1,
  schema: z.object({
    id: z.uuid(),
    title: z.string().min(1).max(200),
    owner: z.string(),
    state: z.enum(["open", "done"]).default("open"),
    createdAt: z.int(),
  }),
  id: ["id"],
  indexes: { byState: { fields: ["state", "createdAt"] } },
});

/** Everybody sees the tasks; members change their own; administrators change all. */
export const taskRoles = roles({
  viewer: [allow("read", Task)],
  member: [
    allow("read", Task),
    allow(["create", "update", "delete"], Task, { where: ({ subject }) => ({ owner: subject }) }),
  ],
  administrator: [allow("manage", Task)],
});
