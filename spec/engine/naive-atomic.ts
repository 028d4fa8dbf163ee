/** The atomic operations as the documentation words them, with big integers: shares nothing with the engine. */

const toNumber = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);

const fromNumber = (value: bigint, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let i = 0, left = value; i < length; i++, left /= 256n) bytes[i] = Number(left % 256n);
  return bytes;
};

/** `value` as an integer of the operand's length: cut or extended with zeros. */
const fitted = (value: Uint8Array | undefined, length: number): bigint =>
  toNumber((value ?? new Uint8Array(0)).slice(0, length));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The value after `type` on `old`; undefined: absent. */
export const naiveAtomic = (type: string, old: Uint8Array | undefined, operand: Uint8Array): Uint8Array | undefined => {
  const { length } = operand;
  const left = fitted(old, length);
  const right = toNumber(operand);
  switch (type) {
    case "add":
      return fromNumber(left + right, length);
    case "bitAnd":
      return old === undefined ? operand : fromNumber(left & right, length);
    case "bitOr":
      return fromNumber(left | right, length);
    case "bitXor":
      return fromNumber(left ^ right, length);
    case "max":
      return left > right ? fromNumber(left, length) : operand;
    case "min":
      return old === undefined || right < left ? operand : fromNumber(left, length);
    case "byteMin":
      return old === undefined || hex(operand) < hex(old) ? operand : old;
    case "byteMax":
      return old === undefined || hex(operand) > hex(old) ? operand : old;
    case "appendIfFits":
      if (old === undefined) return operand;
      return old.length + length > 100_000 ? old : Buffer.concat([old, operand]);
    case "compareAndClear":
      return old !== undefined && hex(old) === hex(operand) ? undefined : old;
    default:
      throw new Error(`There is no atomic operation ${type}.`);
  }
};
