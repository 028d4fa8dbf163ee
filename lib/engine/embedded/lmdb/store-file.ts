/** A store's data file in use: LMDB, which writes it, and what reads it beside LMDB. */
import type { Checksum } from "./checksum.js";
import type { Environment } from "./environment.js";
import { PageFile } from "./page-file.js";
import { TreeRows } from "./tree-rows.js";

export class StoreFile {
  readonly environment: Environment;
  readonly pages: PageFile;
  readonly rows: TreeRows;
  readonly #uses = new Set<Promise<unknown>>();

  /** `checksum` is that of its rows. */
  constructor(environment: Environment, checksum: Checksum) {
    environment.checksum = checksum;
    this.environment = environment;
    this.pages = new PageFile(environment.dataFile);
    this.rows = new TreeRows(this.pages, environment.path, checksum);
  }

  /** Runs `act` while the pages of the newest state, and of later ones, stay as they are. */
  async whileKept<T>(act: () => Promise<T>): Promise<T> {
    const reader = this.environment.read();
    const acted = act().finally(() => {
      this.#uses.delete(acted);
      reader.done();
    });
    this.#uses.add(acted);
    return await acted;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#uses);
    this.pages.close();
    await this.environment.close();
  }
}
