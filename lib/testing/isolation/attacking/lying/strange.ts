/** Values that hardly any schema takes, or that look like others. */
const all: readonly (() => unknown)[] = [
  () => Symbol("strange"),
  () => () => "a function",
  () => Number.NaN,
  () => -0,
  () => 2 ** 53,
  () => "\ud800",
  () => null,
  () => undefined,
  () => new (class Strange {})(),
  () => new WeakMap(),
  () => Promise.resolve(1),
  () => /strange/,
  () => new Error("strange"),
  () => Float64Array.of(1.5),
  () => new DataView(new ArrayBuffer(8)),
  () => new ArrayBuffer(8),
  () => Object.create(Uint8Array.prototype),
  () => Object.create(Date.prototype),
  () => Object.create(Map.prototype),
  () => new Date(Number.NaN),
  () => Buffer.from(new ArrayBuffer(7)),
  () => Object.create(null),
  () => ({ length: 3 }),
  () => 10n ** 40n,
];

/** One of them, by its number. */
export const strange = (number: number): unknown => all[number % all.length]?.();
