/** Stores of every format there was open, stay what they are, and are told apart by their checksums. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { checksumBytes, checksumOfFormat, murmurHash3, viewFrom } from "../../../lib/engine/embedded/lmdb/checksum.js";
import { checkStore, type EngineTransaction, embedded, openEngine } from "../../../lib/engine/index.js";
import { temporaryDirectory } from "./temporary-store.js";

const fixture = new URL("../../fixtures/stores/format-1.data.mdb.gz", import.meta.url);
const recordBytes = 12;

/** Where a file has, or had, its own record in a format: behind the key `00 00`, before a version of this century. */
function recordsOf(data: Buffer, format: number): number[] {
  const found: number[] = [];
  const mark = Buffer.from([0, 0, 0, 0, 0, format, 0, 6]);
  for (let at = data.indexOf(mark); at >= 0; at = data.indexOf(mark, at + 1)) found.push(at + 2);
  return found;
}

/** Has the file say that its store is of another format, with the checksum that the record has in all of them. */
function relabel(data: Buffer, format: number): void {
  for (const at of recordsOf(data, 1)) {
    data.writeUInt32BE(format, at);
    checksumOfFormat(1).seal(Uint8Array.of(0), data.subarray(at, at + recordBytes + checksumBytes));
  }
}

function storeOfFormat1(change: (data: Buffer) => void = () => {}): string {
  const directory = temporaryDirectory();
  mkdirSync(directory, { recursive: true });
  const data = gunzipSync(readFileSync(fixture));
  change(data);
  writeFileSync(join(directory, "data.mdb"), data);
  return directory;
}

const big = Uint8Array.of(9);
const bytesOf = (n: number): Uint8Array => new Uint8Array(n).fill(n);
const keyOf = (n: number): Uint8Array => Uint8Array.of(n >> 4, n & 15);

function visited(transaction: EngineTransaction): number[] {
  const found: number[] = [];
  transaction.setOption("readYourWritesDisable");
  transaction.visitRange?.(Uint8Array.of(0), big, { snapshot: true }, (key, begin, _end, value, from, to) => {
    const n = Number(key[begin]) * 16 + Number(key[begin + 1]);
    expect(new Uint8Array(value.subarray(from, to))).toEqual(bytesOf(n));
    found.push(n);
  });
  return found;
}

test("a store of format 1 opens, is read both ways, is written to, and is still of format 1", async () => {
  const path = storeOfFormat1();
  const engine = await openEngine(embedded({ path, verify: "full" }));
  expect(visited(engine.begin())).toEqual(Array.from({ length: 100 }, (_, n) => n));
  expect(await engine.begin().get(big)).toEqual(new Uint8Array(20_000).fill(9));
  const transaction = engine.begin();
  transaction.set(keyOf(3), bytesOf(3).reverse());
  transaction.set(Uint8Array.of(8), bytesOf(200));
  await transaction.commit();
  expect(await engine.begin().get(Uint8Array.of(8))).toEqual(bytesOf(200));
  await engine.close();
  expect(await checkStore(path)).toMatchObject({ rows: 103, complete: true });
  const again = await openEngine(embedded(path));
  expect(await again.begin().get(keyOf(99))).toEqual(bytesOf(99));
  await again.close();
  const data = readFileSync(join(path, "data.mdb"));
  expect(recordsOf(data, 1)).not.toEqual([]);
  expect(recordsOf(data, 2)).toEqual([]);
});

test("a store of a format to come is refused by its number, before its rows are looked at", async () => {
  const newer = storeOfFormat1((data) => relabel(data, 3));
  const refused = expect.objectContaining({ code: "STORE_FORMAT", details: { path: newer, format: 3, formatMax: 2 } });
  await expect(openEngine(embedded(newer))).rejects.toEqual(refused);
});

test("rows of one format do not pass for those of another", async () => {
  const mislabelled = storeOfFormat1((data) => relabel(data, 2));
  await expect(checkStore(mislabelled)).rejects.toMatchObject({
    code: "STORE_CORRUPT",
    details: { reason: "a value does not have its checksum" },
  });
});

test("the hash is MurmurHash3 for x86 in 32 bits", () => {
  const of = (text: string, seed = 0): number => {
    const bytes = Buffer.from(`..${text}..`);
    return murmurHash3(viewFrom(bytes), 2, bytes.length - 2, seed) >>> 0;
  };
  // Of the reference implementation.
  expect(of("")).toBe(0);
  expect(of("", 1)).toBe(0x514e28b7);
  expect(of("", 0xffffffff)).toBe(0x81f16f39);
  expect(of("test", 0x9747b28c)).toBe(0x704b81dc);
  expect(of("Hello, world!", 0x9747b28c)).toBe(0x24884cba);
  expect(of("The quick brown fox jumps over the lazy dog", 0x9747b28c)).toBe(0x2fa826cd);
});

test("every flipped bit of a value, its key or its checksum shows, in every format", () => {
  for (const format of [1, 2]) {
    const checksum = checksumOfFormat(format);
    for (const length of [0, 1, 3, 4, 7, 30]) {
      const key = Uint8Array.of(1, 2, 3, 4, 5);
      const stored = new Uint8Array(length + checksumBytes).map((_, at) => 5 * at);
      checksum.seal(key, stored);
      const [keyView, view] = [viewFrom(key), viewFrom(stored)];
      const holds = (): boolean => checksum.holds(keyView, 0, key.length, view, 0, stored.length);
      expect(holds()).toBe(true);
      for (const bytes of [key, stored]) {
        for (let bit = 0; bit < 8 * bytes.length; bit++) {
          const flip = (): void => {
            bytes[bit >>> 3] = Number(bytes[bit >>> 3]) ^ (1 << (bit & 7));
          };
          flip();
          expect(holds()).toBe(false);
          flip();
        }
      }
      expect(checksum.holds(keyView, 0, key.length, view, 0, checksumBytes - 1)).toBe(false);
    }
  }
});
