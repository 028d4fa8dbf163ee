/** The port for encryption and compression, and the envelope it works behind. */
import { deepStrictEqual } from "node:assert/strict";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ByteTransform,
  flagSealed,
  RecordCodec,
  readEnvelope,
  sealValue,
  type TransformContext,
  unsealValue,
} from "../../lib/value/index.js";
import { runs } from "../runs.js";
import { laidOut } from "./storable.js";

const place = { entity: "a", key: Uint8Array.of(1, 2) };
const deflated: ByteTransform = {
  seal: (payload) => deflateRawSync(payload),
  unseal: (sealed) => inflateRawSync(sealed),
};

describe("a transform", () => {
  test("round trips, synchronously or not", async () => {
    await fc.assert(
      fc.asyncProperty(laidOut, fc.boolean(), async ({ layout, record }, slow) => {
        const transform: ByteTransform = slow
          ? { seal: async (payload) => deflateRawSync(payload), unseal: async (sealed) => inflateRawSync(sealed) }
          : deflated;
        const codec = new RecordCodec(layout, 1);
        const bytes = codec.encode(record, 3);
        const sealing = sealValue(bytes, transform, place);
        expect(sealing instanceof Promise).toBe(slow);
        const sealed = await sealing;
        expect(readEnvelope(sealed).flags & flagSealed).toBe(flagSealed);
        expect(() => codec.decode(sealed)).toThrow(expect.objectContaining({ code: "VALUE_SEALED" }));
        expect(() => unsealValue(sealed, undefined, place)).toThrow(expect.objectContaining({ code: "VALUE_SEALED" }));
        deepStrictEqual(codec.decode(await unsealValue(sealed, transform, place)).record, record);
      }),
      { numRuns: runs(60) },
    );
  });

  test("sees the same context both ways, and values from before it pass", () => {
    const seen: TransformContext[] = [];
    const watching: ByteTransform = {
      seal: (payload, context) => {
        seen.push(context);
        return payload;
      },
      unseal: (sealed, context) => {
        seen.push(context);
        return sealed;
      },
    };
    const fields = [{ name: "value", optional: false, node: { kind: "value" } as const }];
    const codec = new RecordCodec({ entity: "a", shapes: [{ fields, open: false }] }, 1);
    const bytes = codec.encode({ value: 1 }, 300);
    const sealed = sealValue(bytes, watching, place);
    if (sealed instanceof Promise) throw new Error("the transform is synchronous");
    expect(unsealValue(sealed, watching, place)).toEqual(Uint8Array.from(bytes));
    expect(seen[0]).toStrictEqual(seen[1]);
    expect(unsealValue(bytes, watching, place)).toBe(bytes);
  });
});

test("the envelope keeps version, revision and expiry of any size", () => {
  const fields = [{ name: "value", optional: false, node: { kind: "value" } as const }];
  const natural = fc.maxSafeInteger().map(Math.abs);
  fc.assert(
    fc.property(natural, natural, fc.option(natural, { nil: undefined }), (schemaVersion, revision, expiresAt) => {
      const codec = new RecordCodec({ entity: "a", shapes: [{ fields, open: false }] }, schemaVersion);
      const bytes = codec.encode({ value: "x" }, revision, expiresAt);
      expect(codec.decode(bytes)).toStrictEqual({ record: { value: "x" }, revision, schemaVersion, expiresAt });
    }),
  );
});
