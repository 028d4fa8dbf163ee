/** Whether a schema gives the same output for the same input: otherwise laws would take chance for a leak. */
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { tenantryError } from "../../../errors/index.js";
import { type AnyEntity, modelOf } from "../../../schema/index.js";
import type { FastCheck } from "../fast-check.js";
import { recordArbitrary } from "./record-arbitrary.js";
import type { RecordMaker } from "./record-maker.js";

/** Records that are looked at, and the milliseconds between the two times: a clock is to have moved on. */
const looked = 20;
const apartMs = 3;

/**
 * Parses some records twice.
 *
 * @throws TEST_SCHEMA_RANDOM naming the field that came out otherwise.
 */
export async function assertDeterministic(fc: FastCheck, entity: AnyEntity, make?: RecordMaker): Promise<void> {
  const model = modelOf(entity);
  const inputs = fc.sample(recordArbitrary(fc, entity, make), { numRuns: looked, seed: 1 });
  const first = inputs.map((input) => model.parse(input));
  await delay(apartMs);
  for (const [at, input] of inputs.entries()) {
    const [one, other] = [Object(first[at]), Object(model.parse(input))];
    const names = [...Object.keys(one), ...Object.keys(other)];
    const field = names.find((name) => !isDeepStrictEqual(one[name], other[name]));
    if (field !== undefined) throw tenantryError("TEST_SCHEMA_RANDOM", { entity: entity.name, field });
  }
}
