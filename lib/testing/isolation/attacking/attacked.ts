/** The law of attacks: whoever holds one tenant's handle gets no further by what the values it hands in say of themselves. */
import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import { isTenantryError } from "../../../errors/index.js";
import type { Attack } from "../../generate/attack.js";
import type { Script } from "../../generate/script.js";
import type { Actor } from "../acting/index.js";
import { assertOthersUnchanged, assertSilentAbout, assertStaysInTenant } from "../assertions.js";
import type { Outcome } from "../outcome.js";
import type { Scene, Stage } from "../stage.js";
import { Attacker } from "./attacker.js";
import { change } from "./lying/index.js";
import { assertInOrder } from "./order.js";
import { Planted, Secret } from "./planted.js";
import { FailingPorts } from "./ports.js";
import { assertBehindWall, contextBehind, wallIn, wallRoles } from "./wall.js";

/** An idempotency key that every tenant uses, each for its own. */
const sharedKey = "key";

/** Milliseconds in which a database has to have closed that nothing runs in. */
const closingMs = 20_000;

const fail = (law: string, message: string): never => {
  throw new AssertionError({ message: `${law}: ${message}` });
};

/** What the language throws when a proxy is asked that was revoked, or that contradicts itself: the actor's own doing. */
const isOfProxy = (error: unknown, { moves }: Attack): boolean =>
  error instanceof TypeError &&
  /^Cannot perform '\w+' on a proxy that has been revoked|^'\w+' on proxy: /.test(error.message) &&
  moves.some(({ lie }) => lie?.includes("proxy"));

/** Law: what is refused is refused by an error of the library's, or by what the actor itself has thrown. */
function assertTyped(outcomes: readonly Outcome[], attacker: Attacker, attack: Attack): void {
  for (const outcome of outcomes) {
    if (!("error" in outcome)) continue;
    const { step, error } = outcome;
    if (attacker.hasThrown(error) || isTenantryError(error) || isOfProxy(error, attack)) continue;
    throw new AssertionError({ message: `assertTyped: ${step} threw ${String(Object(error).stack ?? error)}` });
  }
}

/** Law: nothing that a tenant was given or has stored has another's secret in it. */
function assertNothingOf(secret: Secret, got: readonly unknown[], law: string): void {
  const place = secret.traceIn(got);
  if (place !== undefined) fail(law, `another's secret is at ${place}`);
}

/** Gives every tenant its records; the neighbour. */
async function settled({ cast, actor }: Scene, script: Script): Promise<Actor> {
  await actor(cast.acting).hold(script.own);
  await actor(cast.stranger).hold(script.foreign);
  const neighbour = actor(cast.neighbour);
  await neighbour.hold(script.foreign, sharedKey);
  return neighbour;
}

/** Tries one attack. */
export async function attacked(stage: Stage, script: Script, attack: Attack): Promise<void> {
  const failing = new FailingPorts(attack.ports);
  const secret = new Secret("neighbour", script.seed);
  const own = new Secret("own", script.seed);
  const play = async (scene: Scene): Promise<void> => {
    const { db, cast, ports } = scene;
    const { acting, neighbour, stranger } = cast;
    const { root } = stage;
    const other = await settled(scene, script);
    const leaves = await other.leaf();
    const stolen = {
      cursors: leaves.map(({ cursor }) => cursor),
      tokens: await other.settle(),
      exported: await other.exported().catch(() => []),
    };
    const plant = (id: typeof acting, planted: Secret): Promise<unknown> =>
      db
        .tenant(id)
        .repository(Planted)
        .putMany([1, 2].map((n) => planted.record(n)));
    await plant(neighbour, secret);
    await plant(acting, own).catch(() => undefined);
    const seen = await other.readAll();
    await wallIn(attack.wall, scene);
    const context = contextBehind(attack.wall, acting);
    const handle = db.tenant(acting, context === undefined ? { context: scene.contextOf(acting) } : { context });
    const attacker = new Attacker({ attack, neighbour, prime: () => secret.prime() });
    const actor = scene.actorWith(attacker.disguised(handle), stolen);
    const before = await stage.rows();
    stage.watch(scene);
    failing.turn(true);
    const outcomes = [...(await actor.perform())];
    failing.turn(false);
    attacker.rest();
    await actor.leave();
    await stage.calm();

    const accesses = stage.recorded.take();
    const after = await stage.rows();
    assertStaysInTenant(accesses, acting, { root });
    assertOthersUnchanged(before, after, acting, { root });
    const range = stage.keyspace.tenant(acting);
    assertBehindWall({ wall: attack.wall, range, accesses, before, after });
    const got = [outcomes, attacker.loot, ports.said];
    assertTyped(outcomes, attacker, attack);
    assertSilentAbout([neighbour, stranger], got);
    // Copied: an engine may give rows as parts of a page, which nobody but this law is shown.
    const stored = after
      .filter(({ key }) => range.contains(key))
      .map(({ key, value }) => [Uint8Array.from(key), Uint8Array.from(value)]);
    assertNothingOf(secret, [got, stored], "assertNothingOfOthers");
    if (attack.wall !== "none" && attack.wall !== "reader") assertNothingOf(own, got, "assertBehindWall");
    if (attacker.loot.length > 0)
      fail("assertAsGiven", "a function was called that is no option, or of a signal's own");
    const [finding] = attacker.findings;
    if (finding !== undefined) fail("assertAsGiven", finding);

    // What it was given is the actor's to change.
    change(outcomes);
    if (!isDeepStrictEqual(await other.readAll(), seen))
      fail("assertOthersUnchanged", "another tenant sees something else");
    await closed(scene);
    const reopened = await scene.reopened();
    try {
      await assertInOrder(reopened, acting, stage.entities);
    } finally {
      await reopened.close();
    }
  };
  await stage.play(script, play, { ...failing, roles: wallRoles });
}

/** Law: nothing goes on when all that was asked for is answered. */
async function closed({ db }: Scene): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AssertionError({ message: "assertNothingRuns: something goes on" })),
      closingMs,
    );
  });
  try {
    await Promise.race([db.close({ drainMs: 2 * closingMs }), late]);
  } finally {
    clearTimeout(timer);
  }
}
