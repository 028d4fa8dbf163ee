/** The adapter's numbers against the package's own generated tables (which load without libfdb_c). */
import {
  databaseOptionData,
  MutationType,
  networkOptionData,
  StreamingMode,
  transactionOptionData,
} from "foundationdb/dist/lib/opts.g.js";
import { describe, expect, test } from "vitest";
import {
  mutationCodes,
  type OptionCode,
  streamingModeCodes,
  transactionOptionCodes,
} from "../../../lib/engine/foundationdb/codes.js";
import { databaseOptionCodes, networkOptionCodes } from "../../../lib/engine/foundationdb-options.js";

const pascal = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The package's option of a name of ours: `tlsCertPath` is its `TLS_cert_path`. */
const packageName = (name: string): string => snake(name).replace(/^tls_/, "TLS_");

const agree = (
  ours: Readonly<Record<string, OptionCode>>,
  theirs: Readonly<Record<string, { code: number; type: string }>>,
): void => {
  for (const [name, { code, type }] of Object.entries(ours)) {
    const option = theirs[packageName(name)];
    // Both are handed over as bytes.
    const kind = (value: string | undefined): string | undefined => (value === "bytes" ? "string" : value);
    expect({ name, code, type: kind(type) }).toEqual({ name, code: option?.code, type: kind(option?.type) });
  }
};

describe("codes", () => {
  test("atomic operations are the package's", () => {
    const theirs: Readonly<Record<string, unknown>> = { ...MutationType };
    for (const [name, code] of Object.entries(mutationCodes)) expect(theirs[pascal(name)], name).toBe(code);
  });

  test("streaming modes are the package's", () => {
    const theirs: Readonly<Record<string, unknown>> = { ...StreamingMode };
    for (const [name, code] of Object.entries(streamingModeCodes)) expect(theirs[pascal(name)], name).toBe(code);
  });

  test("network and database options are the package's", () => {
    agree(networkOptionCodes, networkOptionData);
    agree(databaseOptionCodes, databaseOptionData);
  });

  test("transaction options are the package's, but for two that came with client 7.3", () => {
    const { readPriorityLow, readPriorityHigh, ...known } = transactionOptionCodes;
    agree(known, transactionOptionData);
    expect([readPriorityLow.code, readPriorityHigh.code]).toEqual([510, 511]);
  });
});
