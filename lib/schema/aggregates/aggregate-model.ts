/** The model of one aggregate: which groups a record is in, and what it adds to each. */
import { createHash } from "node:crypto";
import { tenantryError } from "../../errors/index.js";
import type { IndexModel, KeyField } from "../model.js";

/** The runtime side of one aggregate. */
export interface AggregateModel {
  readonly name: string;
  /** Tells this definition from others under its name. */
  readonly fingerprint: number;
  /** Its groups, as the entries that an index over the fields of `by` would have. */
  readonly groups: IndexModel;
  /** Whether it sums a field: its total may then come to nothing while there are records. */
  readonly sums: boolean;
  /** Whether its values are bigints: the sum of a field of these. */
  readonly bigints: boolean;
  /**
   * What a record adds to each of its groups.
   *
   * @throws `AGGREGATE_VALUE_TOO_LARGE` when the field's value has more than 64 bits
   */
  amountOf(record: unknown): bigint;
}

/** What a {@link SchemaAggregateModel} is made of, all of it checked. */
export interface AggregateModelOptions {
  readonly entity: string;
  readonly groups: IndexModel;
  /** The field summed; undefined for a count. */
  readonly sum: KeyField | undefined;
  readonly bigints: boolean;
}

const amountBits = 64;

export class SchemaAggregateModel implements AggregateModel {
  readonly fingerprint: number;
  readonly groups: IndexModel;
  readonly bigints: boolean;
  readonly #entity: string;
  readonly #sum: KeyField | undefined;

  constructor({ entity, groups, sum, bigints }: AggregateModelOptions) {
    this.groups = groups;
    this.bigints = bigints;
    this.#entity = entity;
    this.#sum = sum;
    // The fingerprint of the groups holds their fields, whether there is a condition, and the revision.
    const text = JSON.stringify(["aggregate", 1, groups.fingerprint, sum === undefined ? [] : [sum.path, sum.kind]]);
    this.fingerprint = createHash("sha256").update(text).digest().readUInt32BE();
  }

  get sums(): boolean {
    return this.#sum !== undefined;
  }

  get name(): string {
    return this.groups.name;
  }

  amountOf(record: unknown): bigint {
    if (this.#sum === undefined) return 1n;
    const value = this.#sum.get(record);
    if (typeof value !== "bigint") return BigInt(Number(value ?? 0));
    if (BigInt.asIntN(amountBits, value) === value) return value;
    throw tenantryError("AGGREGATE_VALUE_TOO_LARGE", {
      entity: this.#entity,
      aggregate: this.name,
      field: this.#sum.path,
    });
  }
}
