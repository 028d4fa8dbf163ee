/** The keys that seal cursors, or audit trails: given to `open`, or made by the database and kept in its control plane. */
import { tenantryError } from "../../errors/index.js";
import { copiedBytes } from "../../intrinsics/index.js";
import type { ControlKeys } from "../../keyspace/index.js";
import { cursorKeysKeptMax, cursorKeysMissReloadMs, cursorKeysReloadMs, givenKeysMax } from "../../limits/index.js";
import type { Clock, Random } from "../../observe/index.js";
import { copiedList } from "../../options/index.js";
import { type CursorKey, type CursorKeyring, cursorKey, cursorSecretBytes } from "../../repository/index.js";
import { callTerms, type SystemTransaction } from "../../transaction/index.js";
import { equalBytes, pack, unpack } from "../../tuple/index.js";
import type { ControlPlane } from "../control-plane.js";

/** A keyring that is empty seals nothing; there is always a first. */
export type Keys = readonly [CursorKey, ...CursorKey[]];

const named = (keys: readonly CursorKey[], id: Uint8Array): CursorKey | undefined =>
  keys.find((key) => equalBytes(key.id, id));

/** Keys the program was given: the first seals, all of them open. */
export class GivenKeyring implements CursorKeyring {
  readonly #keys: Keys;

  constructor(first: Uint8Array, ...others: readonly Uint8Array[]) {
    this.#keys = [cursorKey(first), ...others.map(cursorKey)];
  }

  async current(): Promise<CursorKey> {
    return this.#keys[0];
  }

  async find(id: Uint8Array): Promise<CursorKey | undefined> {
    return named(this.#keys, id);
  }
}

/** The keys that `open` was given: copies of the secrets. @throws DATABASE_OPTION_INVALID */
export function givenKeyring(option: string, given: unknown): GivenKeyring {
  const invalid = (reason: string): Error => tenantryError("DATABASE_OPTION_INVALID", { option, reason });
  const list = copiedList(given, givenKeysMax);
  if (list === undefined) throw invalid(`not a list of ${givenKeysMax} secrets at most`);
  const [first, ...others] = list.map((secret) => {
    const bytes = copiedBytes(secret);
    if (bytes?.length !== cursorSecretBytes) throw invalid(`a secret does not have ${cursorSecretBytes} bytes`);
    return bytes;
  });
  if (first === undefined) throw invalid("there is none");
  return new GivenKeyring(first, ...others);
}

const FORMAT = 1;

const encodeSecrets = (secrets: readonly Uint8Array[]): Uint8Array => pack([FORMAT, ...secrets]);

const decodeSecrets = (bytes: Uint8Array | undefined): Uint8Array[] =>
  bytes === undefined ? [] : unpack(bytes).flatMap((element) => (element instanceof Uint8Array ? [element] : []));

/** Keys of the database itself, shared by all of its processes: newest first, made when first needed. */
export class StoredKeyring implements CursorKeyring {
  readonly #control: ControlPlane;
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  readonly #random: Random;
  #loaded: { readonly keys: Promise<Keys>; readonly at: number } | undefined;

  /** @param name What they are stored as: those that seal cursors unless it says otherwise. */
  constructor(
    control: ControlPlane,
    keys: ControlKeys,
    clock: Clock,
    random: Random,
    name: "cursorKeys" | "auditKeys" = "cursorKeys",
  ) {
    this.#control = control;
    this.#key = keys.metaKey(name);
    this.#clock = clock;
    this.#random = random;
  }

  async current(): Promise<CursorKey> {
    return (await this.#keys())[0];
  }

  async find(id: Uint8Array): Promise<CursorKey | undefined> {
    // Another process may have rotated the keys since these were read.
    return named(await this.#keys(), id) ?? named(await this.#keys(cursorKeysMissReloadMs), id);
  }

  /** Seals with a new key from now on; cursors of the last few keys still open. */
  async rotate(): Promise<void> {
    this.#load(async (transaction, secrets) => await this.#add(transaction, secrets));
    await this.#keys();
  }

  #keys(ageMaxMs = cursorKeysReloadMs): Promise<Keys> {
    const loaded = this.#loaded;
    if (loaded !== undefined && this.#clock.monotonic() - loaded.at < ageMaxMs) return loaded.keys;
    return this.#load(async (transaction, [first, ...others]) =>
      first === undefined ? await this.#add(transaction, []) : [cursorKey(first), ...others.map(cursorKey)],
    );
  }

  #load(keysOf: (transaction: SystemTransaction, secrets: readonly Uint8Array[]) => Promise<Keys>): Promise<Keys> {
    const keys = this.#control.apart(
      async (transaction) => await keysOf(transaction, decodeSecrets(await transaction.get(this.#key))),
      callTerms("cursorKeys"),
    );
    const loaded = { keys, at: this.#clock.monotonic() };
    this.#loaded = loaded;
    keys.catch(() => {
      if (this.#loaded === loaded) this.#loaded = undefined;
    });
    return keys;
  }

  async #add(transaction: SystemTransaction, secrets: readonly Uint8Array[]): Promise<Keys> {
    const fresh = this.#random.bytes(cursorSecretBytes);
    const others = secrets.slice(0, cursorKeysKeptMax - 1);
    transaction.set(this.#key, encodeSecrets([fresh, ...others]));
    return [cursorKey(fresh), ...others.map(cursorKey)];
  }
}
