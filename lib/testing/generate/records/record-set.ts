/** The records of one run: some alike in what a unique index lets only one of them have. */
import type { Arbitrary } from "fast-check";
import { type AnyEntity, modelOf } from "../../../schema/index.js";
import type { FastCheck } from "../fast-check.js";
import { isRecord, recordArbitrary } from "./record-arbitrary.js";
import type { RecordMaker } from "./record-maker.js";

/** The names of the fields that unique indexes are over. */
function uniqueFields(entity: AnyEntity): readonly string[] {
  const unique = [...modelOf(entity).indexes.values()].filter((index) => index.unique);
  return [...new Set(unique.flatMap(({ fields }) => fields.map(({ path }) => path.split(".", 1)[0] ?? path)))];
}

/** `input` with the fields `names` of `other`, if that still is a record. */
function alike(entity: AnyEntity, input: unknown, other: unknown, names: readonly string[]): unknown {
  const copied = names.filter((name) => Object.hasOwn(Object(other), name));
  const mixed = {
    ...Object(input),
    ...Object.fromEntries(copied.map((name) => [name, Reflect.get(Object(other), name)])),
  };
  return isRecord(modelOf(entity), mixed) ? mixed : input;
}

/**
 * Up to `count` inputs that an entity takes.
 *
 * @throws TEST_RECORDS_MISSING when hardly any is one.
 */
export function recordSet(fc: FastCheck, entity: AnyEntity, count: number, make?: RecordMaker): Arbitrary<unknown[]> {
  const record = recordArbitrary(fc, entity, make);
  const names = uniqueFields(entity);
  if (names.length === 0) return fc.array(record, { minLength: 1, maxLength: count });
  const like = fc.option(fc.nat(count - 1), { nil: undefined });
  return fc.array(fc.record({ record, like }), { minLength: 1, maxLength: count }).map((drawn) =>
    drawn.map((each) => {
      const other = each.like === undefined ? undefined : drawn[each.like % drawn.length];
      return other === undefined ? each.record : alike(entity, each.record, other.record, names);
    }),
  );
}
