/** Scripts: what the tenants of one run hold, and the operations that one of them tries. */
import type { Arbitrary } from "fast-check";
import { keyBytesMax } from "../../limits/index.js";
import type { QuotaOptions } from "../../quota/index.js";
import type { AnyEntity } from "../../schema/index.js";
import type { FastCheck } from "./fast-check.js";
import { type HandleStep, handleArbitrary } from "./handle-step.js";
import { type IdentityStep, identityArbitrary } from "./identity-step.js";
import { type ClaimStep, claimArbitrary, type QuotaStep, quotaArbitrary, quotaNames } from "./quota-step.js";
import type { RecordMaker } from "./records/record-maker.js";
import { recordSet } from "./records/record-set.js";
import { lawNames, type Setting, settingArbitrary } from "./setting.js";
import { hardTexts } from "./text-arbitrary.js";

/** An id: of one of the entity's records, whoever holds it, or any value at all. */
export type IdPick = { readonly record: number } | { readonly value: unknown };

/** The values of a bound: of a record's fields, as many as the index has or fewer, or any value at all. */
export type BoundPick = { readonly record: number; readonly fields: number } | { readonly value: unknown };

/** A query; `index` counts the entity's indexes from 1, 0 is the id. For an aggregate it counts those. */
export interface QueryPick {
  readonly index: number;
  readonly equals: BoundPick | undefined;
  readonly from: BoundPick | undefined;
  readonly to: BoundPick | undefined;
  /** Text that the next field begins with. */
  readonly prefix: string | undefined;
  /** How many fields of the record are wanted; all when undefined. */
  readonly select: number | undefined;
  readonly reverse: boolean;
  readonly limit: number | undefined;
}

/** A cursor: none, one that an earlier page gave, one of another tenant, one of these changed, or any text. */
export type CursorPick =
  | { readonly of: "none" }
  | { readonly of: "own" | "other"; readonly at: number }
  | { readonly of: "tampered"; readonly at: number; readonly place: number }
  | { readonly of: "forged"; readonly text: string };

/** One operation of a repository. */
export type RepositoryStep = { readonly entity: number } & (
  | { readonly do: "get" | "require" | "entry" | "has" | "counters" | "delete"; readonly id: IdPick }
  | { readonly do: "add"; readonly id: IdPick; readonly amount: number }
  | { readonly do: "getMany" | "deleteMany"; readonly ids: readonly IdPick[] }
  | { readonly do: "create" | "put"; readonly record: number }
  | { readonly do: "createMany" | "putMany"; readonly records: readonly number[] }
  | {
      readonly do: "update" | "patch";
      readonly id: IdPick;
      readonly record: number;
      readonly ifRevision: number | undefined;
    }
  | { readonly do: "list" | "scan" | "batches" | "count" | "first" | "explain"; readonly query: QueryPick }
  | {
      readonly do: "page";
      readonly query: QueryPick;
      readonly size: number;
      readonly cursor: CursorPick;
      readonly principal: string | undefined;
    }
  | { readonly do: "aggregate" | "groups"; readonly query: QueryPick }
  | { readonly do: "verify" }
);

/** What goes beyond one transaction: watches, and work on any number of records, under a name that every tenant uses. */
export type LongStep = { readonly entity: number } & (
  | { readonly do: "watch"; readonly id: IdPick }
  | { readonly do: "scanAll"; readonly query: QueryPick }
  | { readonly do: "transform"; readonly query: QueryPick; readonly record: number; readonly work: string | undefined }
  | {
      readonly do: "deleteWhere";
      readonly query: QueryPick;
      readonly every: boolean;
      readonly work: string | undefined;
    }
  | { readonly do: "forgetWork"; readonly work: string }
  | { readonly do: "recount" }
);

/** One operation inside a transaction. */
export type ScopeStep = RepositoryStep | ClaimStep;

/** One operation of a tenant. */
export type Step =
  | RepositoryStep
  | LongStep
  | IdentityStep
  | HandleStep
  | QuotaStep
  | {
      readonly do: "transact" | "read";
      readonly steps: readonly ScopeStep[];
      readonly end: "return" | "throw" | "useAfter";
      readonly idempotencyKey: string | undefined;
    };

/** One run: the records of each entity, who holds which of them, and what the acting tenant does. */
export interface Script {
  /** Differs in the tenants of each run. */
  readonly seed: number;
  readonly setting: Setting;
  /** Which of the 122 free bits of its id tells the acting tenant's neighbour from it. */
  readonly bit: number;
  /** Inputs by entity. */
  readonly records: readonly (readonly unknown[])[];
  /** By entity, as bits: the records that the acting tenant holds at first, and those that its neighbour does. */
  readonly own: readonly number[];
  readonly foreign: readonly number[];
  readonly steps: readonly Step[];
}

/** What scripts are made from. */
export interface ScriptOptions {
  readonly entities: readonly AnyEntity[];
  readonly records: Readonly<Record<string, RecordMaker | undefined>>;
  readonly steps: number;
  /** Those of the runs that have any; the laws' own when undefined. */
  readonly quotas: QuotaOptions | undefined;
}

/** All of an entity's records, by their ids. */
export const wholeRange: QueryPick = {
  index: 0,
  equals: undefined,
  from: undefined,
  to: undefined,
  prefix: undefined,
  select: undefined,
  reverse: false,
  limit: undefined,
};

const recordsMax = 5;
const queries = ["list", "scan", "batches", "count", "first", "explain"] as const;
const idempotencyKeys = ["key", "key\0", "k"] as const;
const workNames = ["work", "work\0", ""] as const;

/** Values that are no id, or hardly one: numbers and bigints that look alike, bytes like tuples, the longest texts. */
function anyValue(fc: FastCheck): Arbitrary<unknown> {
  const scalars = fc.oneof(
    fc.constantFrom<unknown>(...hardTexts, "\ud800", "a\udfff", "1", "-0"),
    fc.constantFrom<unknown>(0, 1, -1, -0, 1.5, 255, 256, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY),
    fc.constantFrom<unknown>(0n, 1n, -1n, 2n ** 53n, 2n ** 64n, -(2n ** 64n), 2n ** 200n),
    fc.constantFrom<unknown>(true, false, null, undefined, new Date(0), new Date(Number.NaN)),
    fc.constantFrom<unknown>(
      new Uint8Array(0),
      Uint8Array.of(0xff),
      Uint8Array.of(0, 0xff, 0x30),
      Uint8Array.of(2, 0x30, 0),
    ),
    fc.integer({ min: keyBytesMax - 90, max: keyBytesMax + 1 }).map((length): unknown => "x".repeat(length)),
    fc.constant<unknown>({ toString: () => "a" }),
  );
  return fc.oneof({ weight: 4, arbitrary: scalars }, { weight: 1, arbitrary: fc.array(scalars, { maxLength: 3 }) });
}

/** Cursors a little less often than not. */
function cursors(fc: FastCheck): Arbitrary<CursorPick> {
  const at = fc.nat(9);
  return fc.oneof(
    fc.constant<CursorPick>({ of: "none" }),
    fc.record({ of: fc.constantFrom("own" as const, "other" as const), at }),
    fc.record({ of: fc.constant("tampered" as const), at, place: fc.nat(200) }),
    fc.record({ of: fc.constant("forged" as const), text: fc.oneof(fc.base64String(), fc.constantFrom(...hardTexts)) }),
  );
}

/** Ids of records, and values that are hardly one. */
function idPicks(fc: FastCheck): Arbitrary<IdPick> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.record({ record: fc.nat(recordsMax - 1) }) },
    { weight: 1, arbitrary: fc.record({ value: anyValue(fc) }) },
  );
}

/** Queries with bounds that fit, or that are any value. */
function queryPicks(fc: FastCheck): Arbitrary<QueryPick> {
  const record = fc.nat(recordsMax - 1);
  const bound: Arbitrary<BoundPick | undefined> = fc.option(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ record, fields: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 1, arbitrary: fc.record({ value: anyValue(fc) }) },
    ),
    { nil: undefined },
  );
  return fc.record({
    index: fc.nat(4),
    equals: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: bound }),
    from: bound,
    to: bound,
    prefix: fc.option(fc.constantFrom(...hardTexts), { nil: undefined, freq: 5 }),
    select: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 3 }),
    reverse: fc.boolean(),
    limit: fc.option(fc.nat(6), { nil: undefined }),
  });
}

/** The operations of repositories of `entities`. */
function repositorySteps(fc: FastCheck, entities: number): Arbitrary<RepositoryStep> {
  const entity = fc.nat(Math.max(0, entities - 1));
  const record = fc.nat(recordsMax - 1);
  const query = queryPicks(fc);
  const id = idPicks(fc);
  const revision = fc.option(fc.nat(3), { nil: undefined, freq: 3 });
  return fc.oneof(
    fc.record({
      do: fc.constantFrom(
        "get" as const,
        "require" as const,
        "entry" as const,
        "has" as const,
        "counters" as const,
        "delete" as const,
      ),
      entity,
      id,
    }),
    fc.record({ do: fc.constant("add" as const), entity, id, amount: fc.integer({ min: -2, max: 2 }) }),
    fc.record({
      do: fc.constantFrom("getMany" as const, "deleteMany" as const),
      entity,
      ids: fc.array(id, { maxLength: 3 }),
    }),
    fc.record({ do: fc.constantFrom("create" as const, "put" as const), entity, record }),
    fc.record({
      do: fc.constantFrom("createMany" as const, "putMany" as const),
      entity,
      records: fc.array(record, { maxLength: 3 }),
    }),
    fc.record({ do: fc.constantFrom("update" as const, "patch" as const), entity, id, record, ifRevision: revision }),
    fc.record({
      do: fc.constantFrom(...queries),
      entity,
      query,
    }),
    fc.record({
      do: fc.constant("page" as const),
      entity,
      query,
      size: fc.integer({ min: 0, max: 4 }),
      cursor: cursors(fc),
      principal: fc.constantFrom(undefined, undefined, "ada", "bob"),
    }),
    fc.record({ do: fc.constantFrom("aggregate" as const, "groups" as const), entity, query }),
    fc.record({ do: fc.constant("verify" as const), entity }),
  );
}

/** What repositories of `entities` do beyond one transaction. */
function longSteps(fc: FastCheck, entities: number): Arbitrary<LongStep> {
  const entity = fc.nat(Math.max(0, entities - 1));
  const query = fc.oneof(queryPicks(fc), fc.constant(wholeRange));
  const work = fc.option(fc.constantFrom(...workNames), { nil: undefined });
  return fc.oneof(
    fc.record({ do: fc.constant("watch" as const), entity, id: idPicks(fc) }),
    fc.record({ do: fc.constant("scanAll" as const), entity, query }),
    fc.record({ do: fc.constant("transform" as const), entity, query, record: fc.nat(recordsMax - 1), work }),
    fc.record({ do: fc.constant("deleteWhere" as const), entity, query, every: fc.boolean(), work }),
    fc.record({ do: fc.constant("recount" as const), entity }),
    fc.record({ do: fc.constant("forgetWork" as const), entity, work: fc.constantFrom(...workNames) }),
  );
}

/** Scripts over the user's own entities. */
export function scripts(fc: FastCheck, { entities, records, steps, quotas }: ScriptOptions): Arbitrary<Script> {
  const step = repositorySteps(fc, entities.length);
  const names = quotas === undefined ? lawNames : quotaNames(quotas);
  const claim = claimArbitrary(fc, names);
  const scope = fc.record({
    do: fc.constantFrom("transact" as const, "transact" as const, "read" as const),
    steps: fc.array(fc.oneof({ weight: 5, arbitrary: step }, { weight: 1, arbitrary: claim }), { maxLength: 4 }),
    end: fc.constantFrom("return" as const, "return" as const, "throw" as const, "useAfter" as const),
    idempotencyKey: fc.option(fc.constantFrom(...idempotencyKeys), { nil: undefined }),
  });
  const held = fc.tuple(...entities.map(() => fc.nat(2 ** recordsMax - 1)));
  return fc.record({
    seed: fc.nat(2 ** 31 - 1),
    bit: fc.nat(121),
    setting: settingArbitrary(fc, entities, quotas),
    records: fc.tuple(...entities.map((entity) => recordSet(fc, entity, recordsMax, records[entity.name]))),
    own: held,
    foreign: held,
    steps: fc.array(
      fc.oneof(
        { weight: 8, arbitrary: step },
        { weight: 2, arbitrary: scope },
        { weight: 1, arbitrary: longSteps(fc, entities.length) },
        { weight: 1, arbitrary: identityArbitrary(fc) },
        { weight: 1, arbitrary: handleArbitrary(fc) },
        { weight: 3, arbitrary: quotaArbitrary(fc, names) },
      ),
      { minLength: 1, maxLength: steps },
    ),
  });
}
