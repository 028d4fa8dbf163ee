/** A store's data file in use: LMDB, which writes it, and what reads it beside LMDB. */
import type { Checksum } from "./checksum.js";
import type { Environment } from "./environment.js";
import { PageFile } from "./page-file.js";
import { TreeRows } from "./tree-rows.js";

export class StoreFile {
  readonly environment: Environment;
  readonly pages: PageFile;
  readonly rows: TreeRows;

  /** `checksum` is that of its rows. */
  constructor(environment: Environment, checksum: Checksum) {
    environment.checksum = checksum;
    this.environment = environment;
    this.pages = new PageFile(environment.dataFile);
    this.rows = new TreeRows(this.pages, environment.directory, checksum);
  }

  async close(): Promise<void> {
    this.pages.close();
    await this.environment.close();
  }
}
