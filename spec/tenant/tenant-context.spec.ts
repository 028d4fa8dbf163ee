/** Tenant contexts: checked and frozen before anything goes by them, and bound to their tenant. */
import { describe, expect, test } from "vitest";
import { memory, open } from "../../lib/index.js";
import { tenantContextRolesMax, tenantContextTextBytesMax } from "../../lib/limits/index.js";
import { newTenantId, type TenantContext, tenantContext } from "../../lib/tenant/index.js";
import { codeOf } from "../transaction/fixture.js";

const tenant = newTenantId();
const good: TenantContext = { tenant, subject: "user-1", roles: ["editor"], requestId: "r1" };

describe("a tenant context", () => {
  test("is a frozen copy", () => {
    const roles = ["editor"];
    const context = tenantContext({ ...good, roles });
    roles.push("owner");
    expect(context).toEqual(good);
    expect(Object.isFrozen(context) && Object.isFrozen(context.roles)).toBe(true);
  });

  test("is refused with a part that is no text of a permitted length", async () => {
    const long = "x".repeat(tenantContextTextBytesMax + 1);
    for (const bad of ["", long, "\ud800", 1, null, ["a"]] as never[]) {
      expect(await codeOf(() => tenantContext({ ...good, subject: bad }))).toBe("TENANT_CONTEXT_INVALID");
      expect(await codeOf(() => tenantContext({ ...good, roles: [bad] }))).toBe("TENANT_CONTEXT_INVALID");
      expect(await codeOf(() => tenantContext({ ...good, requestId: bad }))).toBe("TENANT_CONTEXT_INVALID");
    }
    const roles = Array.from({ length: tenantContextRolesMax + 1 }, (_, at) => `r${at}`);
    expect(await codeOf(() => tenantContext({ ...good, roles }))).toBe("TENANT_CONTEXT_INVALID");
    expect(await codeOf(() => tenantContext({ ...good, roles: "editor" as never }))).toBe("TENANT_CONTEXT_INVALID");
    expect(await codeOf(() => tenantContext({ ...good, tenant: "x" as never }))).toBe("TENANT_ID_INVALID");
  });

  test("acts in its own tenant alone", async () => {
    await using db = await open({ engine: memory(), entities: [] });
    expect(db.tenant(tenant, { context: good }).context).toEqual(good);
    expect(db.tenant(tenant).context).toBeUndefined();
    expect(await codeOf(() => db.tenant(newTenantId(), { context: good }))).toBe("TENANT_CONTEXT_FOREIGN");
  });
});
