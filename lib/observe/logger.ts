/** The logger port: pino's shape, so that a pino instance fits as it is. */

/**
 * Where the library logs. A pino logger fits; so does `console` behind four small functions.
 * What is logged never holds keys, values or another tenant's id.
 *
 * @example
 * ```ts
 * import type { Logger } from "tenantry";
 * const logger: Logger = {
 *   debug: () => {},
 *   info: (fields, message) => console.info(message, fields),
 *   warn: (fields, message) => console.warn(message, fields),
 *   error: (fields, message) => console.error(message, fields),
 * };
 * ```
 */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

const nothing = (): void => {};

/** Logs nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
