/** The attacker: hands on a tenant's handle whose every call it makes in a disguise, and compares what comes of it. */
import { inspect, isDeepStrictEqual } from "node:util";
import { type AnyEntity, type EntityModel, modelOf } from "../../../schema/index.js";
import type { TenantId } from "../../../tenant/index.js";
import type { Tenant } from "../../../tenant-handle.js";
import type { Attack, Move } from "../../generate/attack.js";
import { Disguise, type Grounds } from "./lying/index.js";

type Method = (...args: readonly unknown[]) => unknown;

/** What an attacker is told. */
export interface AttackerOptions {
  readonly attack: Attack;
  readonly neighbour: TenantId;
  /** Called before each call: has the process handle what is another tenant's. */
  readonly prime: () => void;
}

/** Parts of a handle that have methods of their own. */
const parts: ReadonlySet<PropertyKey> = new Set(["members", "sessions", "quotas"]);

/** What answers the same when it is asked again. */
const reads: ReadonlySet<PropertyKey> = new Set(
  "get require entry has getMany list first count groups aggregate counters explain".split(" "),
);

/** What stores records and returns them as they are stored. */
const stores: ReadonlySet<PropertyKey> = new Set(["create", "put", "createMany", "putMany", "update", "patch"]);

const shown = (value: unknown): string =>
  inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200, maxArrayLength: 20 });

export class Attacker {
  /** What came out otherwise than it should. */
  readonly findings: string[] = [];
  /** What functions were called with that nobody should call. */
  readonly loot: unknown[] = [];
  readonly #moves: readonly Move[];
  readonly #prime: () => void;
  readonly #grounds: Grounds;
  readonly #thrown = new Set<unknown>();
  #calls = 0;
  #on = true;

  constructor({ attack, neighbour, prime }: AttackerOptions) {
    this.#moves = attack.moves;
    this.#prime = prime;
    const thrown = (error: unknown): void => void this.#thrown.add(error);
    this.#grounds = {
      neighbour,
      thrown,
      isOn: () => this.#on,
      heard: (args) => this.loot.push(args),
      fail: () => {
        if (!this.#on) return undefined as never;
        const error = new Error("thrown by a value");
        thrown(error);
        throw error;
      },
    };
  }

  /** The handle that makes the calls. */
  disguised(tenant: Tenant): Tenant {
    return this.#wrapped(tenant);
  }

  /** Whether the actor itself has thrown this. */
  hasThrown(error: unknown): boolean {
    return this.#thrown.has(error);
  }

  /** Ends the lies: what still has one is what it was made of. */
  rest(): void {
    this.#on = false;
  }

  #wrapped<T extends object>(target: T, model?: EntityModel<AnyEntity>): T {
    return new Proxy<T>(Object.create(null), {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value === "function") {
          return (...args: readonly unknown[]) => this.#call(target, name, value as Method, args, model);
        }
        // Who only reads has no methods that write.
        if (value === undefined && model !== undefined) return () => this.#grounds.fail();
        return parts.has(name) ? this.#wrapped(value as object) : value;
      },
    });
  }

  #call(target: object, name: PropertyKey, method: Method, given: readonly unknown[], model?: EntityModel<AnyEntity>) {
    const move = this.#moves[this.#calls++ % this.#moves.length] as Move;
    const isScope = name === "transact" || name === "read";
    const args = isScope ? [this.#inScope(given[0] as Method), ...given.slice(1)] : given;
    // Which entity is no matter of what it is made of.
    const disguise = new Disguise(args, name === "repository" && move.at % 4 !== 0 ? 1 : 0, move, this.#grounds);
    this.#prime();
    let answer: unknown;
    try {
      answer = Reflect.apply(method, target, disguise.args);
    } catch (error) {
      disguise.clear();
      throw error;
    }
    if (answer instanceof Promise) return this.#settled(target, name, method, given, model, disguise, answer);
    disguise.change();
    disguise.clear();
    if (name === "repository") return this.#wrapped(answer as object, modelOf(given[0] as AnyEntity));
    if (name === "claims") return this.#wrapped(answer as object);
    if (disguise.faithful && reads.has(name)) this.#compare(name, answer, Reflect.apply(method, target, given));
    return answer;
  }

  /** A function of a transaction, which works with a scope of the attacker's. */
  #inScope(work: Method): Method {
    return (scope, ...rest) => work(this.#wrapped(scope as object), ...rest);
  }

  async #settled(
    target: object,
    name: PropertyKey,
    method: Method,
    given: readonly unknown[],
    model: EntityModel<AnyEntity> | undefined,
    disguise: Disguise,
    answering: Promise<unknown>,
  ): Promise<unknown> {
    let answer: unknown;
    try {
      [answer] = await Promise.all([answering, disguise.meanwhile()]);
    } finally {
      disguise.clear();
    }
    if (disguise.faithful && reads.has(name)) {
      const again = await attempt(() => Reflect.apply(method, target, given));
      if (again !== undefined) this.#compare(name, answer, again.value);
    }
    if (model !== undefined && stores.has(name)) await this.#assertStored(target, name, model, answer);
    if (model !== undefined && disguise.faithful && stores.has(name))
      this.#assertAsGiven(name, model, given[0], answer);
    return answer;
  }

  /** What a repository says that it has stored is what it has. */
  async #assertStored(
    target: object,
    name: PropertyKey,
    model: EntityModel<AnyEntity>,
    answer: unknown,
  ): Promise<void> {
    const last = new Map<string, readonly [id: unknown, record: unknown]>();
    for (const record of Array.isArray(answer) ? answer : [answer]) {
      const id = model.idOf(record);
      last.set(model.formatId(id), [id, record]);
    }
    for (const [id, record] of last.values()) {
      const stored = await attempt(() => Reflect.apply(Reflect.get(target, "get"), target, [id]));
      // What has expired is stored, and not found.
      if (stored === undefined || (stored.value === undefined && model.expires)) continue;
      this.#compare(`a get of what ${String(name)} stored`, stored.value, record);
    }
  }

  /** What was stored is what was given when the call was made. */
  #assertAsGiven(name: PropertyKey, model: EntityModel<AnyEntity>, given: unknown, answer: unknown): void {
    if (name === "update" || name === "patch") return;
    const expected = Array.isArray(given) ? given.map((one) => model.parse(one)) : model.parse(given);
    this.#compare(name, answer, expected);
  }

  #compare(name: PropertyKey, answer: unknown, expected: unknown): void {
    if (isDeepStrictEqual(answer, expected)) return;
    this.findings.push(`${String(name)} answered ${shown(answer)}, and should ${shown(expected)}`);
  }
}

/** What `work` resolves to; undefined when it is refused. */
async function attempt(work: () => unknown): Promise<{ readonly value: unknown } | undefined> {
  try {
    return { value: await work() };
  } catch {
    return undefined;
  }
}
