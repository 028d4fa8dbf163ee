/** Schemas: entity definitions, the types inferred from them, and their runtime side. */
export type {
  AggregateDefinition,
  AggregateDefinitions,
  AggregateName,
  AggregateValue,
  CounterName,
  GroupValues,
  SummedFields,
} from "./aggregates/aggregate-definition.js";
export type { AggregateModel } from "./aggregates/aggregate-model.js";

export { type Entity, type EntityOptions, entity, modelOf, unknownEntity } from "./entity.js";
export { changesOf, type KnownEntity, type SchemaChange } from "./evolution/compatibility.js";
export {
  decodeDescription,
  decodeLayout,
  describeEntity,
  type EntityDescription,
  encodeDescription,
  encodeLayout,
} from "./evolution/description.js";
export type { EarlierSchemas, Migrations } from "./evolution/migrations.js";
export type {
  Bound,
  EachPath,
  FieldPath,
  IdRange,
  IndexDefinition,
  IndexDefinitions,
  IndexField,
  IndexName,
  IndexRange,
  IndexValues,
  KeyRange,
} from "./index-definition.js";
export type {
  AnyEntity,
  DateFieldName,
  IdFieldNames,
  IdFieldsOf,
  IdOf,
  IdValue,
  Infer,
  InputOf,
  KeyScalar,
  ObjectSchema,
  PatchOf,
} from "./infer.js";
export { copiedKeyValue } from "./key-value.js";
export type { EntityModel, IndexedValues, IndexModel, KeyField, StoredRecord } from "./model.js";
export { type FieldScalar, type RecordField, recordField } from "./zod/record-field.js";
