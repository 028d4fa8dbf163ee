/** The disk's own flush: an append of a page and fdatasync, which every durable commit waits for at least once. */
import { type FileHandle, open } from "node:fs/promises";

const pageBytes = 4_096;

export class Disk {
  readonly #file: FileHandle;
  readonly #page = Buffer.alloc(pageBytes, 0x5a);

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<Disk> {
    return new Disk(await open(path, "w"));
  }

  /** Appends a page and waits until it is on the disk, so many times. */
  async flush(times: number): Promise<number> {
    for (let i = 0; i < times; i++) {
      await this.#file.write(this.#page);
      await this.#file.datasync();
    }
    return times;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
