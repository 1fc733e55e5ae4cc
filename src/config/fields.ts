/** Kinds of values in tiersync.yaml. A finding says what is expected, never the value: it could be a secret. */
import { Cron } from "croner";
import * as v from "valibot";
import { DAY } from "../model/days.ts";
import { isLoopback } from "../model/loopback.ts";
import { parseDuration, parseSize } from "./durations.ts";
import { parseSecretRef } from "./secrets.ts";

/** A text of one line. */
export const text = (description: string) =>
  v.pipe(
    v.string(),
    v.regex(/\S/, "must not be empty"),
    v.regex(/^[^\u0000-\u001f\u007f]*$/, "must be one line"),
    v.maxLength(2000, "is too long"),
    v.description(description),
  );

export const flag = (description: string) => v.pipe(v.boolean(), v.description(description));

export const whole = (min: number, max: number, description: string) =>
  v.pipe(
    v.number(),
    v.integer("must be a whole number"),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
    v.description(description),
  );

export const oneOf = <const T extends readonly string[]>(names: T, description: string) =>
  v.pipe(v.picklist(names), v.description(description));

const DURATION = "must be a duration such as 30s, 10m, 24h, 7d or PT24H, at most 3650d";
const DURATION_UNIT = "needs a unit: s, m, h or d, such as 0s, 30m or 24h";
const SIZE_UNIT = "needs a unit: B, KB, MB or GB, such as 1024KB or 20MB";

/** A number alone, with quotes around it or without: quotes would not help. */
const isBare = (input: unknown): boolean =>
  typeof input === "number" || (typeof input === "string" && /^\s*[\d.,]+\s*$/.test(input));

const durationFault = ({ input }: { readonly input: unknown }): string => (isBare(input) ? DURATION_UNIT : DURATION);

export const duration = (description: string, min = 0) =>
  v.pipe(
    v.string(durationFault),
    v.check((value) => parseDuration(value) !== null, durationFault),
    v.check((value) => (parseDuration(value) ?? min) >= min, `must be at least ${min / DAY}d`),
    v.description(description),
  );

export const size = (min: number, description: string) => {
  const fault = ({ input }: { readonly input: unknown }): string =>
    isBare(input) ? SIZE_UNIT : `must be a size such as 20MB, at least ${min / 1024}KB`;
  return v.pipe(
    v.string(fault),
    v.check((value) => (parseSize(value) ?? 0) >= min, fault),
    v.description(description),
  );
};

export const secret = (description: string) =>
  v.pipe(
    v.string(),
    v.check(
      (value) => parseSecretRef(value) !== null,
      "must be env:NAME, file:PATH or secret:NAME (letters, digits, - and _)",
    ),
    v.description(
      `${description} A reference: env:NAME, file:PATH, or secret:NAME (set with \`tiersync secret set\`).`,
    ),
  );

function parseUrl(value: string): URL | null {
  const url = URL.parse(value.trim());
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "" ? url : null;
}

/** `https:`, or `http:` on a loopback address; without user name and fragment. */
export const secureUrl = (description: string) =>
  v.pipe(
    v.string(),
    v.check((value) => parseUrl(value) !== null, "must be a URL such as https://host.example/path"),
    v.check((value) => {
      const url = parseUrl(value);
      return url === null || url.protocol === "https:" || isLoopback(url.hostname);
    }, "must begin with https:// (plain http only on a loopback address)"),
    v.check((value) => {
      const url = parseUrl(value);
      return url === null || (url.username === "" && url.password === "");
    }, "must not contain a user name or a password"),
    v.check((value) => (parseUrl(value)?.hash ?? "") === "", "must not contain #"),
    v.description(description),
  );

/** `http:` or `https:`, anywhere. */
export const anyUrl = (description: string) =>
  v.pipe(
    v.string(),
    v.check((value) => parseUrl(value) !== null, "must be a URL such as https://host.example:8080"),
    v.description(description),
  );

export const cron = (description: string) =>
  v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const fault = dataset.typed ? cronFault(dataset.value) : null;
      if (fault !== null) addIssue({ message: fault });
    }),
    v.description(description),
  );

function cronFault(pattern: string): string | null {
  try {
    const next = new Cron(pattern, { paused: true }).nextRun();
    return next === null ? "never comes: no date fits this pattern" : null;
  } catch {
    return "must be a cron pattern such as */5 * * * * (minute hour day month weekday; a sixth field in front: seconds)";
  }
}

export const timezone = (description: string) =>
  v.pipe(
    v.string(),
    v.check((zone) => {
      try {
        return new Intl.DateTimeFormat("en", { timeZone: zone }) !== null;
      } catch {
        return false;
      }
    }, "must be an IANA time zone such as Europe/Paris"),
    v.description(description),
  );

const MAILBOX = /^(?:[^<>"@,;]*<[^\s@<>,;"]+@[^\s@<>,;"]+>|[^\s@<>,;"]+@[^\s@<>,;"]+)$/;

export const address = (description: string) =>
  v.pipe(text(description), v.regex(MAILBOX, "must be one e-mail address such as admins@contoso.example"));

/** A name, or an address: IPv6 without brackets. */
const SERVER = /^([\p{L}\p{N}._-]+|[0-9a-f.]*(:[0-9a-f.]*){2,}(%[\w.-]+)?)$/iu;
/** What people write instead. Whatever else stands there is not shown: it may be a password. */
const SERVER_URL = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:([\p{L}\p{N}._-]+)|\[([0-9a-f:.]+)\])(?::(\d{1,5}))?\/?$/iu;

/** The name of a server alone: scheme and port have keys of their own. */
export const server = (description: string) =>
  v.pipe(
    text(description),
    v.rawCheck(({ dataset, addIssue }) => {
      if (dataset.typed && !SERVER.test(dataset.value.trim())) addIssue({ message: serverFault(dataset.value.trim()) });
    }),
  );

function serverFault(written: string): string {
  const [, scheme = "", name, address, port] = SERVER_URL.exec(written) ?? [];
  const host = name ?? address ?? "smtp.contoso.example";
  const keys = [`host: ${host}`, ...(port === undefined ? [] : [`port: ${port}`])];
  if (scheme.toLowerCase() === "smtps") keys.push("security: tls");
  return `must be the name of the server alone: write ${keys.join(", ")}`;
}
