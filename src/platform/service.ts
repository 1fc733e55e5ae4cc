/** What the operating system's service manager does for the agent, the same words on Windows and Linux. */

/** A service's whole life: from the start until it ends, which gives the exit code. */
export type ServiceBody = (host: {
  /** Aborts when the service manager asks to stop, or the computer shuts down. */
  readonly stop: AbortSignal;
  /** To be called once the service answers. */
  readonly ready: () => void;
}) => Promise<number>;
