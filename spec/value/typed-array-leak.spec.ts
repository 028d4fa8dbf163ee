/** msgpackr writes a typed array's length without its bytes, and so stores what its buffer held before: other records. */
import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { RecordCodec } from "../../lib/value/index.js";

const secret = "the other tenant's plaintext";
const tries = 300;

describe("typed arrays", () => {
  test("plain msgpackr stores other records' plaintext with them", () => {
    const packr = new Packr({ useRecords: false });
    // Its buffer is given, so that it is certain what was in it: otherwise it depends on when a new one is taken.
    const buffer = Buffer.alloc(8_192);
    packr.useBuffer(buffer);
    packr.pack({ text: secret.repeat(20) });
    packr.useBuffer(buffer);
    expect(Buffer.from(packr.pack(new Float64Array(32))).includes("plaintext")).toBe(true);
  });

  test("a record's bytes never hold another's", () => {
    const fields = [{ name: "value", optional: false, node: { kind: "value" } as const }];
    const codec = new RecordCodec({ entity: "thing", shapes: [{ fields, open: false }] }, 1);
    for (let i = 0; i < tries; i++) {
      for (let other = 0; other < 20; other++) codec.encode({ value: secret.repeat(20) }, 1);
      expect(() => codec.encode({ value: new Float64Array(32) }, 1)).toThrow(
        expect.objectContaining({ code: "VALUE_UNSUPPORTED" }),
      );
      for (const value of [
        new Uint8Array(256),
        Buffer.allocUnsafe(256).fill(0),
        [0.5, new Map(), new Set([1n])],
        "x".repeat(i),
      ]) {
        expect(Buffer.from(codec.encode({ value }, 1)).includes("plaintext")).toBe(false);
      }
    }
  });

  test("every byte of a record follows from the record", () => {
    const fields = [{ name: "value", optional: false, node: { kind: "value" } as const }];
    const codec = new RecordCodec({ entity: "thing", shapes: [{ fields, open: false }] }, 1);
    const value = {
      a: [1, -1.5, 2n ** 70n, new Date(5), new Set(["é"]), new Map([["k", undefined]]), new Uint8Array(3)],
    };
    const first = Buffer.from(codec.encode({ value }, 1));
    for (let i = 0; i < tries; i++) {
      codec.encode({ value: String.fromCharCode(97 + (i % 26)).repeat(i * 7) }, 1);
      expect(first.equals(codec.encode({ value }, 1))).toBe(true);
    }
  });
});
