/** The laws: each a property over scripts, played on a stage. */
import { AssertionError } from "node:assert";
import type { Arbitrary } from "fast-check";
import type { Access, FaultRates } from "../../engine/faults/index.js";
import type { Engine } from "../../engine/index.js";
import { isTenantryError } from "../../errors/index.js";
import type { QuotaOptions } from "../../quota/index.js";
import type { AnyEntity } from "../../schema/index.js";
import { compareBytes } from "../../tuple/index.js";
import { attackScripts } from "../generate/attack.js";
import { type FastCheck, loadFastCheck } from "../generate/fast-check.js";
import { quotaNames } from "../generate/quota-step.js";
import { assertDeterministic } from "../generate/records/deterministic.js";
import type { RecordMaker } from "../generate/records/record-maker.js";
import { type Script, type Step, scripts, wholeRange } from "../generate/script.js";
import { unboundedPlan } from "../generate/setting.js";
import { type Actor, tampered } from "./acting/index.js";
import {
  assertCursorRefused,
  assertForeignLooksMissing,
  assertOthersUnchanged,
  assertSilentAbout,
  assertStaysInTenant,
  type Transcript,
} from "./assertions.js";
import { attacked, Planted } from "./attacking/index.js";
import type { TestEngine } from "./engines/test-engine.js";
import { ForeignRows } from "./foreign-rows.js";
import { Stage, type StageOptions } from "./stage.js";

/** What laws are tried with. */
export interface LawOptions {
  readonly entities: readonly AnyEntity[];
  readonly engine: TestEngine;
  readonly runs: number;
  readonly seed: number | undefined;
  readonly steps: number;
  readonly records: Readonly<Record<string, RecordMaker | undefined>>;
  readonly quotas: QuotaOptions | undefined;
}

/** A law: its name, and one script's trial on a stage. */
interface Law {
  readonly name: string;
  readonly stage: (options: LawOptions) => Omit<StageOptions, "entities" | "engine">;
  try(stage: Stage, script: Script): Promise<void>;
}

/** What a bad day of a cluster looks like: often enough that most scripts see some of it. */
const badDay: FaultRates = {
  conflict: 0.1,
  unknownApplied: 0.05,
  unknownNotApplied: 0.05,
  unknownLate: 0.03,
  tooOld: 0.03,
  futureVersion: 0.02,
  processBehind: 0.02,
};

/** An idempotency key that every tenant uses, each for its own. */
const sharedKey = "key";
/** A name of long work that does, too. */
const sharedWork = "work";

/** Some of a script's records, and the first two at least. */
const enough = (held: readonly number[]): readonly number[] => held.map((bits) => bits | 0b11);

/** Has a tenant use some of all that plans bound, where the database has any. */
async function settleQuotas(actor: Actor, { setting: { quotas } }: Script): Promise<void> {
  if (quotas !== undefined) await actor.settleQuotas(quotaNames(quotas));
}

/** The same script, of a tenant that nothing is refused for want of room. */
const unbounded = (script: Script): Script => {
  const { setting } = script;
  return { ...script, setting: { ...setting, plan: setting.quotas && unboundedPlan } };
};

/** Operations touch nothing of others, change nothing of others, and name no other. */
async function stays(stage: Stage, script: Script): Promise<void> {
  const { root } = stage;
  await stage.play(script, async (scene) => {
    const { acting, neighbour, stranger } = scene.cast;
    await scene.actor(acting).hold(script.own);
    const others = [scene.actor(neighbour), scene.actor(stranger)] as const;
    await Promise.all(others.map((other) => other.hold(enough(script.foreign), sharedKey)));
    await others[0].workThrough(sharedWork);
    const leaves = await others[1].leaf();
    const tokens = await others[0].settle();
    const exported = await others[0].exported().catch(() => []);
    await settleQuotas(others[0], script);
    const actor = scene.actor(acting, { cursors: leaves.map(({ cursor }) => cursor), tokens, exported });
    const before = await stage.rows();
    stage.watch(scene);
    const outcomes = await actor.perform();
    await actor.leave();
    await stage.calm();
    assertStaysInTenant(stage.recorded.take(), acting, { root });
    assertOthersUnchanged(before, await stage.rows(), acting, { root });
    assertSilentAbout([neighbour, stranger], [outcomes, scene.ports.said]);
  });
}

async function transcript(stage: Stage, script: Script, withForeign: boolean): Promise<Transcript> {
  return stage.play(script, async (scene) => {
    const actor = scene.actor(scene.cast.acting);
    const neighbour = scene.actor(scene.cast.neighbour);
    await actor.hold(script.own);
    if (withForeign) await neighbour.hold(script.foreign, sharedKey);
    if (withForeign) await neighbour.workThrough(sharedWork);
    if (withForeign) await neighbour.settle();
    if (withForeign) await neighbour.readAll();
    if (withForeign) await settleQuotas(neighbour, script);
    stage.watch(scene);
    const outcomes = await actor.perform();
    await actor.leave();
    return { outcomes, accesses: stage.recorded.take(), said: [...scene.ports.said] };
  });
}

/** The neighbour's records and results make no difference to any answer, nor to what is asked of the engine for it. */
async function looksMissing(stage: Stage, script: Script): Promise<void> {
  const foreign = await transcript(stage, script, true);
  assertForeignLooksMissing(foreign, await transcript(stage, script, false));
}

/** A cursor opens for its tenant, query and principal as it was sealed, and for nobody and nothing else. */
async function cursorsStayHome(stage: Stage, script: Script): Promise<void> {
  await stage.play(unbounded(script), async (scene) => {
    const { acting, neighbour } = scene.cast;
    const held = enough(script.foreign);
    await Promise.all([acting, neighbour].map((id) => scene.actor(id).hold(held)));
    const [own, foreign] = [scene.actor(acting), await scene.actor(neighbour).leaf()];
    const leaves = await own.leaf();
    stage.watch(scene);
    for (const leaf of foreign) assertCursorRefused(await own.open(leaf));
    for (const [index, leaf] of leaves.entries()) {
      const other = leaves[(index + 1) % leaves.length];
      const place = script.seed + index;
      if (other !== undefined && other !== leaf) assertCursorRefused(await own.open({ ...leaf, cursor: other.cursor }));
      assertCursorRefused(await own.open(leaf, "somebody else"));
      assertCursorRefused(await own.open({ ...leaf, cursor: tampered(leaf.cursor, place) }));
      assertCursorRefused(await own.open({ ...leaf, cursor: leaf.cursor.slice(0, place % leaf.cursor.length) }));
      assertCursorRefused(await own.open({ ...leaf, cursor: `${leaf.cursor}A` }));
    }
    const range = stage.keyspace.tenant(acting);
    const touched = stage.recorded.take().filter(({ begin }) => range.contains(begin));
    if (touched.length > 0)
      throw new AssertionError({ message: "assertCursorRefused: a refused cursor was read with" });
    for (const leaf of leaves) {
      const outcome = await own.open(leaf);
      if ("error" in outcome)
        throw new AssertionError({ message: "a tenant's own cursor was refused", actual: outcome });
    }
  });
}

/** A row of another tenant that an engine gives is refused: no answer is made of it. */
async function foreignRowsRefused(stage: Stage, script: Script, rowsOf: () => ForeignRows | undefined): Promise<void> {
  await stage.play(unbounded(script), async (scene) => {
    const rows = rowsOf();
    const { acting, neighbour } = scene.cast;
    await scene.actor(neighbour).hold(enough(script.foreign));
    await scene.actor(acting).hold(script.own);
    const range = stage.keyspace.tenant(neighbour);
    const reads = (["list", "scan", "batches", "count", "first"] as const).map((method) => ({ do: method }));
    const { quotas } = script.setting;
    const resources = quotas === undefined ? [] : quotaNames(quotas).resources;
    const claims = resources.map((resource) => ({ do: "listClaims" as const, resource, after: undefined, limit: 3 }));
    const ofRecords = [...script.records.keys()].flatMap((entity) => {
      // By id, and by every index.
      const indexes = [0, ...Object.keys(stage.entities[entity]?.indexes ?? {}).map((_, at) => at + 1)];
      const queries = indexes.map((index) => ({ ...wholeRange, index }));
      return queries.flatMap((query) => reads.map((read) => ({ ...read, entity, query })));
    });
    const steps: Step[] = [...ofRecords, ...claims, ...(quotas === undefined ? [] : [{ do: "usage" as const }])];
    const row = (await stage.rows()).find(({ key }) => range.contains(key));
    if (row === undefined || rows === undefined) return;
    stage.watch(scene);
    rows.row = [row.key, row.value];
    try {
      const outcomes = await scene.actor(acting).play(steps);
      for (const outcome of outcomes) {
        if ("error" in outcome && isTenantryError(outcome.error, "ISOLATION_VIOLATION")) continue;
        throw new AssertionError({ message: `assertForeignRowsRefused: ${outcome.step} took another tenant's row` });
      }
      assertSilentAbout([neighbour], [outcomes, scene.ports.said]);
    } finally {
      rows.row = undefined;
    }
    // What was refused is written down in the trail of the tenant that asked, and in no other: by the control plane, under
    // markers of its own.
    await scene.db.close();
    const markers = stage.keyspace.control.markersBefore(Number.MAX_SAFE_INTEGER);
    const isMarker = ({ begin }: Access): boolean =>
      compareBytes(markers.begin, begin) <= 0 && compareBytes(begin, markers.end) < 0;
    const denied = stage.recorded.take().filter((access) => !isMarker(access));
    assertStaysInTenant(denied, acting, { root: stage.root });
  });
}

const laws: readonly Law[] = [
  {
    name: "assertStaysInTenant, assertOthersUnchanged, assertSilentAbout: what a tenant does touches, changes and names no other",
    stage: () => ({}),
    try: stays,
  },
  {
    name: "assertStaysInTenant, assertOthersUnchanged, assertSilentAbout: also on a bad day, with conflicts and lost outcomes",
    stage: ({ seed }) => ({ faults: { seed: seed ?? 1, rates: badDay } }),
    try: stays,
  },
  {
    name: "assertForeignLooksMissing: what others hold changes no answer and no call of the engine",
    stage: () => ({}),
    try: looksMissing,
  },
  {
    name: "assertCursorRefused: a cursor is good for its tenant, query and principal alone",
    stage: () => ({}),
    try: cursorsStayHome,
  },
];

/**
 * One law, as a test: framework-free, so that any runner can run it.
 *
 * @example
 * ```ts
 * import { type IsolationCase, isolationCases } from "tenantry/testing";
 * const cases: readonly IsolationCase[] = isolationCases({ entities: [] });
 * console.log(cases.map(({ name }) => name));
 * ```
 */
export interface IsolationCase {
  /** The assertions of the law, and what it says. */
  readonly name: string;
  /** Tries the law; rejects with the script that breaks it, its seed, and what was broken. */
  run(): Promise<void>;
}

async function tryOn<T>(
  stageOptions: StageOptions,
  { entities, records, runs, seed }: LawOptions,
  drawn: (fc: FastCheck) => Arbitrary<T>,
  attempt: (stage: Stage, drawn: T) => Promise<void>,
): Promise<void> {
  const fc = await loadFastCheck();
  for (const entity of entities) await assertDeterministic(fc, entity, records[entity.name]);
  const stage = await Stage.open(stageOptions);
  try {
    await fc.assert(
      fc.asyncProperty(drawn(fc), (value) => attempt(stage, value)),
      { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
    );
  } finally {
    await stage.close();
  }
}

async function tryLaw(law: Law, options: LawOptions): Promise<void> {
  const { entities, engine } = options;
  await tryOn({ ...law.stage(options), entities, engine }, options, (fc) => scripts(fc, options), law.try);
}

/** The law of attacks, whose actor has an entity of its own besides. */
async function tryAttacks(options: LawOptions): Promise<void> {
  const { engine } = options;
  const entities = [...options.entities, Planted];
  await tryOn(
    { entities, engine },
    options,
    (fc) => attackScripts(fc, { ...options, entities }),
    (stage, { script, attack }) => attacked(stage, script, attack),
  );
}

/** The last law has an engine of its own between the database and the recording. */
async function tryForeignRows(options: LawOptions): Promise<void> {
  let rows: ForeignRows | undefined;
  const front = (engine: Engine): Engine => {
    rows = new ForeignRows(engine);
    return rows;
  };
  await tryLaw(
    {
      name: "",
      stage: () => ({ front }),
      try: (stage, script) => foreignRowsRefused(stage, script, () => rows),
    },
    options,
  );
}

/** The laws as cases. */
export const casesOf = (options: LawOptions): readonly IsolationCase[] => [
  ...laws.map((law) => ({ name: law.name, run: () => tryLaw(law, options) })),
  {
    name: "assertForeignRowsRefused: a row of another tenant that the engine gives makes no answer",
    run: () => tryForeignRows(options),
  },
  {
    name: "assertAsGiven, assertTyped, assertBehindWall, assertInOrder: who lies about values, options and callbacks gets no further",
    run: () => tryAttacks(options),
  },
];
