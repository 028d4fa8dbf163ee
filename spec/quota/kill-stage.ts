/** What the kill spec and its process agree on. */
import type { QuotaOptions } from "../../lib/index.js";

export { Note, note } from "./stage.js";

export const limits: Readonly<Record<string, number>> = { "records:note": 40, "bytes:note": 2_500, seats: 5 };

export const killPlans: QuotaOptions = {
  plans: { small: { entities: { note: { records: 40, bytes: 2_500 } }, resources: { seats: 5 } } },
  defaultPlan: "small",
};
