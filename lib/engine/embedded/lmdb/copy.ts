/** Copies an LMDB environment while it is in use, also by another process. */
import { open } from "lmdb";
import { pageBytes } from "./page-file.js";

/**
 * Copies the newest state of the environment in `directory` into another directory, page for page, on a thread of
 * LMDB's. (Its compacting copy counts free pages to place the root, and lmdb-js now and then loses track of one.)
 */
export async function copyEnvironment(directory: string, target: string): Promise<void> {
  const environment = open({
    path: directory,
    noSubdir: false,
    readOnly: true,
    pageSize: pageBytes,
    overlappingSync: false,
    encoding: "binary",
    keyEncoding: "binary",
  });
  try {
    await environment.backup(target, false);
  } finally {
    await environment.close();
  }
}
