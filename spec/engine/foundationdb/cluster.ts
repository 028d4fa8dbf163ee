/**
 * The clusters that specs may use, if there are any. Specs run side by side on the first: each writes under a prefix, a
 * root or a tenant of its own and clears that and nothing else. The second is for what needs a cluster to itself.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Engine, foundationdb, openEngine } from "../../../lib/engine/index.js";

const shared = "TENANTRY_FDB_CLUSTER_FILE";
const disposable = "TENANTRY_FDB_DISPOSABLE_CLUSTER_FILE";

/** What a spec takes on a cluster whose every answer is a round trip. */
const timeoutMs = 600_000;

/** Makes the specs of what runs on the shared cluster, or says why they are skipped. */
export function describeOnCluster(name: string, specs: (clusterFile: string) => void): void {
  const clusterFile = process.env[shared];
  if (clusterFile) describe(`${name} on a cluster`, () => specs(clusterFile));
  else skip(`${name} on a cluster`, shared);
}

/** A spec on the cluster that may be cleared, which is empty when it begins; or one skipped, with the reason. */
export function testOnDisposableCluster(name: string, spec: (engine: Engine) => Promise<void>): void {
  const clusterFile = process.env[disposable];
  if (!clusterFile) {
    skip(name, disposable);
    return;
  }
  test(
    name,
    async () => {
      const others = process.env[shared];
      if (others) expect(idOf(clusterFile), `${disposable} and ${shared} name one cluster`).not.toBe(idOf(others));
      const engine = await openEngine(foundationdb({ clusterFile }));
      try {
        expect(await isEmpty(engine), `the cluster of ${disposable} has keys of somebody's: clear it`).toBe(true);
        await spec(engine);
      } finally {
        await engine.close();
      }
    },
    timeoutMs,
  );
}

function skip(name: string, variable: string): void {
  const reason = `${variable} names no cluster`;
  console.info(`skipped: ${name}, as ${reason}`);
  test.skip(`${name} (${reason})`, () => {});
}

/** What a cluster file says of the cluster, whatever its coordinators are called from here. */
const idOf = (clusterFile: string): string | undefined =>
  /^\s*([^#\s][^@]*)@/m.exec(readFileSync(clusterFile, "utf8"))?.[1];

/** Whether users have no keys there. */
async function isEmpty(engine: Engine): Promise<boolean> {
  const transaction = engine.begin();
  const at = (key: readonly number[]) => ({ key: Uint8Array.from(key), orEqual: false, offset: 1 });
  for (;;) {
    try {
      const { rows } = await transaction.getRange(at([]), at([0xff]), { limit: 1 });
      return rows.length === 0;
    } catch (error) {
      await transaction.onError(error);
    }
  }
}
