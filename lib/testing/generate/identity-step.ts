/** Steps of members and sessions: who belongs to a tenant, who is signed in, and tokens of every origin. */
import type { Arbitrary } from "fast-check";
import type { FastCheck } from "./fast-check.js";

/** A token: one that the tenant gave, one of another tenant, one of these changed, or any text. */
export type TokenPick =
  | { readonly of: "own" | "other"; readonly at: number }
  | { readonly of: "tampered"; readonly at: number; readonly place: number }
  | { readonly of: "forged"; readonly text: string };

/** One operation of a tenant's members or sessions. */
export type IdentityStep =
  | { readonly do: "addMember" | "setRoles"; readonly subject: string; readonly roles: readonly string[] }
  | { readonly do: "getMember" | "removeMember"; readonly subject: string }
  | { readonly do: "listMembers"; readonly after: string | undefined; readonly limit: number }
  | { readonly do: "createSession" | "listSessions" | "revokeSessions"; readonly subject: string }
  | { readonly do: "openSession"; readonly token: TokenPick }
  | { readonly do: "revokeSession"; readonly subject: string; readonly session: number }
  | { readonly do: "sweepSessions" };

/** Roles that members are given; who acts has them, since nobody grants others. */
export const grantedRoles = ["reader", "writer"] as const;

/** Subjects that every tenant has. */
export const subjects = ["ada", "ada\u0001"] as const;

/** What is done with members and sessions. */
export function identityArbitrary(fc: FastCheck): Arbitrary<IdentityStep> {
  const subject = fc.constantFrom<string>(...subjects, "bob", "", "ada\0", "\ud800", "x".repeat(2_000));
  const roles = fc.array(fc.constantFrom(...grantedRoles, ""), { maxLength: 2 });
  const at = fc.nat(9);
  const token: Arbitrary<TokenPick> = fc.oneof(
    fc.record({ of: fc.constantFrom("own" as const, "other" as const), at }),
    fc.record({ of: fc.constant("tampered" as const), at, place: fc.nat(200) }),
    fc.record({ of: fc.constant("forged" as const), text: fc.base64String() }),
  );
  return fc.oneof(
    fc.record({ do: fc.constantFrom("addMember" as const, "setRoles" as const), subject, roles }),
    fc.record({ do: fc.constantFrom("getMember" as const, "removeMember" as const), subject }),
    fc.record({
      do: fc.constant("listMembers" as const),
      after: fc.option(subject, { nil: undefined }),
      limit: fc.nat(3),
    }),
    fc.record({
      do: fc.constantFrom("createSession" as const, "listSessions" as const, "revokeSessions" as const),
      subject,
    }),
    fc.record({ do: fc.constant("openSession" as const), token }),
    fc.record({ do: fc.constant("revokeSession" as const), subject, session: at }),
    fc.constant<IdentityStep>({ do: "sweepSessions" }),
  );
}
