/** The FoundationDB client of this process: one API version, one network, set up by the first open. */
import { accessSync, constants } from "node:fs";
import type { NativeModule } from "foundationdb/dist/lib/native.js";
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { type FoundationDbNetworkOptions, networkFileOptions, networkOptionCodes } from "../foundationdb-options.js";
import { optionToNative } from "./bytes.js";
import type { OptionCode } from "./codes.js";
import { fdbCodeOf, fdbCodes, toEngineError } from "./errors.js";

/** What the npm package `foundationdb` 2.0 was built for: its header's version, and the oldest the port is written for. */
export const apiVersionMax = 720;
export const apiVersionMin = 700;

type OptionValue = true | number | string | Uint8Array;

interface ClientState {
  readonly apiVersion: number;
  readonly network: ReadonlyMap<string, string>;
}

// The C API allows one version and one network per process and forgets neither, so what was chosen is kept per module.
const started = new WeakMap<NativeModule, ClientState>();

/** Selects the API version and starts the network, or makes sure that what runs is what is asked for. */
export function startClient(native: NativeModule, apiVersion: number, network: FoundationDbNetworkOptions): void {
  const asked = networkSettings(network);
  const running = started.get(native);
  if (running !== undefined) {
    if (running.apiVersion !== apiVersion) {
      throw tenantryError("FOUNDATIONDB_API_VERSION_SELECTED", { apiVersion, selected: running.apiVersion });
    }
    for (const { name, print } of asked) {
      if (running.network.get(name) !== print) throw tenantryError("FOUNDATIONDB_NETWORK_RUNNING", { option: name });
    }
    return;
  }
  selectApiVersion(native, apiVersion);
  readableFiles(network);
  for (const { name, option, values } of asked) {
    for (const value of values) setNetworkOption(native, name, option, value);
  }
  native.startNetwork();
  // The client's thread must have ended before the process tears the binding down.
  process.once("exit", () => native.stopNetwork());
  started.set(native, { apiVersion, network: new Map(asked.map(({ name, print }) => [name, print])) });
}

function selectApiVersion(native: NativeModule, apiVersion: number): void {
  const bounds = { apiVersion, apiVersionMin, apiVersionMax };
  if (!Number.isInteger(apiVersion) || apiVersion < apiVersionMin || apiVersion > apiVersionMax) {
    throw tenantryError("FOUNDATIONDB_API_VERSION_UNSUPPORTED", { ...bounds, fdbCode: undefined });
  }
  try {
    native.setAPIVersion(apiVersion);
  } catch (error) {
    const fdbCode = fdbCodeOf(error);
    if (fdbCode === undefined) throw toEngineError(error);
    // Something else in this process, driving the package itself, was first.
    throw fdbCode === fdbCodes.apiVersionAlreadySet
      ? tenantryError("FOUNDATIONDB_API_VERSION_SELECTED", { apiVersion, selected: undefined }, { cause: error })
      : tenantryError("FOUNDATIONDB_API_VERSION_UNSUPPORTED", { ...bounds, fdbCode }, { cause: error });
  }
}

function readableFiles(network: FoundationDbNetworkOptions): void {
  for (const option of networkFileOptions) {
    for (const path of listOf(network[option])) {
      try {
        accessSync(path, constants.R_OK);
      } catch (error) {
        const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
        throw tenantryError("FOUNDATIONDB_FILE", { option, path, reason }, { cause: error });
      }
    }
  }
}

function setNetworkOption(native: NativeModule, name: string, option: OptionCode, value: OptionValue): void {
  try {
    native.setNetworkOption(option.code, optionToNative(option.type, value));
  } catch (error) {
    if (isTenantryError(error, "FOUNDATIONDB_OPTION")) throw error;
    const { fdbName: reason } = toEngineError(error).details;
    throw tenantryError("FOUNDATIONDB_OPTION", { option: name, reason }, { cause: error });
  }
}

interface NetworkSetting {
  readonly name: string;
  readonly option: OptionCode;
  readonly values: readonly OptionValue[];
  /** What a later open compares with. */
  readonly print: string;
}

function networkSettings(network: FoundationDbNetworkOptions): readonly NetworkSetting[] {
  const given: Readonly<Record<string, OptionValue | readonly string[] | undefined>> = { ...network };
  const settings: NetworkSetting[] = [];
  for (const [name, option] of Object.entries<OptionCode>(networkOptionCodes)) {
    const values = listOf(given[name]);
    if (values.length > 0) settings.push({ name, option, values, print: values.map(printOf).join("\0") });
  }
  return settings;
}

const printOf = (value: OptionValue): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);

function listOf<T extends OptionValue>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);
