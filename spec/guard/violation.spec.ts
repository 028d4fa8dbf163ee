/** Violations: counted, reported at a bounded rate, telling nothing of anybody else. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { TenantGuard, type Violation, ViolationLog } from "../../lib/guard/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { violationReportsMax, violationWindowMs } from "../../lib/limits/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import { concatBytes, pack } from "../../lib/tuple/index.js";

const keyspace = new Keyspace();

const caught = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("an ISOLATION_VIOLATION", () => {
  test("names no other tenant and no key bytes, wherever one looks", () => {
    const [own, other] = [newTenantId(), newTenantId()];
    const reports: Violation[] = [];
    const log = new ViolationLog({ onViolation: (violation) => void reports.push(violation) });
    const guard = new TenantGuard(keyspace.tenant(own), log);
    const foreign = keyspace.tenant(other).absolute(pack(["secret", "city"]));
    const errors = [
      caught(() => guard.relative(foreign, "getRange")),
      caught(() => guard.key(concatBytes(Uint8Array.of(0xff), foreign), "get")),
    ];
    for (const error of errors) {
      expect(isTenantryError(error, "ISOLATION_VIOLATION")).toBe(true);
      const said = JSON.stringify(error) + inspect(error, { depth: 9, showHidden: true }) + inspect(reports);
      const hex = Buffer.from(foreign).toString("hex");
      for (const trace of [other, other.replaceAll("-", ""), "secret", hex.slice(-12), [...foreign].join(", ")]) {
        expect(said).not.toContain(trace);
      }
    }
    expect(reports).toEqual([
      { tenantId: own, operation: "getRange", reason: "resultOutside", suppressed: 0 },
      { tenantId: own, operation: "get", reason: "keyOutside", suppressed: 0 },
    ]);
    expect(log.count).toBe(2);
  });
});

describe("the log", () => {
  test("reports each tenant's violations up to a bound in a window, and counts all", () => {
    let now = 5_000;
    const reports: Violation[] = [];
    const log = new ViolationLog({ onViolation: (violation) => void reports.push(violation), monotonic: () => now });
    const [noisy, quiet] = [newTenantId(), newTenantId()];
    for (let i = 0; i < 100; i++) log.refuse(noisy, "get", "keyOutside");
    expect(reports).toHaveLength(violationReportsMax);
    expect(log.count).toBe(100);

    log.refuse(quiet, "set", "keyOutside");
    expect(reports.at(-1)).toEqual({
      tenantId: quiet,
      operation: "set",
      reason: "keyOutside",
      suppressed: 100 - violationReportsMax,
    });

    now += violationWindowMs - 1;
    log.refuse(noisy, "get", "keyOutside");
    expect(reports).toHaveLength(violationReportsMax + 1);
    now += 1;
    log.refuse(noisy, "get", "keyOutside");
    expect(reports).toHaveLength(violationReportsMax + 2);
    expect(reports.at(-1)?.suppressed).toBe(1);
    expect(log.count).toBe(103);
  });

  test("lets no failing hook stand before the violation", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    const hooks = [
      () => {
        throw new Error("hook failed");
      },
      () => Promise.reject(new Error("hook rejected")),
    ];
    for (const onViolation of hooks) {
      const guard = new TenantGuard(keyspace.tenant(newTenantId()), new ViolationLog({ onViolation }));
      const error = caught(() => guard.key(Uint8Array.of(0xff), "get"));
      expect(isTenantryError(error, "ISOLATION_VIOLATION")).toBe(true);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  test("works without a hook, by the process's clock", () => {
    const log = new ViolationLog();
    for (let i = 0; i < 20; i++) log.refuse(newTenantId(), "get", "keyOutside");
    expect(log.count).toBe(20);
    let reports = 0;
    const own = new ViolationLog({
      onViolation: () => {
        reports++;
      },
    });
    own.refuse(newTenantId(), "get", "keyOutside");
    expect(reports).toBe(1);
  });
});
