/** The laws' assertions: what must hold of keys touched, rows kept, answers given and things said. */
import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import type { Access } from "../../engine/faults/index.js";
import { isTenantryError } from "../../errors/index.js";
import type { KeyRange } from "../../keyspace/index.js";
import { optionNames, takeOptions } from "../../options/index.js";
import { type TenantId, tenantIdBytes } from "../../tenant/index.js";
import { compareBytes, concatBytes, equalBytes, keyAfter, pack, type TupleElement } from "../../tuple/index.js";
import { firstMention } from "./mention.js";
import { comparable, type Outcome } from "./outcome.js";

/**
 * A row as it is stored.
 *
 * @example
 * ```ts
 * import { assertOthersUnchanged, type KeptRow } from "tenantry/testing";
 * import type { TenantId } from "tenantry";
 * declare const france: TenantId;
 * declare const allRows: () => Promise<KeptRow[]>;
 * const before = await allRows();
 * assertOthersUnchanged(before, await allRows(), france);
 * ```
 */
export interface KeptRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Where the tenants' keys are.
 *
 * @example
 * ```ts
 * import type { RootOptions } from "tenantry/testing";
 * const options: RootOptions = { root: ["shop", "eu"] };
 * ```
 */
export interface RootOptions {
  /** The root the database was opened with; `["tenantry"]` by default. */
  readonly root?: readonly TupleElement[] | undefined;
}

/**
 * What the acting tenant was answered, and what the engine was asked for it.
 *
 * @example
 * ```ts
 * import { type Outcome, type RecordingEngine, type Transcript } from "tenantry/testing";
 * declare const engine: RecordingEngine;
 * declare const outcomes: Outcome[];
 * const transcript: Transcript = { outcomes, accesses: engine.take() };
 * ```
 */
export interface Transcript {
  readonly outcomes: readonly Outcome[];
  readonly accesses: readonly Access[];
  /** What was told to logger, meter and tracer meanwhile; without times, which are never the same. */
  readonly said?: readonly unknown[] | undefined;
}

const defaultRoot: readonly TupleElement[] = ["tenantry"];

const fail = (law: string, message: string): never => {
  throw new AssertionError({ message: `${law}: ${message}`, stackStartFn: fail });
};

const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const described = ({ operation, kind, begin, end }: Access): string =>
  `${operation} ${kind} ${shown(begin)}${end === undefined ? "" : ` to ${shown(end)}`}`;

const covers = (range: KeyRange, begin: Uint8Array, end: Uint8Array): boolean =>
  compareBytes(range.begin, begin) <= 0 && compareBytes(end, range.end) <= 0;

/**
 * The tenant's own keys, and those of the control plane that name it. Spelt out here once more: laws that asked the
 * keyspace where a tenant's keys are would believe it when it is wrong.
 */
function ownRanges(tenantId: TenantId, { root = defaultRoot }: RootOptions): readonly KeyRange[] {
  const element = concatBytes(Uint8Array.of(0x30), tenantIdBytes(tenantId));
  const own = concatBytes(pack(root), element);
  const state = concatBytes(pack([...root, 0, 1]), element);
  const audit = concatBytes(pack([...root, 0, 3]), element);
  return [behind(own), { begin: state, end: keyAfter(state) }, behind(audit)];
}

const rootNames = optionNames<RootOptions>({ root: true });

/** All keys behind a packed prefix. */
const behind = (prefix: Uint8Array): KeyRange => ({
  begin: concatBytes(prefix, Uint8Array.of(0x00)),
  end: concatBytes(prefix, Uint8Array.of(0xff)),
});

/** The states of a tenant's entities: which of their indexes are kept. */
function statesOf(tenantId: TenantId, { root = defaultRoot }: RootOptions): KeyRange {
  const element = concatBytes(Uint8Array.of(0x30), tenantIdBytes(tenantId));
  return behind(concatBytes(pack(root), element, pack([5])));
}

/**
 * The transactions that write the state of one of the tenant's entities. Such a one may tell all processes to look at what
 * they have cached anew, by a stamp of the metadata version, which holds nothing of the tenant.
 */
function stampersOf(accesses: readonly Access[], states: KeyRange): ReadonlySet<number> {
  const writes = accesses.filter(
    ({ operation, begin }) => operation === "set" && covers(states, begin, keyAfter(begin)),
  );
  return new Set(writes.map(({ transaction }) => transaction));
}

const metadataVersion = Uint8Array.from(Buffer.from("\xff/metadataVersion", "latin1"));

/** What holds for the whole database: the metadata version, and the keys that seal cursors. */
const sharedKeys = ({ root = defaultRoot }: RootOptions): readonly Uint8Array[] => [
  metadataVersion,
  pack([...root, 0, 4, "cursorKeys"]),
];

/**
 * Law: everything asked for, returned, written, watched and conflicted on is the acting tenant's own, or an entry of
 * the control plane that names it. What holds for the whole database is read and nothing else: that caches of state
 * are fresh, and the keys that seal cursors. One exception: the metadata version is stamped by a transaction that writes
 * which indexes of an entity the tenant has, as the first write after an index was added to an entity without records.
 *
 * @throws AssertionError with the first access that is not.
 *
 * @example
 * ```ts
 * import { entity, memory, open } from "tenantry";
 * import { openEngine } from "tenantry/engine";
 * import { assertStaysInTenant, recording } from "tenantry/testing";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 *
 * const engine = recording(await openEngine(memory()));
 * const db = await open({ engine, entities: [City] });
 * const { id } = await db.tenants.provision({ name: "France" });
 * engine.take();
 * await db.tenant(id).repository(City).create({ id: 1, name: "Paris" });
 * assertStaysInTenant(engine.take(), id);
 * ```
 */
export function assertStaysInTenant(accesses: readonly Access[], tenantId: TenantId, given?: RootOptions): void {
  const options = takeOptions(given, rootNames, "assertStaysInTenant");
  const own = ownRanges(tenantId, options);
  const shared = sharedKeys(options);
  const stampers = stampersOf(accesses, statesOf(tenantId, options));
  for (const access of accesses) {
    // A split point is a bound, not a key: the tenant's end may be one.
    const isBound = access.operation === "getRangeSplitPoints";
    const end = access.end ?? (isBound ? access.begin : keyAfter(access.begin));
    if (own.some((range) => covers(range, access.begin, end))) continue;
    const isRead = access.kind === "asked" || access.kind === "returned" || access.kind === "readConflict";
    if (isRead && access.end === undefined && shared.some((key) => equalBytes(key, access.begin))) continue;
    const isStamp = access.operation === "setVersionstampedValue" && equalBytes(access.begin, metadataVersion);
    if (isStamp && stampers.has(access.transaction)) continue;
    fail("assertStaysInTenant", `tenant ${tenantId} left its keys: ${described(access)}`);
  }
}

const isSame = (row: KeptRow, other: KeptRow | undefined): boolean =>
  other !== undefined && Buffer.compare(row.key, other.key) === 0 && Buffer.compare(row.value, other.value) === 0;

/**
 * Law: the rows of everybody else are the same, byte for byte, after what a tenant did as before.
 *
 * @throws AssertionError with the first row that is not.
 *
 * @example
 * ```ts
 * import type { TenantId } from "tenantry";
 * import { assertOthersUnchanged, type KeptRow } from "tenantry/testing";
 * declare const before: KeptRow[];
 * declare const after: KeptRow[];
 * declare const france: TenantId;
 * assertOthersUnchanged(before, after, france, { root: ["shop"] });
 * ```
 */
export function assertOthersUnchanged(
  before: readonly KeptRow[],
  after: readonly KeptRow[],
  tenantId: TenantId,
  given?: RootOptions,
): void {
  const options = takeOptions(given, rootNames, "assertOthersUnchanged");
  const own = ownRanges(tenantId, options);
  const others = (rows: readonly KeptRow[]): readonly KeptRow[] =>
    rows.filter(({ key }) => !own.some((range) => covers(range, key, keyAfter(key))));
  const [kept, found] = [others(before), others(after)];
  if (kept.length === found.length && kept.every((row, at) => isSame(row, found[at]))) return;
  const values = (rows: readonly KeptRow[]): Map<string, string> =>
    new Map(rows.map(({ key, value }) => [shown(key), shown(value)]));
  const [was, is] = [values(kept), values(found)];
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    if (was.get(key) !== is.get(key)) fail("assertOthersUnchanged", `tenant ${tenantId} changed the row ${key}`);
  }
}

/**
 * Law: what another tenant holds makes no difference. The same operations get the same answers, make the same calls of
 * the engine and the same log lines, whether its neighbour has the records or nobody has: foreign and missing are one.
 *
 * @throws AssertionError with the first answer or call that differs.
 *
 * @example
 * ```ts
 * import { assertForeignLooksMissing, type Transcript } from "tenantry/testing";
 * declare const played: (neighbourHasRecords: boolean) => Promise<Transcript>;
 * assertForeignLooksMissing(await played(true), await played(false));
 * ```
 */
export function assertForeignLooksMissing(foreign: Transcript, missing: Transcript): void {
  for (const [index, outcome] of foreign.outcomes.entries()) {
    const other = missing.outcomes[index];
    if (other === undefined || !isDeepStrictEqual(comparable(outcome), comparable(other))) {
      fail("assertForeignLooksMissing", `operation ${index} (${outcome.step}) was answered differently`);
    }
  }
  const [said, other] = [foreign.said ?? [], missing.said ?? []];
  const spoken = said.findIndex((line, index) => !isDeepStrictEqual(line, other[index]));
  if (spoken >= 0 || said.length !== other.length) {
    fail("assertForeignLooksMissing", `log line, measurement or span ${spoken} is another`);
  }
  const calls = ({ accesses }: Transcript): string[] => accesses.map(described);
  const [one, two] = [calls(foreign), calls(missing)];
  const at = one.findIndex((call, index) => call !== two[index]);
  if (at >= 0 || one.length !== two.length) {
    fail("assertForeignLooksMissing", `other calls: ${one[at] ?? "fewer"} against ${two[at] ?? "more"}`);
  }
}

/**
 * Law: nothing that was answered, thrown or said names another tenant, in whatever form: not a result, not an error with
 * its causes and its stack, not a log line, a measurement or a span.
 *
 * @throws AssertionError with the place that does.
 *
 * @example
 * ```ts
 * import type { TenantId } from "tenantry";
 * import { assertSilentAbout } from "tenantry/testing";
 * declare const germany: TenantId;
 * declare const answer: unknown;
 * declare const logLines: string[];
 * assertSilentAbout([germany], [answer, ...logLines]);
 * ```
 */
export function assertSilentAbout(others: readonly TenantId[], said: readonly unknown[]): void {
  for (const [index, value] of said.entries()) {
    const mention = firstMention(value, others);
    if (mention === undefined) continue;
    const { id, path } = mention;
    fail("assertSilentAbout", `what was said (${index}) names tenant ${id} at ${path}`);
  }
}

/**
 * Law: a cursor that is not of this tenant, query and principal, or not as it was sealed, is refused, and all the same.
 *
 * @throws AssertionError when it was taken, or refused in another way.
 *
 * @example
 * ```ts
 * import { assertCursorRefused } from "tenantry/testing";
 * import type { Page } from "tenantry";
 * declare const page: (cursor: string) => Promise<Page<object>>;
 * const error: unknown = await page("forged").then(() => undefined, (reason) => reason);
 * assertCursorRefused({ step: "page", error });
 * ```
 */
export function assertCursorRefused(outcome: Outcome): void {
  const error = "error" in outcome ? outcome.error : undefined;
  if (!isTenantryError(error, "CURSOR_INVALID")) fail("assertCursorRefused", "a cursor was taken, or told more");
  if (Object.keys(Object(Object(error).details)).length > 0 || Object(error).cause !== undefined) {
    fail("assertCursorRefused", "the refusal of a cursor has details");
  }
}
