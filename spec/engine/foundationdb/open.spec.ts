/** Opening FoundationDB: what is set up, in which order, and what keeps it from opening. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFoundationDb } from "../../../lib/engine/foundationdb/engine.js";
import { fdbCodeOf } from "../../../lib/engine/foundationdb/errors.js";
import { loadError, nativeModuleOf } from "../../../lib/engine/foundationdb/native-module.js";
import type { FoundationDbOptions } from "../../../lib/engine/foundationdb-options.js";
import { type Engine, foundationdb, memory, openEngine } from "../../../lib/engine/index.js";
import type { ErrorCode } from "../../../lib/errors/index.js";
import { type NativeDouble, type NativeDoubleOptions, nativeDouble } from "./native-double.js";

let store: Engine;
let directory: string;

beforeAll(async () => {
  store = await openEngine(memory());
  directory = mkdtempSync(join(tmpdir(), "tenantry-fdb-"));
});

afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const double = (options: Omit<NativeDoubleOptions, "engine"> = {}): NativeDouble =>
  nativeDouble({ engine: store, ...options });

const openWith = (native: NativeDouble, options: FoundationDbOptions = {}): Promise<Engine> =>
  openFoundationDb(options, async () => native);

const refused = async (opening: Promise<Engine>, code: ErrorCode, details: object = {}): Promise<void> => {
  await expect(opening).rejects.toMatchObject({ code, details });
};

const file = (name: string, content = ""): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

describe("the client", () => {
  test("options are set with their codes and encodings, before the network and the database", async () => {
    const native = double();
    const [cert, key] = [file("cert.pem"), file("key.pem")];
    const engine = await openWith(native, {
      network: {
        tlsKeyPath: key,
        tlsPassword: "secret",
        tlsCertPath: cert,
        tlsCaBytes: new TextEncoder().encode("ca"),
        tlsVerifyPeers: "Check.Valid=1",
        traceRollSize: 1_000,
        knob: ["a=1", "b=2"],
        disableClientStatisticsLogging: true,
        traceEnable: undefined,
      },
      database: { maxWatches: 5, machineId: "m", transactionTimeout: 500, snapshotRywDisable: true },
      tags: ["web", "batch"],
    });
    expect(native.networkOptions).toEqual([
      { code: 31, value: 1_000 },
      { code: 40, value: "a=1" },
      { code: 40, value: "b=2" },
      { code: 54, value: "secret" },
      { code: 43, value: cert },
      { code: 46, value: key },
      { code: 47, value: "Check.Valid=1" },
      { code: 52, value: "ca" },
      { code: 70, value: null },
    ]);
    expect(native.databaseOptions).toEqual([
      { code: 20, value: 5 },
      { code: 21, value: "m" },
      { code: 500, value: 500 },
      { code: 27, value: null },
    ]);
    const before = native.transactionOptions.length;
    engine.begin().reset();
    expect(native.transactionOptions.slice(before)).toEqual(
      ["web", "batch", "web", "batch"].map((value) => ({ code: 800, value })),
    );
    await engine.close();
  });

  test("one process opens several databases, again after closing, with the options of the first", async () => {
    const native = double();
    const network = { traceLogGroup: "group" };
    const one = await openWith(native, { network });
    const other = await openWith(native, { network });
    await one.close();
    const third = await openWith(native);
    expect(native.networkOptions).toHaveLength(1);
    expect(native.openDatabases).toBe(2);
    await other.close();
    await third.close();
    expect(native.openDatabases).toBe(0);
    expect(native.networkRuns).toBe(true);
    await refused(openWith(native, { network: { traceLogGroup: "other" } }), "FOUNDATIONDB_NETWORK_RUNNING", {
      option: "traceLogGroup",
    });
    await refused(openWith(native, { network: { traceFormat: "json" } }), "FOUNDATIONDB_NETWORK_RUNNING");
  });

  test("an API version is chosen once", async () => {
    const native = double();
    await (await openWith(native, { apiVersion: 710 })).close();
    await (await openWith(native, { apiVersion: 710 })).close();
    await refused(openWith(native), "FOUNDATIONDB_API_VERSION_SELECTED", { apiVersion: 720, selected: 710 });
    const used = double();
    used.setAPIVersion(630);
    await refused(openWith(used), "FOUNDATIONDB_API_VERSION_SELECTED", { apiVersion: 720, selected: undefined });
  });

  test("an API version that package or library does not have is refused with the bounds", async () => {
    for (const apiVersion of [730, 699, 7.2, Number.NaN]) {
      await refused(openWith(double(), { apiVersion }), "FOUNDATIONDB_API_VERSION_UNSUPPORTED", {
        apiVersionMin: 700,
        apiVersionMax: 720,
      });
    }
    const old = double({ clientApiVersionMax: 710 });
    await refused(openWith(old), "FOUNDATIONDB_API_VERSION_UNSUPPORTED", { fdbCode: 2203 });
  });

  test("options of the wrong type are refused by name", async () => {
    await refused(openWith(double(), { network: { traceRollSize: 0.5 } }), "FOUNDATIONDB_OPTION", {
      option: "traceRollSize",
      reason: "invalid_option_value",
    });
    const native = double();
    await refused(openWith(native, { database: { maxWatches: 2_000_000 } }), "FOUNDATIONDB_OPTION");
    expect(native.openDatabases).toBe(0);
    await refused(openWith(double(), { tags: ["a tag of more than sixteen bytes"] }), "FOUNDATIONDB_OPTION");
    await refused(openWith(double(), { connectTimeoutMs: 0 }), "FOUNDATIONDB_OPTION", { option: "connectTimeoutMs" });
  });

  test("a TLS file that cannot be read is named", () =>
    refused(openWith(double(), { network: { tlsCaPath: join(directory, "none.pem") } }), "FOUNDATIONDB_FILE", {
      option: "tlsCaPath",
      path: join(directory, "none.pem"),
      reason: "ENOENT",
    }));
});

describe("the cluster", () => {
  test("a cluster file is handed on; one that is missing or too long a path is refused", async () => {
    const native = double();
    const clusterFile = file("fdb.cluster", "test:test@127.0.0.1:4500");
    await (await openWith(native, { clusterFile })).close();
    expect(native.clusterFiles).toEqual([clusterFile]);
    await refused(openWith(native, { clusterFile: join(directory, "none") }), "FOUNDATIONDB_CLUSTER_FILE", {
      reason: "ENOENT",
    });
    await refused(openWith(native, { clusterFile: "x".repeat(1_024) }), "FOUNDATIONDB_CLUSTER_FILE");
  });

  test("a cluster file the client finds no sense in is told apart from a cluster that is away", async () => {
    await refused(openWith(double({ createError: 2104 })), "FOUNDATIONDB_CLUSTER_FILE", {
      reason: "connection_string_invalid",
    });
    const missing = double({ connectError: 1515 });
    await refused(openWith(missing), "FOUNDATIONDB_CLUSTER_FILE", { reason: "no_cluster_file_found" });
    expect(missing.openDatabases).toBe(0);
  });

  test("a cluster that does not answer is given up after the timeout, and nothing is left open", async () => {
    const native = double({ unreachable: true });
    await refused(openWith(native, { connectTimeoutMs: 30 }), "FOUNDATIONDB_UNREACHABLE", {
      connectTimeoutMs: 30,
      fdbCode: 1031,
    });
    expect([native.openDatabases, native.outstanding]).toEqual([0, 0]);
  });

  test("so is one whose client is stuck", async () => {
    const native = double({ stuck: true });
    await refused(openWith(native, { connectTimeoutMs: 30 }), "FOUNDATIONDB_UNREACHABLE", { fdbCode: undefined });
    expect(native.openDatabases).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(native.outstanding).toBe(0);
  });
});

describe("the package", () => {
  const failure = (message: string, code?: string): Error => Object.assign(new Error(message), { code });

  test("what is missing is told apart: the package, a build for the platform, the client library", () => {
    expect(
      loadError(failure("Cannot find package 'foundationdb' imported from /app/x.js", "ERR_MODULE_NOT_FOUND")),
    ).toMatchObject({ code: "FOUNDATIONDB_PACKAGE_MISSING" });
    expect(loadError(failure("No native build was found for platform=linux arch=arm64"))).toMatchObject({
      code: "FOUNDATIONDB_BUILD_MISSING",
      details: { platform: process.platform, arch: process.arch },
    });
    const reason = "libfdb_c.so: cannot open shared object file: No such file or directory";
    expect(loadError(failure(reason, "ERR_DLOPEN_FAILED"))).toMatchObject({
      code: "FOUNDATIONDB_CLIENT_MISSING",
      details: { reason },
    });
  });

  test("its native module is found however a loader hands over the exports of a CommonJS module", () => {
    const native = double();
    const exports = { __esModule: true, type: "napi", default: native };
    const bare = Object.assign(Object.create(null), { default: exports, type: "napi" });
    const callable = Object.assign(() => {}, exports);
    const proxied = new Proxy(exports, { get: (_, name) => Reflect.get(name === "default" ? exports : native, name) });
    const wrapped = { default: { default: exports } };
    for (const shape of [native, exports, { default: exports }, wrapped, bare, callable, proxied]) {
      expect(nativeModuleOf(shape)).toBe(native);
    }
  });

  test("a package without one is refused with the names it has instead", () => {
    const refusal = (exports: unknown): unknown => {
      try {
        return nativeModuleOf(exports);
      } catch (error) {
        return error;
      }
    };
    expect(refusal({ type: "napi", default: { open: () => {}, default: { FDBError: Error } } })).toMatchObject({
      code: "FOUNDATIONDB_PACKAGE_UNKNOWN",
      details: { found: ["type", "default", "default.open", "default.default", "default.default.FDBError"] },
    });
    const endless: Record<string, unknown> = {};
    endless["default"] = endless;
    for (const none of [undefined, null, "napi", { default: undefined }, endless]) {
      expect(refusal(none)).toMatchObject({ code: "FOUNDATIONDB_PACKAGE_UNKNOWN" });
    }
  });

  test("an error of another realm is told apart, too", () => {
    const foreign = runInNewContext(
      "Object.assign(new Error('Cannot find module foundationdb'), { code: 'MODULE_NOT_FOUND' })",
    );
    expect(loadError(foreign)).toMatchObject({ code: "FOUNDATIONDB_PACKAGE_MISSING", cause: foreign });
    expect(fdbCodeOf(runInNewContext("Object.assign(new Error(), { code: 1031 })"))).toBe(1031);
    expect(fdbCodeOf({ code: "1031" })).toBeUndefined();
  });

  test("an API version the binding fails on without a code is not the version's fault", async () => {
    const failing = double();
    failing.setAPIVersion = () => {
      throw new Error("Invalid arguments");
    };
    await refused(openWith(failing), "ENGINE", { fdbCode: 2000 });
  });

  test("the real package loads, or says that libfdb_c is to be installed", async () => {
    const opening = openEngine(foundationdb({ connectTimeoutMs: 200 }));
    const error: unknown = await opening.then((engine) => engine.close()).catch((reason: unknown) => reason);
    // On a machine with the client library, an answer or a cluster file is what is missing.
    if (error !== undefined) {
      expect(error).toMatchObject({
        code: expect.stringMatching(/^FOUNDATIONDB_(CLIENT_MISSING|BUILD_MISSING|CLUSTER_FILE|UNREACHABLE)$/),
      });
    }
  });

  test("other threads than the main one are refused: the client has one network per process", async () => {
    const source = `
      const { parentPort } = require("node:worker_threads");
      import("tsx/esm/api")
        .then(({ register }) => register())
        .then(() => import(${JSON.stringify(new URL("../../../lib/engine/foundationdb/native-module.ts", import.meta.url).href)}))
        .then(({ loadNativeModule }) => loadNativeModule())
        .catch((error) => parentPort.postMessage(error.code));`;
    const worker = new Worker(source, { eval: true });
    const code = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await worker.terminate();
    expect(code).toBe("FOUNDATIONDB_THREAD");
  });
});
