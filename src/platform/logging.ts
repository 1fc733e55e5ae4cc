/**
 * The log: JSON lines in logs/tiersync.log, rotated by size and bounded in total, and remarks on stderr. Every sink is redacted
 * by field name and by pattern, so that no caller can leak a secret by carelessness.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { getRotatingFileSink } from "@logtape/file";
import {
  configureSync,
  disposeSync,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type LogLevel,
  type LogRecord,
  type Sink,
  type TextFormatter,
} from "@logtape/logtape";
import { redactByField, redactByPattern } from "@logtape/redaction";
import { AgentError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { plainText } from "../model/plain-text.ts";
import type { EventLevel, EventLog } from "./event-log.ts";
import { redactValue, SECRET_FIELDS, SECRET_PATTERNS } from "./redaction.ts";

export type Level = "debug" | "info" | "warn" | "error";

export interface LoggingOptions {
  /** Absolute home folder; the file is logs/tiersync.log in it. Null: no file. */
  readonly home: string | null;
  /** Least level that goes to the file. */
  readonly level: Level;
  /** Bytes after which the file is rotated. */
  readonly maxSize: number;
  /** Files kept in all, the current one included; at least 1. */
  readonly maxFiles: number;
  /** human: for a terminal; json: for journald and pipes. */
  readonly stderr: "human" | "json" | "off";
  /** Least level that goes to stderr. Default `warn`. */
  readonly stderrLevel?: Level;
  /** Where the operating system's monitoring looks (`openSystemEventLog`): errors, and cycles that held something or failed. */
  readonly events?: EventLog | null;
  /** Where the lines for stderr go; tests give their own. */
  readonly writeStderr?: (text: string) => void;
}

export interface Logging {
  /** The logger of one room (`cycle`, `entra`, …), named on each of its lines. */
  logger(room: string): Logger;
  /** Flushes and closes; nothing is logged afterwards. */
  dispose(): void;
}

/** Starts logging for this process; a second call takes the place of the first. Throws `AgentError` `ERR_PLATFORM`. */
export function createLogging(options: LoggingOptions): Logging {
  const sinks: Record<string, Sink> = {};
  if (options.home !== null) sinks["file"] = fileSink(options.home, options);
  if (options.stderr !== "off") {
    const write = options.writeStderr ?? ((text: string) => void process.stderr.write(text));
    sinks["stderr"] = from(options.stderrLevel ?? "warn", stderrSink(options.stderr, write));
  }
  if (options.events) sinks["events"] = eventSink(options.events);
  configureSync({
    reset: true,
    sinks,
    loggers: [
      { category: "tiersync", sinks: Object.keys(sinks), lowestLevel: "debug" },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
  });
  return { logger: roomLogger, dispose: disposeSync };
}

function fileSink(home: string, { level, maxSize, maxFiles }: LoggingOptions): Sink {
  const folder = join(home, "logs");
  try {
    mkdirSync(folder, { recursive: true });
    const formatter = redacted(getJsonLinesFormatter());
    // LogTape counts the rotated files only. No buffer: a killed agent has lost no line.
    const rotation = { maxSize, maxFiles: Math.max(0, maxFiles - 1), bufferSize: 0, formatter };
    return from(level, withoutSecrets(getRotatingFileSink(join(folder, "tiersync.log"), rotation)));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new AgentError("ERR_PLATFORM", `${folder} cannot be written (${errno})`, {
      hint: "give the agent's account the right to write there, or choose another --home",
      cause: error,
    });
  }
}

function stderrSink(form: "human" | "json", write: (text: string) => void): Sink {
  const format = redacted(form === "json" ? getJsonLinesFormatter() : HUMAN);
  return withoutSecrets((record) => write(format(record)));
}

/** The least that somebody has to look at: everything else is in the file. */
function eventSink(events: EventLog): Sink {
  const format = redacted(EVENT);
  const sink = withoutSecrets((record) => {
    const level = eventLevel(record);
    if (level !== null) events.report(level, format(record).trimEnd());
  });
  return Object.assign(sink, { [Symbol.dispose]: () => events.close() });
}

function eventLevel({ level, properties }: LogRecord): EventLevel | null {
  if (RANK[level] >= RANK.error || properties["outcome"] === "failed") return "error";
  return properties["outcome"] === "held" ? "warning" : null;
}

const EVENT: TextFormatter = getTextFormatter({
  timestamp: "none",
  value: "bare",
  lineEnding: "lf",
  format: ({ category, message, record }) => {
    const tenant = record.properties["tenant"];
    const place = typeof tenant === "string" ? `${category} of ${tenant}` : category;
    return `${place.replace(/^tiersync·/, "")}: ${plainText(message)}`;
  },
});

const HUMAN: TextFormatter = getTextFormatter({
  timestamp: "time",
  level: "full",
  value: "bare",
  lineEnding: "lf",
  format: ({ timestamp, level, category, message }) =>
    `${timestamp?.slice(0, 8) ?? ""} ${level} ${category.replace(/^tiersync·/, "")}: ${plainText(message)}`,
});

function redacted(formatter: TextFormatter): TextFormatter {
  return redactByPattern(formatter, SECRET_PATTERNS);
}

function withoutSecrets(sink: Sink): Sink {
  return redactByField(sink, { fieldPatterns: SECRET_FIELDS, action: redactValue });
}

const RANK: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warning: 3, error: 4, fatal: 5 };

/** LogTape's own filter helper drops a sink's disposer, and the file must be closed. */
function from(level: Level, sink: Sink & Partial<Disposable>): Sink {
  const least = RANK[level === "warn" ? "warning" : level];
  const filtered = (record: LogRecord): void => {
    if (RANK[record.level] >= least) sink(record);
  };
  const dispose = sink[Symbol.dispose];
  return dispose === undefined ? filtered : Object.assign(filtered, { [Symbol.dispose]: () => dispose.call(sink) });
}

function roomLogger(room: string): Logger {
  const logger = getLogger(["tiersync", room]);
  return {
    debug: (message, properties = {}) => logger.debug(literal(message, properties), properties),
    info: (message, properties = {}) => logger.info(literal(message, properties), properties),
    warn: (message, properties = {}) => logger.warn(literal(message, properties), properties),
    error: (message, properties = {}) => logger.error(literal(message, properties), properties),
  };
}

/** Braces that are no placeholder of ours (text that a server sent) stay as they are. */
function literal(message: string, properties: Readonly<Record<string, unknown>>): string {
  return message
    .split(/(\{[\w.]+\})/)
    .map((part, index) => {
      const known = index % 2 === 1 && Object.hasOwn(properties, part.slice(1, -1).split(".")[0] ?? "");
      return known ? part : part.replaceAll("{", "{{").replaceAll("}", "}}");
    })
    .join("");
}
