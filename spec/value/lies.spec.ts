/** What a value says of itself counts for nothing: it is stored as it is, read once, and nothing else with it. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecordCodec, type RecordLayout } from "../../lib/value/index.js";
import { runs } from "../runs.js";
import { counted, lied, lies } from "./lies.js";
import { laidOut, storable } from "./storable.js";

const open: RecordLayout = {
  entity: "thing",
  shapes: [{ fields: [{ name: "value", optional: false, node: { kind: "value" } }], open: false }],
};
const codec = new RecordCodec(open, 1);
const thereAndBack = (value: unknown): unknown => Reflect.get(codec.decode(codec.encode({ value }, 1)).record, "value");
const refusal = (reason: string) =>
  expect.objectContaining({ code: "VALUE_UNSUPPORTED", details: expect.objectContaining({ reason }) });

const secret = "the last record of another tenant ".repeat(20);
const remember = (): void => void codec.encode({ value: [secret, Buffer.from(secret)] }, 1);

describe("lying values", () => {
  test("are stored as what they are", () => {
    fc.assert(
      fc.property(storable, fc.constantFrom(...lies), (value, lie) => {
        const honest = codec.encode({ value }, 1);
        remember();
        deepStrictEqual(codec.encode({ value: lied(value, lie) }, 1), honest);
      }),
      { numRuns: runs(400) },
    );
  });

  test("are stored as what they are under any layout, with and without generated code", () => {
    fc.assert(
      fc.property(laidOut, fc.constantFrom(...lies), ({ layout, record }, lie) => {
        for (const generate of [true, false]) {
          const laid = new RecordCodec(layout, 1, { generate });
          const tale = lied(record, lie);
          if (typeof tale === "object" && tale !== null) deepStrictEqual(laid.encode(tale, 1), laid.encode(record, 1));
        }
      }),
      { numRuns: runs(100) },
    );
  });

  test("of subclasses are stored as what they are", () => {
    class Bytes extends Uint8Array<ArrayBuffer> {
      override get length(): number {
        return 60_000;
      }
    }
    class Entries extends Map<unknown, unknown> {
      override get size(): number {
        return 7;
      }
      override *[Symbol.iterator](): MapIterator<[unknown, unknown]> {
        yield ["made", "up"];
        return undefined;
      }
    }
    class Members extends Set<unknown> {
      override get size(): number {
        return 0;
      }
    }
    class Moment extends Date {
      override getTime(): number {
        return 0;
      }
    }
    remember();
    expect(thereAndBack(Reflect.construct(Bytes, [Uint8Array.of(1, 2)]))).toStrictEqual(new Uint8Array([1, 2]));
    expect(thereAndBack(new Entries([["a", 1]]))).toStrictEqual(new Map([["a", 1]]));
    expect(thereAndBack(new Members([1, 2]))).toStrictEqual(new Set([1, 2]));
    expect(thereAndBack(new Moment(5))).toStrictEqual(new Date(5));
  });

  test("never bring along what the encoder held before", () => {
    fc.assert(
      fc.property(fc.nat({ max: 40 }), fc.constantFrom(...lies), (length, lie) => {
        remember();
        const stored = codec.encode({ value: lied(new Uint8Array(length), lie) }, 1);
        expect(Buffer.from(stored).includes("tenant")).toBe(false);
        expect(stored).toHaveLength(codec.encode({ value: new Uint8Array(length) }, 1).length);
      }),
      { numRuns: runs(200) },
    );
  });
});

/** Memory that grows and shrinks, which the library's own target does not know of yet. */
function growing(bytes: number): { readonly buffer: ArrayBuffer; resize(bytes: number): void } {
  const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [bytes, { maxByteLength: 64 }]);
  return { buffer, resize: (size) => Reflect.apply(Reflect.get(buffer, "resize"), buffer, [size]) };
}

describe("bytes", () => {
  test("over shared or growing memory are copied as long as they are", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7);
    expect(thereAndBack(shared)).toStrictEqual(new Uint8Array(4).fill(7));
    const memory = growing(4);
    const view = new Uint8Array(memory.buffer);
    memory.resize(6);
    expect(thereAndBack(view)).toStrictEqual(new Uint8Array(6));
  });

  test("without memory are refused", () => {
    const moved = new Uint8Array(8);
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    const memory = growing(8);
    const cut = new Uint8Array(memory.buffer, 4, 4);
    memory.resize(2);
    for (const bytes of [moved, cut]) expect(() => codec.encode({ value: bytes }, 1)).toThrow(refusal("detachedBytes"));
  });

  test("that only look like some are refused", () => {
    const proxy = new Proxy(new Uint8Array(4), {});
    for (const value of [proxy, Object.create(Uint8Array.prototype)]) {
      expect(() => codec.encode({ value }, 1)).toThrow(refusal("class"));
    }
  });
});

describe("arrays", () => {
  test("with holes are refused, however long", () => {
    const sparse: unknown[] = [1];
    sparse[2 ** 32 - 2] = 2;
    for (const value of [new Array(3), sparse])
      expect(() => codec.encode({ value }, 1)).toThrow(refusal("sparseArray"));
    expect(thereAndBack([undefined, 1])).toStrictEqual([undefined, 1]);
  });

  test("whose length is none are refused", () => {
    for (const length of [-1, 0.5, Number.NaN, 2 ** 32, "2", undefined]) {
      const value = new Proxy([1, 2], {
        get: (target, name) => (name === "length" ? length : Reflect.get(target, name)),
      });
      expect(() => codec.encode({ value }, 1)).toThrow(refusal("notAnArray"));
    }
    const negative = new Proxy([1], { get: (target, name) => (name === "length" ? -0 : Reflect.get(target, name)) });
    expect(thereAndBack(negative)).toStrictEqual([]);
  });

  test("that change while they are read are refused or stored as they were read", () => {
    const shrinking: unknown[] = [
      {
        get a() {
          shrinking.length = 1;
          return 1;
        },
      },
      2,
      3,
    ];
    expect(() => codec.encode({ value: shrinking }, 1)).toThrow(refusal("sparseArray"));
    const growing = new Map<unknown, unknown>([
      [
        "a",
        {
          get b() {
            growing.set("more", 1);
            return 1;
          },
        },
      ],
    ]);
    expect(thereAndBack(growing)).toStrictEqual(new Map([["a", { b: 1 }]]));
  });
});

describe("objects", () => {
  test("are read once, also through a proxy", () => {
    fc.assert(
      fc.property(laidOut, fc.boolean(), ({ layout, record }, generate) => {
        const reads = new Map<string, number>();
        const proxy = counted(record, reads);
        if (typeof proxy !== "object" || proxy === null) return;
        const laid = new RecordCodec(layout, 1, { generate });
        deepStrictEqual(laid.encode(proxy, 1), laid.encode(record, 1));
        expect([...reads].filter(([, times]) => times > 1)).toEqual([]);
      }),
      { numRuns: runs(100) },
    );
  });

  test("inherit nothing that is stored", () => {
    const inherited = Object.create({ b: 2 }, { a: { value: 1, enumerable: true } });
    expect(() => codec.encode({ value: inherited }, 1)).toThrow(refusal("class"));
    expect(thereAndBack(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 });
  });
});
