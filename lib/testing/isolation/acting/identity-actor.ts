/** The part of the actor that deals with members and sessions, and keeps the tokens it is given. */
import type { Tenant } from "../../../tenant-handle.js";
import { type IdentityStep, subjects, type TokenPick } from "../../generate/identity-step.js";
import { tampered } from "./tampered.js";

const at = (texts: readonly string[], n: number): string | undefined => texts[n % Math.max(1, texts.length)];

export class IdentityActor {
  readonly #tenant: Tenant;
  readonly #othersTokens: readonly string[];
  readonly #tokens: string[] = [];
  readonly #sessions: string[] = [];

  /** @param othersTokens Tokens of other tenants' sessions, to be tried. */
  constructor(tenant: Tenant, othersTokens: readonly string[]) {
    this.#tenant = tenant;
    this.#othersTokens = othersTokens;
  }

  /** Members and sessions that all tenants have; the tokens of the sessions. */
  async settle(): Promise<readonly string[]> {
    for (const subject of subjects) {
      await this.#tenant.members.add(subject, ["reader"]);
      await this.#create(subject);
    }
    return this.#tokens;
  }

  async perform(step: IdentityStep): Promise<unknown> {
    const { members, sessions } = this.#tenant;
    switch (step.do) {
      case "addMember":
        return members.add(step.subject, step.roles);
      case "setRoles":
        return members.setRoles(step.subject, step.roles);
      case "getMember":
        return members.get(step.subject);
      case "removeMember":
        return members.remove(step.subject);
      case "listMembers":
        return members.list({ after: step.after, limit: step.limit });
      case "createSession":
        return this.#create(step.subject);
      case "listSessions":
        return sessions.list(step.subject);
      case "revokeSessions":
        return sessions.revokeAll(step.subject);
      case "openSession":
        return sessions.open(this.#token(step.token));
      case "revokeSession":
        return sessions.revoke(step.subject, at(this.#sessions, step.session) ?? "none");
      case "sweepSessions":
        return sessions.sweep();
    }
  }

  async #create(subject: string): Promise<unknown> {
    const { token, session } = await this.#tenant.sessions.create({ subject });
    this.#tokens.push(token);
    this.#sessions.push(session.id);
    return session;
  }

  #token(pick: TokenPick): string {
    switch (pick.of) {
      case "own":
        return at(this.#tokens, pick.at) ?? "none";
      case "other":
        return at(this.#othersTokens, pick.at) ?? "none";
      case "tampered":
        return tampered(at([...this.#tokens, ...this.#othersTokens], pick.at) ?? "none", pick.place);
      case "forged":
        return pick.text;
    }
  }
}
