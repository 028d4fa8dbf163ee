/** The end of a server: what was asked is answered, and no connection on which nothing is asked keeps it open. */
import type { Server, ServerResponse } from "node:http";

/** How often it is looked whether all is answered, in ms. */
const lookMs = 20;

export interface Ending {
  /**
   * Takes no more connections, and resolves when every request under way has its answer, and every connection is closed:
   * kept for later, silent, or in the middle of a request that after `graceMs` has still not come whole.
   */
  end(graceMs: number): Promise<void>;
}

/** Counts what is under way from now on. */
export function endingOf(server: Server): Ending {
  const underWay = new Set<ServerResponse>();
  server.on("request", (_, response) => {
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
  });
  return {
    end: async (graceMs) => {
      const until = performance.now() + graceMs;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Only this closes connections that never sent a whole request.
      const look = setInterval(() => {
        if (underWay.size === 0 || performance.now() >= until) server.closeAllConnections();
      }, lookMs);
      await closed;
      clearInterval(look);
    },
  };
}
