/** The logger that every effectful room is given; LogTape's loggers satisfy it. `platform/logging.ts` makes the real ones. */
export interface Logger {
  debug(message: string, properties?: Record<string, unknown>): void;
  info(message: string, properties?: Record<string, unknown>): void;
  warn(message: string, properties?: Record<string, unknown>): void;
  error(message: string, properties?: Record<string, unknown>): void;
}

/** The same logger with properties (cycle id, tenant) on each of its lines; a call's own properties win. */
export function childLogger(logger: Logger, context: Readonly<Record<string, unknown>>): Logger {
  return {
    debug: (message, properties) => logger.debug(message, { ...context, ...properties }),
    info: (message, properties) => logger.info(message, { ...context, ...properties }),
    warn: (message, properties) => logger.warn(message, { ...context, ...properties }),
    error: (message, properties) => logger.error(message, { ...context, ...properties }),
  };
}
