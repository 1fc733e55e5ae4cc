/** The one class of operational failure, its table of codes, and the exit codes. */

/**
 * Every code an `AgentError` can carry. `meaning` and `remedy` are what the README's table prints
 * (`test/error-codes.test.ts` compares the two); `remedy` is the default hint of an error that has none of its own.
 */
export const ERROR_CODES = {
  ERR_USAGE: { meaning: "the command line is not understood", remedy: "see `tiersync COMMAND --help`" },
  ERR_CONFIG: {
    meaning: "tiersync.yaml or a rule file is missing or broken",
    remedy: "mend the lines that are named; `tiersync rules check` and `tiersync check` show them all",
  },
  ERR_SECRET: {
    meaning: "a secret or key that the configuration refers to cannot be read",
    remedy: "put the value where the reference points, readable by the agent's account only",
  },
  ERR_CREDENTIAL: {
    meaning: "Entra refused the credential, or it cannot sign",
    remedy: "follow the AADSTS hint; `tiersync check` tests the credential alone",
  },
  ERR_TOKEN: {
    meaning: "no access token could be had: Entra's token endpoint failed or could not be reached",
    remedy: "nothing is lost: the next cycle tries again; if it stays, check proxy, DNS and firewall",
  },
  ERR_CLOCK: {
    meaning: "this computer's clock is more than 5 minutes off",
    remedy: "set the clock (NTP); purges are suspended until then",
  },
  ERR_GRAPH_UNREACHABLE: {
    meaning: "Microsoft Graph could not be reached, or gave no answer in time",
    remedy: "nothing is lost: the next cycle tries again; if it stays, check proxy, DNS and firewall",
  },
  ERR_GRAPH_THROTTLED: {
    meaning: "Microsoft Graph asked the agent to wait longer than the cycle may last",
    remedy: "nothing is lost: the next cycle goes on from here",
  },
  ERR_GRAPH_FORBIDDEN: {
    meaning: "the app registration lacks a permission or an administrator's consent",
    remedy:
      "grant admin consent for the application permissions Group.Read.All, GroupMember.Read.All, MailboxSettings.Read and User.Read.All",
  },
  ERR_GRAPH_REFUSED: {
    meaning: "Microsoft Graph refused a request or failed on its side",
    remedy: "quote the request-id to Microsoft support if it stays",
  },
  ERR_GRAPH_INCOMPLETE: {
    meaning: "an answer of Microsoft Graph was cut, empty where it cannot be, or without the properties asked for",
    remedy: "nothing was applied; the next cycle reads again. Properties missing throughout mean missing permissions",
  },
  ERR_GRAPH_ORIGIN: {
    meaning: "Microsoft Graph named a next page outside the configured Graph address",
    remedy: "check `cloud:` in tiersync.yaml and what sits between this server and Graph",
  },
  ERR_DELTA_RESET: {
    meaning: "Microsoft Graph no longer knows the place up to which changes were read",
    remedy: "none needed: the agent reads everything again by itself",
  },
  ERR_GROUP_NOT_FOUND: {
    meaning: "a group named in the configuration or in a rule does not exist, or is not a member of the parent group",
    remedy: "correct the name, or create the group and make it a member of the parent group",
  },
  ERR_GROUP_AMBIGUOUS: {
    meaning: "two groups bear the name that a rule or the configuration uses",
    remedy: "name the group by its object id: {id: …}",
  },
  ERR_GROUP_HIDDEN: {
    meaning: "a group hides its members (HiddenMembership), so it would read as empty",
    remedy: "use a group whose membership is visible",
  },
  ERR_TARGET_UNREACHABLE: {
    meaning: "the licence system could not be reached, or failed",
    remedy: "nothing is lost: the next cycle goes on where this one stopped",
  },
  ERR_TARGET_FORBIDDEN: {
    meaning: "the licence system refused the agent's credential",
    remedy: "check `target.token` or `target.oauth` in tiersync.yaml",
  },
  ERR_TARGET_REFUSED: {
    meaning: "the licence system refused a change for one person",
    remedy: "see the message; the others go on, and this one is tried again with growing pauses",
  },
  ERR_DEADLINE: {
    meaning: "the cycle reached its time limit and stopped",
    remedy: "nothing is lost: the next cycle goes on where this one stopped",
  },
  ERR_STOPPED: {
    meaning: "the agent was asked to stop, or a confirmation was not given",
    remedy: "none needed: the next start goes on from here",
  },
  ERR_STORE: {
    meaning: "the agent's database cannot be read or written",
    remedy: "see the message: free the disk, close what locks data/tiersync.db, or restore a backup",
  },
  ERR_STORE_NEWER: {
    meaning: "the database was written by a newer tiersync",
    remedy: "run that version or a newer one, or restore a backup made with this version",
  },
  ERR_STORE_FOREIGN: {
    meaning: "the database was made on another machine, or is older than the last one seen here",
    remedy: "if this machine is to take over, run once with --take-over; what would take something is held",
  },
  ERR_LOCKED: {
    meaning: "another instance is at work on this home folder and cannot be asked",
    remedy: "wait for it or stop it",
  },
  ERR_NOT_RUNNING: { meaning: "no agent is running on this home folder", remedy: "start it: `tiersync run`" },
  ERR_NOT_FOUND: { meaning: "nobody and nothing by that name or id is known", remedy: "check the spelling" },
  ERR_AMBIGUOUS: {
    meaning: "the name fits more than one",
    remedy: "use the object id, and --tenant where there are several",
  },
  ERR_EXISTS: {
    meaning: "a file that would be written exists already",
    remedy: "move it away first: tiersync never overwrites",
  },
  ERR_UNAUTHORIZED: {
    meaning: "the request to the status API has no valid token",
    remedy: 'send "Authorization: Bearer" with the content of keys/api.token',
  },
  ERR_HOST: {
    meaning: "the request to the status API names a host that is not this computer",
    remedy: "use 127.0.0.1 or localhost",
  },
  ERR_BAD_REQUEST: {
    meaning: "what is asked for may not be done as things are, or the request to the status API is malformed",
    remedy: "see the message",
  },
  ERR_PLATFORM: {
    meaning: "the operating system refused something",
    remedy: "see the message; installing a service needs administrator rights",
  },
  ERR_NOTIFY: {
    meaning: "an e-mail, web hook or heartbeat could not be delivered",
    remedy: "it is tried again; `tiersync check` tests the connection",
  },
  ERR_INTERNAL: {
    meaning: "a fault of tiersync itself",
    remedy: "report it with the log; nothing was applied after it",
  },
} as const satisfies Record<string, { meaning: string; remedy: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface AgentErrorOptions {
  /** What to do, in one sentence; the code's remedy when absent. */
  hint?: string;
  /** Whether the same call may succeed later with nothing changed. Default false. */
  retryable?: boolean;
  /** Machine-usable facts: `requestId`, `statusCode`, `aadsts`, `userId`, `file`, `line`… Never a secret. */
  facts?: Readonly<Record<string, string | number | boolean | null>>;
  cause?: unknown;
}

/** An operational failure: what failed, for whom, what the other side said (`message`), and what to do (`hint`). */
export class AgentError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retryable: boolean;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;

  constructor(code: ErrorCode, message: string, options: AgentErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AgentError"; // minifiers rename classes
    this.code = code;
    this.hint = options.hint ?? ERROR_CODES[code].remedy;
    this.retryable = options.retryable ?? false;
    this.facts = options.facts ?? {};
  }
}

/** What the operating system says of files (`code` of an error of node:fs), and what to do about it. */
const FILE_FAULTS: Readonly<Record<string, string>> = {
  EACCES: "give this account the right to it, or choose another folder with --home",
  EPERM: "give this account the right to it, or choose another folder with --home",
  EROFS: "the disk is mounted read-only: choose another folder with --home",
  ENOSPC: "free space on the disk",
  EDQUOT: "free space: this account's quota is used up",
  EISDIR: "a folder is in the place of the file: move it away",
  EBUSY: "another program holds the file: close it",
  EMFILE: "allow this account more open files",
  EIO: "the disk failed: check it",
};

/** `ERR_PLATFORM` for what the operating system refused to do with a file; null for anything else. */
export function fileFault(thrown: unknown): AgentError | null {
  if (!(thrown instanceof Error)) return null;
  const { code = "", path } = thrown as NodeJS.ErrnoException;
  const hint = FILE_FAULTS[code];
  if (hint === undefined || path === undefined) return null;
  const facts = { file: path, errno: code };
  return new AgentError("ERR_PLATFORM", `${path} cannot be used (${code})`, { hint, facts, cause: thrown });
}

/** Any thrown value as an `AgentError`; a bug becomes `ERR_INTERNAL` with the original as `cause`. */
export function toAgentError(thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const fault = fileFault(thrown);
  if (fault !== null) return fault;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AgentError("ERR_INTERNAL", message, { cause: thrown });
}

/** Process exit codes (design: over several tenants the first of 2, 4, 1, 3 that applies). */
export const EXIT = { done: 0, failed: 1, usage: 2, held: 3, locked: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code that an error which ends a command leads to. */
export function exitCodeOf(error: AgentError): ExitCode {
  switch (error.code) {
    case "ERR_USAGE":
    case "ERR_CONFIG":
    case "ERR_EXISTS":
      return EXIT.usage;
    case "ERR_LOCKED":
      return EXIT.locked;
    default:
      return EXIT.failed;
  }
}
