/** Comparisons of conditions: what one operator asks of one value of a record. */
import { types } from "node:util";
import { roleConditionValuesMax } from "../../limits/index.js";
import { copiedList } from "../../options/index.js";
import type { RecordField } from "../../schema/index.js";
import type { ConditionScalar } from "./condition.js";

/** Asks one value of a record. */
export type ValueTest = (value: unknown) => boolean;

/** Throws, with the reason why a condition is refused. */
export type Refuse = (reason: string) => never;

/** What an operator asks: of one value of a field, or of none. */
export interface Comparison {
  readonly test: ValueTest;
  /** Whether no value may pass, instead of one that has to. */
  readonly none?: boolean;
}

/** The comparison of an operator; undefined when there is no such operator. */
export function comparisonOf(
  operator: string,
  given: unknown,
  field: RecordField,
  refuse: Refuse,
): Comparison | undefined {
  switch (operator) {
    case "$eq":
      return { test: equalTo([given], field, refuse) };
    case "$ne":
      return { test: equalTo([given], field, refuse), none: true };
    case "$in":
      return { test: equalTo(listOf(given, refuse), field, refuse) };
    case "$nin":
      return { test: equalTo(listOf(given, refuse), field, refuse), none: true };
    case "$lt":
      return { test: ordered(given, field, refuse, (value, bound) => value < bound) };
    case "$lte":
      return { test: ordered(given, field, refuse, (value, bound) => value <= bound) };
    case "$gt":
      return { test: ordered(given, field, refuse, (value, bound) => value > bound) };
    case "$gte":
      return { test: ordered(given, field, refuse, (value, bound) => value >= bound) };
    default:
      return undefined;
  }
}

function listOf(given: unknown, refuse: Refuse): readonly unknown[] {
  return (
    copiedList(given, roleConditionValuesMax) ?? refuse(`takes a list of ${roleConditionValuesMax} values at most`)
  );
}

/** A value that can be compared; a date is a copy. */
function scalarOf(given: unknown, refuse: Refuse): ConditionScalar {
  switch (typeof given) {
    case "string":
    case "bigint":
    case "boolean":
      return given;
    case "number":
      return Number.isNaN(given) ? refuse("compares with NaN, which nothing is equal to") : given;
    case "undefined":
      return refuse("compares with undefined");
    case "object":
      if (given === null) return null;
      if (types.isDate(given)) {
        const time = Date.prototype.getTime.call(given);
        return Number.isNaN(time) ? refuse("compares with a date that is none") : new Date(time);
      }
      break;
    default:
  }
  return refuse("compares with what is no text, number, bigint, boolean, date or null");
}

function equalTo(given: readonly unknown[], field: RecordField, refuse: Refuse): ValueTest {
  const values = given.map((one) => scalarOf(one, refuse));
  if (!values.every((value) => field.canBe(value))) refuse("compares with a value that the field cannot have");
  const times = new Set(values.flatMap((value) => (value instanceof Date ? value.getTime() : [])));
  const others: ReadonlySet<unknown> = new Set(values.filter((value) => !(value instanceof Date)));
  return (value) => (value instanceof Date ? times.has(value.getTime()) : others.has(value ?? null));
}

function ordered(
  given: unknown,
  field: RecordField,
  refuse: Refuse,
  holds: (value: string | number | bigint, bound: string | number | bigint) => boolean,
): ValueTest {
  const bound = scalarOf(given, refuse);
  if (bound === null || typeof bound === "boolean") return refuse("takes a text, a number, a bigint or a date");
  if (!field.canBeLike(bound)) refuse("compares with a value of a type that the field does not have");
  if (bound instanceof Date) {
    const time = bound.getTime();
    return (value) => value instanceof Date && holds(value.getTime(), time);
  }
  const type = typeof bound;
  return (value) =>
    (typeof value === "string" || typeof value === "number" || typeof value === "bigint") &&
    typeof value === type &&
    holds(value, bound);
}
