/** Seeds: what the service puts into each new tenant, in steps that are each applied once. */
import { tenantryError } from "../errors/index.js";
import { entityNameBytesMax, seedsMax } from "../limits/index.js";
import { copiedList, optionNames, takeOptions } from "../options/index.js";
import type { TransactionScope } from "../repository/index.js";
import type { TenantRecord } from "../tenant/index.js";
import { pack, unpack } from "../tuple/index.js";

/**
 * How far a seed has come, in words of its own.
 *
 * @example
 * ```ts
 * import type { SeedPosition } from "tenantry";
 * const position: SeedPosition = 2_000;
 * ```
 */
export type SeedPosition = string | number;

/**
 * A step of making a tenant.
 *
 * @example
 * ```ts
 * import { embedded, entity, open, type Seed } from "tenantry";
 * import { z } from "zod";
 * const Role = entity("role", { version: 1, schema: z.object({ name: z.string() }), id: ["name"] });
 * const roles: Seed = {
 *   name: "roles",
 *   run: async (tx) => {
 *     await tx.repository(Role).createMany([{ name: "owner" }, { name: "member" }]);
 *   },
 * };
 * const db = await open({ engine: embedded("./data"), entities: [Role], provisioning: { seed: [roles] } });
 * ```
 */
export interface Seed {
  /** Its name among the seeds, by which it is known to be done; up to 64 bytes. */
  readonly name: string;
  /**
   * Writes in one transaction of the tenant, which is applied once, whatever crashes; it may run several times until it
   * is. Returning a position asks for another transaction, which gets it: so a large seed goes on in steps.
   */
  run(
    tx: TransactionScope,
    tenant: TenantRecord,
    position: SeedPosition | undefined,
  ): Promise<SeedPosition | undefined>;
}

/**
 * What happens to every new tenant.
 *
 * @example
 * ```ts
 * import type { ProvisioningOptions, Seed } from "tenantry";
 * declare const roles: Seed;
 * declare const samples: Seed;
 * const provisioning: ProvisioningOptions = { seed: [roles, samples] };
 * ```
 */
export interface ProvisioningOptions {
  /** Run in this order, before the tenant can be used; 256 at most. */
  readonly seed?: readonly Seed[] | undefined;
}

const provisioningNames = optionNames<ProvisioningOptions>({ seed: true });

/** The seeds of the options of `open`, copied. @throws DATABASE_OPTION_INVALID, OPTION_UNKNOWN */
export function seedsOf(options: ProvisioningOptions | undefined): readonly Seed[] {
  const { seed = [] } = takeOptions(options, provisioningNames, "provisioning");
  const refuse = (reason: string): Error =>
    tenantryError("DATABASE_OPTION_INVALID", { option: "provisioning.seed", reason });
  const given = copiedList(seed, seedsMax) as readonly Seed[] | undefined;
  if (given === undefined) throw refuse(`not a list of ${seedsMax} seeds at most`);
  const names = new Set<string>();
  return given.map((one) => {
    const { name } = one;
    if (typeof name !== "string" || name === "" || /\p{Surrogate}/u.test(name)) throw refuse("a name is not text");
    if (Buffer.byteLength(name) > entityNameBytesMax) {
      throw refuse(`a name is longer than ${entityNameBytesMax} bytes`);
    }
    if (names.has(name)) throw refuse(`two have the name ${JSON.stringify(name)}`);
    names.add(name);
    return { name, run: (tx, tenant, position) => one.run(tx, tenant, position) };
  });
}

const format = 1;

/** What is known of a seed of one tenant. */
export interface SeedProgress {
  readonly done: boolean;
  readonly position: SeedPosition | undefined;
}

/** `(1)` when it is done, `(1, position)` on the way. */
export const encodeProgress = (position: SeedPosition | undefined): Uint8Array =>
  pack(
    position === undefined
      ? [format]
      : [format, typeof position === "string" ? position : String(position), typeof position === "number"],
  );

export function decodeProgress(bytes: Uint8Array | undefined): SeedProgress {
  if (bytes === undefined) return { done: false, position: undefined };
  const [, text, numeric] = unpack(bytes);
  if (typeof text !== "string") return { done: true, position: undefined };
  return { done: false, position: numeric === true ? Number(text) : text };
}
