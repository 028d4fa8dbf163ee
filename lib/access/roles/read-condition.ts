/** Conditions as they are evaluated: read once, checked against the entity, and made a function of its records. */
import { roleConditionDepthMax, roleConditionsMax } from "../../limits/index.js";
import { copiedList } from "../../options/index.js";
import { type AnyEntity, recordField } from "../../schema/index.js";
import { type Comparison, comparisonOf, type Refuse, type ValueTest } from "./comparison.js";

/** Whether a condition holds for a record. */
export type RecordTest = (record: object) => boolean;

const logical: ReadonlySet<string> = new Set(["$and", "$or", "$not"]);

/** Whether one of the values at the end of `names` passes: of an array each element is one, nothing is undefined. */
function someAt(value: unknown, names: readonly string[], at: number, test: ValueTest): boolean {
  if (Array.isArray(value)) return value.some((element) => someAt(element, names, at, test));
  const name = names[at];
  if (name === undefined) return test(value);
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return test(undefined);
  return someAt(Reflect.get(value, name), names, at + 1, test);
}

/** Whether the field at the end of `names` is there; behind an array, in one of its elements. */
function existsAt(value: unknown, names: readonly string[], at: number): boolean {
  const name = names[at];
  if (name === undefined) return value !== undefined;
  if (Array.isArray(value)) return value.some((element) => existsAt(element, names, at));
  return (
    typeof value === "object" &&
    value !== null &&
    Object.hasOwn(value, name) &&
    existsAt(Reflect.get(value, name), names, at + 1)
  );
}

/** Whether a value is a plain object: a promise of a condition, or a map, says nothing that could be asked. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The function of a condition over an entity's records. @throws what `refuse` does */
export function readCondition(
  entity: AnyEntity,
  given: unknown,
  refuse: Refuse,
  depth = roleConditionDepthMax,
): RecordTest {
  if (!isPlain(given)) return refuse("a condition is a plain object");
  if (depth === 0) return refuse(`conditions are nested ${roleConditionDepthMax} deep at most`);
  const inner = (one: unknown): RecordTest => readCondition(entity, one, refuse, depth - 1);
  const tests = Object.entries(given).map(([name, value]) =>
    logical.has(name) ? logicalTest(name, value, inner, refuse) : fieldTest(entity, name, value, refuse),
  );
  return (record) => tests.every((test) => test(record));
}

function logicalTest(
  operator: string,
  given: unknown,
  inner: (given: unknown) => RecordTest,
  refuse: Refuse,
): RecordTest {
  if (operator === "$not") {
    const test = inner(given);
    return (record) => !test(record);
  }
  const list = copiedList(given, roleConditionsMax);
  if (list === undefined || list.length === 0) return refuse(`${operator} takes 1 to ${roleConditionsMax} conditions`);
  const tests = list.map(inner);
  return operator === "$or"
    ? (record) => tests.some((test) => test(record))
    : (record) => tests.every((test) => test(record));
}

function fieldTest(entity: AnyEntity, path: string, given: unknown, refuse: Refuse): RecordTest {
  const quoted = JSON.stringify(path);
  const field = recordField(entity.schema, path);
  if (field === undefined) return refuse(`the entity has no field ${quoted}, and conditions no such operator`);
  const { names } = field;
  const refuseHere = (reason: string): never => refuse(`the condition on ${quoted} ${reason}`);
  const compared = ({ test, none = false }: Comparison): RecordTest =>
    none ? (record) => !someAt(record, names, 0, test) : (record) => someAt(record, names, 0, test);
  const operators: readonly (readonly [string, unknown])[] = isPlain(given) ? Object.entries(given) : [["$eq", given]];
  if (operators.length === 0) return refuseHere("says nothing");
  const tests = operators.map(([operator, value]): RecordTest => {
    if (operator === "$exists") {
      if (typeof value !== "boolean") return refuseHere("has an $exists that is neither true nor false");
      return (record) => existsAt(record, names, 0) === value;
    }
    const comparison = comparisonOf(operator, value, field, refuseHere);
    return comparison === undefined
      ? refuseHere(`has no operator ${JSON.stringify(operator)}; a nested field is named by its path`)
      : compared(comparison);
  });
  return tests.length === 1 && tests[0] !== undefined ? tests[0] : (record) => tests.every((test) => test(record));
}
