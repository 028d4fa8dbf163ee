/** Attacks: how an actor lies in each of its calls, what holds it back, and which ports of the database fail meanwhile. */
import type { Arbitrary } from "fast-check";
import type { FastCheck } from "./fast-check.js";
import { type Script, type ScriptOptions, scripts } from "./script.js";
import { withCalls } from "./setting.js";

/**
 * What holds the actor back: nothing; roles that let it read, or do nothing at all; its tenant is suspended; its tenant
 * may make no calls.
 */
export type Wall = "none" | "reader" | "stranger" | "suspended" | "limited";

/** What logger, meter, tracer and hooks do: what they should; or they throw; or clock and randomness do as well. */
export type Ports = "honest" | "throwing" | "failing";

/** A lie about a value among the arguments of a call. */
export type LieName =
  | "a property of its own"
  | "an inherited property"
  | "a subclass"
  | "memory that goes"
  | "shared memory"
  | "a field that changes"
  | "a field that throws"
  | "a proxy"
  | "a proxy that throws"
  | "a revoked proxy"
  | "the name of the prototype"
  | "inherited fields"
  | "a box"
  | "holes"
  | "a cycle"
  | "a deep nest"
  | "another kind of value";

/** What a function among the arguments does besides. */
export type CallbackLie = "throws" | "answers a lie" | "answers a promise" | "changes its answer";

/** When the arguments of a call are changed: before it returns control, a little later, after a turn of the event loop. */
export type Moment = "at once" | "soon" | "later";

/** An option that a call is given besides: by itself, inherited, or by every object there is. */
export interface OptionMove {
  readonly name: string;
  readonly variant: number;
  readonly from: "the object" | "its prototype" | "every prototype";
}

/** What is done to one call. */
export interface Move {
  readonly lie: LieName | undefined;
  /** Which of the values that the lie can be about, and which of the ways in which it can be told. */
  readonly at: number;
  readonly variant: number;
  readonly changed: Moment | undefined;
  readonly option: OptionMove | undefined;
  readonly callback: CallbackLie | undefined;
}

export interface Attack {
  readonly wall: Wall;
  readonly ports: Ports;
  /** Taken in turn, one for each call. */
  readonly moves: readonly Move[];
}

const lieNames: readonly LieName[] = [
  "a property of its own",
  "an inherited property",
  "a subclass",
  "memory that goes",
  "shared memory",
  "a field that changes",
  "a field that throws",
  "a proxy",
  "a proxy that throws",
  "a revoked proxy",
  "the name of the prototype",
  "inherited fields",
  "a box",
  "holes",
  "a cycle",
  "a deep nest",
  "another kind of value",
];

/** Names that the library has used between its own parts, that it takes in other places, and that nobody has. */
const optionNames: readonly string[] = [
  "join",
  "own",
  "operator",
  "context",
  "label",
  "tenant",
  "tenantId",
  "engine",
  "hooks",
  "policies",
  "access",
  "priority",
  "attempts",
  "deadline",
  "signal",
  "onProgress",
  "idempotencyKey",
  "ifRevision",
  "principal",
  "verifyOnRead",
  "dryRun",
  "limit",
  "limitt",
];

/** Names of options between the library's own parts, which it would read of every object that has them. */
const innerNames: ReadonlySet<string> = new Set(["snapshot", "reverse", "mode", "targetBytes", "iteration", "tags"]);

/** Where an option stands whose name is one of the names above, when it may not stand just anywhere. */
function placeOf({ name, from }: OptionMove): OptionMove["from"] {
  // Among a read's own options it would change the answer, as it should.
  if (name === "limit") return "its prototype";
  if (innerNames.has(name)) return "every prototype";
  // From every prototype other packages would take it as well.
  return name === "signal" && from === "every prototype" ? "its prototype" : from;
}

/** A script, and how the actor in it attacks. */
export interface AttackScript {
  readonly script: Script;
  readonly attack: Attack;
}

/** Scripts of attacks, each in a setting that its wall can be put up in. */
export const attackScripts = (fc: FastCheck, options: ScriptOptions): Arbitrary<AttackScript> =>
  fc.record({ script: scripts(fc, options), attack: attackArbitrary(fc) }).map(({ script, attack }) => {
    const setting = attack.wall === "limited" ? withCalls(script.setting) : script.setting;
    return { script: { ...script, setting }, attack };
  });

/** How an actor attacks. */
function attackArbitrary(fc: FastCheck): Arbitrary<Attack> {
  const sometimes = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> =>
    fc.option(arbitrary, { nil: undefined, freq: 2 });
  const option: Arbitrary<OptionMove> = fc
    .record({
      name: fc.oneof(
        fc.constantFrom("join", "own", "operator", "context"),
        fc.constantFrom("signal", "limit"),
        fc.constantFrom(...innerNames),
        fc.constantFrom(...optionNames),
      ),
      variant: fc.nat(15),
      from: fc.constantFrom("the object" as const, "its prototype" as const, "every prototype" as const),
    })
    .map((move) => ({ ...move, from: placeOf(move) }));
  const move: Arbitrary<Move> = fc.record({
    lie: fc.option(fc.constantFrom(...lieNames), { nil: undefined, freq: 5 }),
    at: fc.nat(30),
    variant: fc.nat(255),
    changed: sometimes(fc.constantFrom("at once" as const, "soon" as const, "later" as const)),
    option: sometimes(option),
    callback: sometimes(
      fc.constantFrom<CallbackLie>("throws", "answers a lie", "answers a promise", "changes its answer"),
    ),
  });
  return fc.record({
    wall: fc.oneof(
      { weight: 6, arbitrary: fc.constant("none" as const) },
      { weight: 4, arbitrary: fc.constantFrom<Wall>("reader", "stranger", "suspended", "limited") },
    ),
    ports: fc.constantFrom<Ports>("honest", "honest", "throwing", "failing"),
    moves: fc.array(move, { minLength: 1, maxLength: 12 }),
  });
}
