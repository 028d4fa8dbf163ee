/** Compatibility: what changed between the definitions a database knows and those a program gives, and whether it is safe. */
import type { RecordLayout } from "../../value/index.js";
import type { AnyEntity } from "../infer.js";
import type { EntityModel } from "../model.js";
import { type Difference, LayoutAdapter } from "./adapter.js";
import type { EntityDescription } from "./description.js";

/**
 * One change of a definition, as `open` finds it.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * declare const db: Database;
 * for (const { entity, kind, name } of db.schemaChanges) console.info(`${entity}: ${kind} ${name ?? ""}`);
 * ```
 */
export interface SchemaChange {
  readonly entity: string;
  /**
   * - safe: `entityAdded`; `entityAbsent`, the database knows it and this program does not; `versionRaised`;
   *   `versionLowered`, this program is older than one that ran before; `fieldAdded` and `fieldRemoved`, see there;
   *   `indexAdded`, `indexChanged`, `indexRemoved`, `aggregateAdded`, `aggregateChanged`, `aggregateRemoved`: tenants
   *   that have records need `db.migrate`;
   * - unsafe without a migration step: `fieldRequired`, stored records may lack it; `nullForbidden`, they may hold null
   *   there; `typeChanged`, they hold another kind of value;
   * - unsafe in any case: `idChanged`.
   */
  readonly kind:
    | Difference["kind"]
    | "entityAdded"
    | "entityAbsent"
    | "versionRaised"
    | "versionLowered"
    | "idChanged"
    | "indexAdded"
    | "indexChanged"
    | "indexRemoved"
    | "aggregateAdded"
    | "aggregateChanged"
    | "aggregateRemoved";
  /** The path of the field, the index or the aggregate; undefined when it is about the whole entity. */
  readonly name: string | undefined;
  /** The version of the stored records it is about. */
  readonly version: number;
  /** Whether every stored record reads as one of the definition given. */
  readonly safe: boolean;
}

/** What a database knows of one entity. */
export interface KnownEntity {
  /** As it was opened last. */
  readonly description: EntityDescription | undefined;
  /** The layouts its records may have. */
  readonly layouts: readonly { readonly version: number; readonly layout: RecordLayout }[];
}

const unsafeKinds: ReadonlySet<SchemaChange["kind"]> = new Set([
  "fieldRequired",
  "nullForbidden",
  "typeChanged",
  "idChanged",
]);

/** What changed between what is known of an entity and its model. */
export function changesOf(model: EntityModel<AnyEntity>, known: KnownEntity | undefined): SchemaChange[] {
  const { description, layouts = [] } = known ?? {};
  const changes: SchemaChange[] = [];
  const add = (kind: SchemaChange["kind"], name: string | undefined, version: number): void => {
    const same = (change: SchemaChange): boolean =>
      change.kind === kind && change.name === name && change.version === version;
    if (!changes.some(same)) changes.push({ entity: model.name, kind, name, version, safe: !unsafeKinds.has(kind) });
  };
  for (const { version, layout } of layouts) {
    // Records of a newer version are refused one by one: it is the newer program's part to know the older one's.
    if (version > model.version) continue;
    for (const { kind, path } of new LayoutAdapter(layout, model.history.formOf(version)).differences) {
      // What steps do about a field is theirs.
      if (unsafeKinds.has(kind) || !model.history.steps.has(version)) add(kind, path, version);
    }
  }
  if (description === undefined) add("entityAdded", undefined, model.version);
  else changesOfDescription(model, description, add);
  return changes;
}

function changesOfDescription(
  model: EntityModel<AnyEntity>,
  { version, id, indexes, aggregates }: EntityDescription,
  add: (kind: SchemaChange["kind"], name: string | undefined, version: number) => void,
): void {
  if (version < model.version) add("versionRaised", undefined, version);
  if (version > model.version) add("versionLowered", undefined, version);
  const now = model.idFields.map(({ path, kind }) => [path, kind] as const);
  if (JSON.stringify(id) !== JSON.stringify(now)) add("idChanged", now.map(([path]) => path).join(", "), version);
  changesOfParts("index", model.indexes, indexes, (kind, name) => add(kind, name, version));
  // Of a description of before they were remembered nothing can be said.
  if (aggregates === undefined) return;
  changesOfParts("aggregate", model.aggregates, aggregates, (kind, name) => add(kind, name, version));
}

/** What changed of the indexes or the aggregates. */
function changesOfParts<P extends "index" | "aggregate">(
  part: P,
  now: ReadonlyMap<string, { readonly fingerprint: number }>,
  before: Readonly<Record<string, number>>,
  add: (kind: `${P}${"Added" | "Changed" | "Removed"}`, name: string) => void,
): void {
  for (const [name, { fingerprint }] of now) {
    const known = Object.hasOwn(before, name) ? before[name] : undefined;
    if (known === undefined) add(`${part}Added`, name);
    else if (known !== fingerprint) add(`${part}Changed`, name);
  }
  for (const name of Object.keys(before)) if (!now.has(name)) add(`${part}Removed`, name);
}
