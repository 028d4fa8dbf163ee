/** Who acts by a runner: said by those who make handles, never by an option of a call. */
import type { TenantContext } from "../../tenant/index.js";

export interface Actor {
  /** On whose behalf; undefined for the program itself. */
  readonly context: TenantContext | undefined;
  /** The operator who acts, whom more states of a tenant let in. */
  readonly operator: string | undefined;
  /** Whether it is the library itself, whose calls all policies let pass. */
  readonly own: boolean;
}

/** The program itself. */
export const program: Actor = Object.freeze({ context: undefined, operator: undefined, own: false });
