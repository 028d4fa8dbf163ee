/** The lifetime of a request: until its answer is sent, or its client is gone. */

const gone = (): Error => new DOMException("The client is gone.", "AbortError");

/** Made for each request; costs nothing until somebody asks for a signal. */
export class Lifetime {
  readonly #platforms: () => AbortSignal | undefined;
  #gone: AbortController | undefined;
  #over: AbortController | undefined;
  #state: "open" | "sent" | "gone" = "open";

  /** @param platforms The signal that the platform itself has for a client that is gone, where it has one. */
  constructor(platforms: () => AbortSignal | undefined = () => undefined) {
    this.#platforms = platforms;
  }

  /** Aborted when the client is gone before it has the answer. */
  get signal(): AbortSignal {
    const platforms = this.#platforms();
    if (platforms !== undefined) return platforms;
    this.#gone ??= new AbortController();
    if (this.#state === "gone") this.#gone.abort(gone());
    return this.#gone.signal;
  }

  /** Aborted when the request is over, either way. */
  get over(): AbortSignal {
    if (this.#over === undefined) {
      this.#over = new AbortController();
      const platforms = this.#platforms();
      if (platforms?.aborted === true) this.end("gone");
      else platforms?.addEventListener("abort", () => this.end("gone"), { once: true });
      if (this.#state !== "open") this.#over.abort(gone());
    }
    return this.#over.signal;
  }

  /** Whether somebody waits for the end. */
  get isHeld(): boolean {
    return this.#over !== undefined && this.#state === "open";
  }

  /** Says how the request ended; only the first time counts. */
  end(how: "sent" | "gone"): void {
    if (this.#state !== "open") return;
    this.#state = how;
    if (how === "gone") this.#gone?.abort(gone());
    this.#over?.abort(gone());
  }
}
