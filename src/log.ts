/** The logger that every effectful room is given; LogTape's loggers satisfy it. */
export interface Logger {
  debug(message: string, properties?: Record<string, unknown>): void;
  info(message: string, properties?: Record<string, unknown>): void;
  warn(message: string, properties?: Record<string, unknown>): void;
  error(message: string, properties?: Record<string, unknown>): void;
}

/** Says nothing: for one-off tools and tests. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
