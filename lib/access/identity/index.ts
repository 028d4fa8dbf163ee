/** Members and sessions: who belongs to a tenant and who is signed in. They do not need jose, so handles have them. */
export { Identities } from "./identities.js";
export type { ListMembersOptions, Member, Members } from "./members.js";
export type { Session } from "./session-record.js";
export { decodeToken } from "./session-token.js";
export type { NewSession, Sessions } from "./sessions.js";
export { signInOf } from "./weak-sign-in.js";
