/** Branch pages of a store's file kept in memory: those taken last, for all states of the store that they belong to. */
import { branchCacheBytesMax } from "../../../limits/index.js";
import { type PageFile, pageBytes, TreePage } from "./page-file.js";

const branchesMax = branchCacheBytesMax / pageBytes;

interface Branch {
  readonly page: TreePage;
  /** The transaction of the newest state that it is known to belong to. */
  asOf: number;
}

/**
 * LMDB writes to no page of a state that has a reader, nor of a later one. So what was read as a page of one state is
 * that page in every later state that has it, as long as there has always been a reader of the one or of an earlier
 * state.
 */
export class BranchCache {
  readonly #file: PageFile;
  /** By number, those taken last at the end. */
  readonly #branches = new Map<number, Branch>();
  #oldest = 0;

  constructor(file: PageFile) {
    this.#file = file;
  }

  /** Tells that the oldest state that still has a reader is that of `transaction`. */
  keepFrom(transaction: number): void {
    this.#oldest = transaction;
  }

  /** A branch page of the state of `transaction`, which has a reader. Nothing else is read into its memory, ever. */
  take(number: number, transaction: number): TreePage {
    const known = this.#branches.get(number);
    this.#branches.delete(number);
    const isKept = known !== undefined && known.asOf >= this.#oldest;
    const page = isKept ? known.page : this.#file.page(number, new TreePage());
    this.#branches.set(number, { page, asOf: isKept ? Math.max(known.asOf, transaction) : transaction });
    if (this.#branches.size > branchesMax) {
      for (const longestUnused of this.#branches.keys()) {
        this.#branches.delete(longestUnused);
        break;
      }
    }
    return page;
  }
}
