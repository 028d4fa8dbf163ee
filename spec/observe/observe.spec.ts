/** The ports' own implementations. */
import { describe, expect, test } from "vitest";
import { silentLogger, silentMeter, silentTracer, systemClock, systemRandom } from "../../lib/observe/index.js";

describe("the system clock", () => {
  test("tells wall and monotonic time", () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
    const first = systemClock.monotonic();
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
  });

  test("calls once after the time, unless stopped", async () => {
    const called: string[] = [];
    systemClock.after(1, () => called.push("kept"));
    const stop = systemClock.after(1, () => called.push("stopped"));
    stop();
    await new Promise<void>((resolve) => {
      systemClock.after(15, resolve);
    });
    expect(called).toEqual(["kept"]);
  });
});

describe("the system's randomness", () => {
  test("gives fractions and bytes that do not repeat and are the caller's own", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 2_000; i++) {
      const bytes = systemRandom.bytes(16);
      expect(bytes.length).toBe(16);
      expect(bytes.buffer.byteLength).toBe(16);
      seen.add(Buffer.from(bytes).toString("hex"));
      const fraction = systemRandom.fraction();
      expect(fraction >= 0 && fraction < 1).toBe(true);
    }
    expect(seen.size).toBe(2_000);
    expect(systemRandom.bytes(0).length).toBe(0);
    expect(new Set(systemRandom.bytes(10_000)).size).toBeGreaterThan(200);
  });
});

test("the silent ports take everything and do nothing", () => {
  for (const level of ["debug", "info", "warn", "error"] as const) silentLogger[level]({ a: 1 }, "message");
  silentMeter.createCounter("c", { description: "", unit: "1" }).add(1, { a: "b" });
  silentMeter.createHistogram("h", { description: "", unit: "ms" }).record(1);
  const span = silentTracer.startSpan("s", { a: true });
  span.setAttributes({ a: 1 });
  span.fail("CODE");
  span.end();
});
