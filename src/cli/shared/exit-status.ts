/** The statuses that commands end with. */
export const EXIT_STATUS = {
  ok: 0,
  /** The command ran and something failed: the work itself, or a part of its input. */
  failed: 1,
  /**
   * What was asked for cannot be done as it was asked: an unknown option, a bad value, an unusable
   * configuration.
   */
  wrongUse: 2,
  /** A signal stopped work that the same command takes up again, as shells have it for SIGINT. */
  stopped: 130,
} as const;
