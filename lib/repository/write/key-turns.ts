/** Turns: operations of one transaction that meet in a key run one after another, the others at once. */

/** An operation's turn. */
export interface Turn {
  /** Resolves when all earlier ones are done; undefined when there are none. */
  readonly ready: Promise<unknown> | undefined;
  readonly end: () => void;
}

/**
 * Every operation reads before it writes: two of one transaction, started together, would otherwise both see the state
 * before either. An operation takes the turns of its records first and then, at once, those of its unique entries: so
 * none waits for another that waits for it.
 */
export class KeyTurns {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Takes the turns of all the keys. Where nobody had one before, there is nothing to wait for, not even a tick: an
   * operation left alone is known by its engine calls, which have to be under way when its caller goes on.
   */
  take(keys: readonly string[]): Turn {
    const before = keys.flatMap((key) => this.#last.get(key) ?? []);
    let end = (): void => {};
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    for (const key of keys) this.#last.set(key, turn);
    return { ready: before.length === 0 ? undefined : Promise.all(before), end };
  }
}

/** Bytes of a key as the key of a map. */
export const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
