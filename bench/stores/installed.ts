/** Finds what is installed: the peers apart from the library, in `bench/peers`. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const own = createRequire(import.meta.url);
const peers = createRequire(new URL("../peers/package.json", import.meta.url));

/** The version of an installed package, from the `package.json` above its entry file. */
function versionOf(require: NodeJS.Require, name: string): string | undefined {
  let folder: string;
  try {
    folder = dirname(require.resolve(name));
  } catch {
    return undefined;
  }
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found: { name?: unknown; version?: unknown } = JSON.parse(
        readFileSync(join(folder, "package.json"), "utf8"),
      );
      if (found.name === name) return String(found.version);
    } catch {
      // No package.json here: further up.
    }
  }
  return undefined;
}

/** The version of a package the library itself has. */
export const ownVersion = (name: string): string | undefined => versionOf(own, name);

/** The version of a peer, `undefined` when it is not installed. */
export const peerVersion = (name: string): string | undefined => versionOf(peers, name);

/** Loads a peer. The caller says what of it is used. */
export async function importPeer<T>(name: string): Promise<T> {
  return await import(pathToFileURL(peers.resolve(name)).href);
}
