/** What lies are told with. */
export interface Ground {
  /** Throws what only the actor throws; after the attack it does nothing. */
  readonly fail: () => never;
  /** Whether the attack goes on. */
  isOn(): boolean;
  /** Does something more when the arguments are changed. */
  onChange(fn: () => void): void;
}
