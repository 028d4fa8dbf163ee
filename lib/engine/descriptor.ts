/** Engine descriptors: plain data that says which engine to open and how; nothing happens until it is opened. */
import { type OptionNames, optionNames, takeOptions } from "../options/index.js";
import { type FoundationDbOptions, takeNestedOptions } from "./foundationdb-options.js";

/**
 * How far a commit of the embedded engine reaches before it is acknowledged.
 *
 * @example
 * ```ts
 * import { type Durability, embedded } from "tenantry/engine";
 * const durability: Durability = process.env["NODE_ENV"] === "test" ? "relaxed" : "durable";
 * const engine = embedded({ path: "./data", durability });
 * ```
 */
export type Durability =
  /** Flushed to the disk: survives a crash of the process, of the system, and a power cut. */
  | "durable"
  /** Handed to the system: survives a crash of the process; a power cut can lose, or damage, the store. */
  | "relaxed";

/**
 * What {@link embedded} takes besides a path.
 *
 * @example
 * ```ts
 * import { type EmbeddedOptions, embedded } from "tenantry/engine";
 * const options: EmbeddedOptions = { path: "./data", lockTimeout: 10_000, verify: "full" };
 * const engine = embedded(options);
 * ```
 */
export interface EmbeddedOptions {
  /** Directory of the store; made when it is not there. */
  readonly path: string;
  /** `"durable"` unless said otherwise. */
  readonly durability?: Durability | undefined;
  /** Milliseconds to wait for another process to let go of the store; 5,000 unless said otherwise. */
  readonly lockTimeout?: number | undefined;
  /** Largest size of the store, in bytes of address space; 1 TiB unless said otherwise. */
  readonly mapBytes?: number | undefined;
  /**
   * What is verified before the store is used: every row (`"full"`), or only the pages above the rows (`"quick"`).
   * `"auto"`, the default, verifies every row of stores up to 256 MiB, about a second's work.
   */
  readonly verify?: "auto" | "full" | "quick" | undefined;
}

/**
 * What {@link memory} takes.
 *
 * @example
 * ```ts
 * import { type MemoryOptions, memory } from "tenantry/engine";
 * const options: MemoryOptions = { mapBytes: 2 ** 30 };
 * const engine = memory(options);
 * ```
 */
export interface MemoryOptions {
  /** Largest size of the store, in bytes; 64 GiB unless said otherwise (the file system's room bounds it too). */
  readonly mapBytes?: number | undefined;
}

/**
 * What {@link embedded} makes: plain data.
 *
 * @example
 * ```ts
 * import { type EmbeddedDescriptor, embedded } from "tenantry/engine";
 * const descriptor: EmbeddedDescriptor = embedded("./data");
 * console.log(descriptor.engine, descriptor.path); // embedded ./data
 * ```
 */
export interface EmbeddedDescriptor extends Readonly<EmbeddedOptions> {
  readonly engine: "embedded";
}

/**
 * What {@link memory} makes: plain data.
 *
 * @example
 * ```ts
 * import { type MemoryDescriptor, memory } from "tenantry/engine";
 * const descriptor: MemoryDescriptor = memory();
 * console.log(descriptor.engine); // memory
 * ```
 */
export interface MemoryDescriptor extends Readonly<MemoryOptions> {
  readonly engine: "memory";
}

/**
 * What {@link foundationdb} makes: plain data.
 *
 * @example
 * ```ts
 * import { type FoundationDbDescriptor, foundationdb } from "tenantry/engine";
 * const descriptor: FoundationDbDescriptor = foundationdb({ clusterFile: "/etc/foundationdb/fdb.cluster" });
 * console.log(descriptor.engine, descriptor.clusterFile);
 * ```
 */
export interface FoundationDbDescriptor extends Readonly<FoundationDbOptions> {
  readonly engine: "foundationdb";
}

/**
 * What `open` and `openEngine` take: made by `embedded`, `memory` or `foundationdb`.
 *
 * @example
 * ```ts
 * import { type EngineDescriptor, embedded, foundationdb, open } from "tenantry";
 * const clusterFile = process.env["FDB_CLUSTER_FILE"];
 * const engine: EngineDescriptor = clusterFile === undefined ? embedded("./data") : foundationdb({ clusterFile });
 * const db = await open({ engine, entities: [] });
 * ```
 */
export type EngineDescriptor = EmbeddedDescriptor | MemoryDescriptor | FoundationDbDescriptor;

const embeddedParts = { path: true, durability: true, lockTimeout: true, mapBytes: true, verify: true } as const;
const memoryParts = { mapBytes: true } as const;
const foundationDbParts = {
  clusterFile: true,
  apiVersion: true,
  connectTimeoutMs: true,
  tags: true,
  network: true,
  database: true,
} as const;
const embeddedNames = optionNames<EmbeddedOptions>(embeddedParts);
const memoryNames = optionNames<MemoryOptions>(memoryParts);
const foundationDbNames = optionNames<FoundationDbOptions>(foundationDbParts);
const names = {
  embedded: optionNames<EmbeddedDescriptor>({ engine: true, ...embeddedParts }),
  memory: optionNames<MemoryDescriptor>({ engine: true, ...memoryParts }),
  foundationdb: optionNames<FoundationDbDescriptor>({ engine: true, ...foundationDbParts }),
} as const;

/** The options of a descriptor, by name, whoever made it. @throws OPTION_UNKNOWN */
export function takeDescriptor<D extends EngineDescriptor>(descriptor: D): D {
  const all: OptionNames<never> = names[descriptor.engine] as never;
  const taken: EngineDescriptor = takeOptions<object>(descriptor, all, descriptor.engine) as D;
  return (taken.engine === "foundationdb" ? takeNestedOptions(taken) : taken) as D;
}

/**
 * The embedded engine: a durable store in a directory, with FoundationDB's behaviour and nothing to install.
 *
 * @example
 * ```ts
 * import { embedded, openEngine } from "tenantry/engine";
 * const engine = await openEngine(embedded("./data"));
 * const relaxed = embedded({ path: "./cache", durability: "relaxed" });
 * ```
 */
export function embedded(store: string | EmbeddedOptions): EmbeddedDescriptor {
  const options = typeof store === "string" ? { path: store } : takeOptions(store, embeddedNames, "embedded");
  return Object.freeze({ ...options, engine: "embedded" as const });
}

/**
 * The embedded engine on a temporary store that is gone once closed: for tests.
 *
 * @example
 * ```ts
 * import { memory, openEngine } from "tenantry/engine";
 * const engine = await openEngine(memory());
 * ```
 */
export function memory(options?: MemoryOptions): MemoryDescriptor {
  return Object.freeze({ ...takeOptions(options, memoryNames, "memory"), engine: "memory" as const });
}

/**
 * A FoundationDB cluster, through the npm package `foundationdb`, which is loaded when the engine is opened.
 *
 * @example
 * ```ts
 * import { foundationdb, openEngine } from "tenantry/engine";
 * const engine = await openEngine(foundationdb({ clusterFile: "/etc/foundationdb/fdb.cluster" }));
 * ```
 */
export function foundationdb(options?: FoundationDbOptions): FoundationDbDescriptor {
  const taken = takeNestedOptions(takeOptions(options, foundationDbNames, "foundationdb"));
  return Object.freeze({ ...taken, engine: "foundationdb" as const });
}
