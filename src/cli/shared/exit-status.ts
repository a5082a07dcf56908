/** The statuses that commands end with. */
export const ExitStatus = {
  Ok: 0,
  /** The command ran and something failed: the work itself, or a part of its input. */
  Failed: 1,
  /** What was asked for cannot be done as it was asked: an unknown option, a bad value, an unusable configuration. */
  WrongUse: 2,
  /** A signal stopped work that the same command takes up again, as shells have it for SIGINT. */
  Stopped: 130,
} as const;
