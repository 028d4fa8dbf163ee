/** What makes the members and the sessions of tenants; it holds no tenant. */
import type { Clock, Random } from "../../observe/index.js";
import type { RepositoryFactory } from "../../repository/index.js";
import type { TenantContext, TenantId } from "../../tenant/index.js";
import type { TransactionRunner } from "../../transaction/index.js";
import type { IdentityDoor } from "./identity-door.js";
import { Members } from "./members.js";
import { SessionTouches } from "./session-touches.js";
import { Sessions } from "./sessions.js";

/** A handle that asks for them. */
export interface IdentityHandle {
  readonly id: TenantId;
  readonly context: TenantContext | undefined;
}

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

  members(handle: IdentityHandle, runner: TransactionRunner): Members {
    return new Members(this.#door(handle, runner, "#members"), () => this.#clock.now());
  }

  sessions(handle: IdentityHandle, runner: TransactionRunner): Sessions {
    const parts = { clock: this.#clock, random: this.#random, touches: this.#touches };
    return new Sessions(this.#door(handle, runner, "#sessions"), parts);
  }

  #door({ id, context }: IdentityHandle, runner: TransactionRunner, name: string): IdentityDoor {
    return { tenantId: id, context, runner, access: this.#repositories.access(context, name) };
  }
}
