/** The shared engine suite on the FoundationDB adapter: over a stand-in for the client, and on a cluster if one is given. */
import { afterAll, beforeAll } from "vitest";
import { openFoundationDb } from "../../../lib/engine/foundationdb/engine.js";
import { type Engine, foundationdb, memory, openEngine } from "../../../lib/engine/index.js";
import { newTenantId } from "../../../lib/tenant/index.js";
import { runEngineSuite } from "../suite.js";
import { tenantViewEngine, tenantViewLacking } from "../tenant-view.js";
import { describeOnCluster } from "./cluster.js";
import { type NativeDouble, nativeDouble } from "./native-double.js";

const tenantId = newTenantId();
let store: Engine;
let whole: NativeDouble;
let sharded: NativeDouble;

beforeAll(async () => {
  store = await openEngine(memory());
  whole = nativeDouble({ engine: store });
  const edges = ["b", "c", "row0010", "row0150"].map((key) => new TextEncoder().encode(key));
  sharded = nativeDouble({ engine: store, shardEdges: edges });
});

afterAll(() => store.close());

runEngineSuite("foundationdb over a stand-in", {
  open: () => openFoundationDb({}, async () => whole),
  prefix: new Uint8Array(),
});

// Batches end early at shards' edges, as they do on a cluster of more than one.
runEngineSuite("foundationdb over a stand-in with several shards", {
  open: () => openFoundationDb({}, async () => sharded),
  prefix: new Uint8Array(),
  lacking: { oneShard: "batches end at shards' edges" },
});

runEngineSuite("a tenant's view of foundationdb over a stand-in with several shards", {
  open: async () => tenantViewEngine(await openFoundationDb({}, async () => sharded), tenantId),
  lacking: { ...tenantViewLacking, oneShard: "batches end at shards' edges", wholeKeyspace: "random prefix" },
});

// Under a random prefix, and within a tenant that is nobody else's.
describeOnCluster("foundationdb", (clusterFile) => {
  runEngineSuite("itself", {
    open: () => openEngine(foundationdb({ clusterFile })),
    lacking: { wholeKeyspace: "other data may be in the cluster" },
  });
  runEngineSuite("a tenant's view", {
    open: async () => tenantViewEngine(await openEngine(foundationdb({ clusterFile })), tenantId),
    lacking: tenantViewLacking,
  });
});
