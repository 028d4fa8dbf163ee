/** What makes the members and the sessions of tenants; it holds no tenant. */
import type { Clock, Random } from "../../observe/index.js";
import type { RecordAccess, RepositoryFactory } from "../../repository/index.js";
import type { TenantId } from "../../tenant/index.js";
import type { TransactionRunner } from "../../transaction/index.js";
import type { IdentityDoor } from "./identity-door.js";
import { Members } from "./members.js";
import { SessionTouches } from "./session/session-touches.js";
import { Sessions } from "./session/sessions.js";

/** Shared by the handles of one database. */
export class Identities {
  readonly #repositories: RepositoryFactory;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #touches: SessionTouches;

  constructor(repositories: RepositoryFactory, clock: Clock, random: Random) {
    this.#repositories = repositories;
    this.#clock = clock;
    this.#random = random;
    this.#touches = new SessionTouches(clock);
  }

  /** Those of a tenant, for whom the runner acts. */
  members(id: TenantId, runner: TransactionRunner): Members {
    return new Members(this.#door(id, runner, "#members"), () => this.#clock.now());
  }

  sessions(id: TenantId, runner: TransactionRunner): Sessions {
    const parts = { clock: this.#clock, random: this.#random, touches: this.#touches };
    return new Sessions(this.#door(id, runner, "#sessions"), parts);
  }

  #door(id: TenantId, runner: TransactionRunner, name: string): IdentityDoor {
    const { context } = runner;
    const accessTo = (what: string): RecordAccess | undefined => this.#repositories.access(context, what);
    return { tenantId: id, context, runner, access: accessTo(name), signIns: accessTo("#signIns") };
  }
}
