/** Answers as web responses: the library's headers in place of a handler's, and the end of what is sent. */
import type { Exchange } from "../door/exchange.js";

const switchingProtocols = 101;
/** The statuses a response may have been made with (Fetch, 5.5); that of `Response.error()` is 0. */
const [statusMin, statusMax] = [200, 599];

/**
 * The answer of a handler with the headers that every answer behind the door has. One that switches protocols is handed
 * on as it is: what the platform needs of it cannot be copied.
 */
export function sealedResponse(response: Response, exchange: Exchange): Response {
  const status: unknown = response?.status;
  if (status === switchingProtocols) return response;
  if (!(typeof status === "number" && status >= statusMin && status <= statusMax)) {
    throw new TypeError("A handler gave something that is no Response.");
  }
  const { lifetime } = exchange;
  const body = lifetime.isHeld ? followed(response.body, () => lifetime.end("sent")) : response.body;
  const sealed = new Response(body, response);
  exchange.seal(sealed.headers);
  return sealed;
}

/** The same body, whose end is told of, however it comes. */
function followed(body: ReadableStream<Uint8Array> | null, onEnd: () => void): ReadableStream<Uint8Array> | null {
  if (body === null) {
    onEnd();
    return null;
  }
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          onEnd();
          controller.close();
        } catch (error) {
          onEnd();
          throw error;
        }
      },
      cancel(reason) {
        onEnd();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
