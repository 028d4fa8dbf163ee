/** Members and sessions: who belongs to a tenant and who is signed in. They do not need jose, so handles have them. */
export { Identities } from "./identities.js";
export type { Member } from "./member-record.js";
export type { ListMembersOptions, Members } from "./members.js";
export type { NewSession } from "./session/new-session.js";
export type { Session } from "./session/session-record.js";
export { decodeToken } from "./session/session-token.js";
export type { Sessions } from "./session/sessions.js";
export { signInOf } from "./weak-sign-in.js";
