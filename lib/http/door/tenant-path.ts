/** The tenant in a path, as it was sent: no decoding, so that there is one spelling of it. */
import { tenantryError } from "../../errors/index.js";
import { isTenantId, type TenantId } from "../../tenant/index.js";

/** Finds the tenant's id in the path of a request; undefined when there is none that can be meant. */
export type TenantOfPath = (path: string) => TenantId | undefined;

const placeholder = ":tenant";
/** Segments that a server further on could take for the way up, in every spelling there is of a dot. */
const upward = /^(?:\.|%2e){1,2}$/i;

/**
 * Of a pattern such as `/t/:tenant`: the path has to have the same segments in front, and then the id in its canonical
 * form. A path with `.` or `..` in it, encoded or not, with a backslash or with an empty segment before the id has none.
 *
 * @throws AUTHENTICATOR_OPTION_INVALID
 */
export function tenantOfPath(pattern: string): TenantOfPath {
  const wanted = pattern.split("/");
  const at = wanted.indexOf(placeholder);
  if (wanted[0] !== "" || at < 1 || at !== wanted.length - 1) {
    const reason = `not a path that begins with "/" and ends with "/${placeholder}"`;
    throw tenantryError("AUTHENTICATOR_OPTION_INVALID", { option: "path", reason });
  }
  return (path) => {
    const [plain = ""] = path.split(/[?#]/, 1);
    const segments = plain.split("/");
    if (plain.includes("\\") || segments.some((segment) => upward.test(segment))) return undefined;
    if (!wanted.every((segment, index) => index === at || segment === segments[index])) return undefined;
    const id = segments[at];
    return isTenantId(id) ? id : undefined;
  };
}
