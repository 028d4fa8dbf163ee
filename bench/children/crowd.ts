/** What a quiet tenant's process is asked for, and what it answers. */

/** The quiet tenant by itself, beside a flood, or beside one where nothing is fair. */
export type CrowdRequest = "alone" | "flooded" | "flooded-unfairly";

export interface CrowdAnswer {
  /** The 99th percentile of the quiet tenant's latency, in milliseconds. */
  readonly p99: number;
}

/** Requests of the quiet tenant in a second, sent whether or not earlier ones are answered. */
export const quietRate = 50;

/** Requests that the flood keeps under way. */
export const floodInFlight = 256;
