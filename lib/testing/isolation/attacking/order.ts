/** Order: what a tenant has after an attack is what a program finds that opens the store anew. */
import { AssertionError } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";
import type { Database } from "../../../database.js";
import { type AnyEntity, modelOf } from "../../../schema/index.js";
import type { TenantId } from "../../../tenant/index.js";

const fail = (message: string, found: unknown): never => {
  throw new AssertionError({ message: `assertInOrder: ${message}: ${inspect(found, { depth: 6 })}` });
};

/**
 * Law: every record of the tenant can be read, fits its schema, stands under its id, agrees with what is kept beside it,
 * and can be exported; and the audit trail's last digest of it, where it has one, is its own.
 */
export async function assertInOrder(db: Database, id: TenantId, entities: readonly AnyEntity[]): Promise<void> {
  const { state } = (await db.tenants.get(id)) ?? fail("there is no such tenant", id);
  if (state !== "active") await db.tenants.resume(id);
  const tenant = db.tenant(id);
  const digests = await lastDigests(db, id);
  for (const entity of entities) {
    const model = modelOf(entity);
    const repository = tenant.repository(entity, { verifyOnRead: true });
    const defects = await repository.verify();
    if (defects.length > 0) fail(`${entity.name} has defects`, defects);
    const records = await repository.list();
    for (const record of records) {
      const found = await repository.get(model.idOf(record));
      if (!isDeepStrictEqual(found, record)) fail(`a record of ${entity.name} stands under another id`, record);
      const last = digests.get(`${entity.name} ${model.formatId(model.idOf(record))}`);
      if (last !== undefined && last !== (await db.audit.digest(id, entity, record))) {
        fail(`the audit trail has another digest of a record of ${entity.name}`, record);
      }
    }
  }
  for await (const _ of tenant.export());
}

/** The digest that the trail has of each record last, by entity and id. */
async function lastDigests(db: Database, id: TenantId): Promise<ReadonlyMap<string, string | undefined>> {
  const last = new Map<string, string | undefined>();
  for await (const { changes } of db.audit.entries(id, { kind: "changes" })) {
    for (const { entity, id: record, after } of changes) last.set(`${entity} ${record}`, after);
  }
  return last;
}
