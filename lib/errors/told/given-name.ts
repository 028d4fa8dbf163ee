/** The name of what a caller gave, for the details of an error. */

/** The name itself; of an object that has one, its own, and else what kind of value it is; anything else, in text. */
export function givenName(value: unknown): string {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return String(value);
  try {
    const name: unknown = Reflect.get(value, "name");
    return typeof name === "string" ? name : typeof value;
  } catch {
    return typeof value;
  }
}
