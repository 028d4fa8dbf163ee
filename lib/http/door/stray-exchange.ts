/** Requests that failed without having come to a door: before it, or beside it. */
import { optionNames, takeOptions } from "../../options/index.js";
import { Exchange } from "./exchange.js";
import { isFailure, logFailures, type OnError, tell } from "./failure.js";
import { Lifetime } from "./lifetime.js";
import { requestIdOf } from "./tenant-door.js";

/**
 * What the error handlers of this package take.
 *
 * @example
 * ```ts
 * import { type ErrorHandlerOptions, expressErrors } from "tenantry/http";
 * const options: ErrorHandlerOptions = { onError: ({ requestId, error }) => console.error(requestId, error) };
 * const handler = expressErrors(options);
 * ```
 */
export interface ErrorHandlerOptions {
  /**
   * Told of errors that are answered with a 5xx, of requests that came to no middleware of this package; what comes to
   * one is told of there. Unless given, they are written to the console.
   */
  readonly onError?: OnError | undefined;
}

const names = optionNames<ErrorHandlerOptions>({ onError: true });

/** Makes the exchange of a request by its headers. @throws OPTION_UNKNOWN */
export function strayExchanges(options: ErrorHandlerOptions | undefined, of: string): (headers: Headers) => Exchange {
  const { onError = logFailures() } = takeOptions(options, names, of);
  return (headers) => {
    const requestId = requestIdOf(headers);
    return new Exchange(requestId, new Lifetime(), { refusal: undefined }, (_, error, status) => {
      if (isFailure(error, status)) tell(onError, { error, status, requestId, principal: undefined });
    });
  };
}
