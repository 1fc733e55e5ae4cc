/**
 * What commands print under `--json`, and how tests read it. The types are the product's own, so that a test that looks for a field which
 * is not promised does not compile.
 */
import type { CertificateView, ShownView, UnreadableView } from "../../src/cli/certificate-views.ts";
import type { Subject, SyncedUser } from "../../src/cli/sync-user.ts";
import type { AgentError } from "../../src/errors.ts";
import type { CycleRecord } from "../../src/model/cycle.ts";
import type { DirectoryUser } from "../../src/model/directory.ts";
import type {
  CheckResult,
  HoldView,
  PersonExplanation,
  PersonView,
  PlanView,
  StatusView,
  TenantPlanView,
  TenantStatus,
} from "../../src/model/views.ts";

/** One of each tenant: tiersync.yaml names at least one. */
type OneOrMore<T> = readonly [T, ...T[]];

interface Items<T> {
  readonly items: readonly T[];
}

interface CyclesDocument {
  readonly cycles: OneOrMore<CycleRecord>;
}

interface SyncedUserDocument extends CyclesDocument {
  readonly user: SyncedUser["after"];
  readonly steps: Pick<Subject, "tenant" | "id"> &
    Pick<SyncedUser, "before" | "done"> & {
      readonly directory: DirectoryUser["properties"] | null;
      readonly held: readonly HoldView[];
    };
}

/** By a command's first word, or its first two where they decide. */
interface CommandDocuments {
  readonly backup: { readonly file: string; readonly bytes: number };
  readonly "cert rotate": { readonly name: string; readonly present: ShownView; readonly next: CertificateView };
  readonly "cert show": Items<ShownView | UnreadableView>;
  readonly check: { readonly ok: boolean; readonly checks: readonly CheckResult[] };
  readonly "entra-setup": {
    readonly shell: string;
    readonly tenant: string;
    readonly file: string | null;
    readonly script: string;
  };
  readonly explain: PersonExplanation;
  readonly export: Items<PersonView>;
  readonly holds: Items<HoldView>;
  /** A running agent carries it out by itself: what is known is the hold. */
  readonly "holds approve": CyclesDocument | HoldView;
  readonly "holds reject": HoldView;
  /** None in `tenants` when none of several could be planned. */
  readonly plan: PlanView & { readonly tenants: OneOrMore<TenantPlanView> };
  readonly status: Omit<StatusView, "tenants"> & { readonly tenants: OneOrMore<TenantStatus> };
  readonly sync: CyclesDocument;
  readonly "sync --user": SyncedUserDocument;
}

type Command = keyof CommandDocuments;
type Documented<Name extends string> = Name extends Command ? CommandDocuments[Name] : unknown;

/**
 * The document of a command line. `unknown` where the words that decide are not known before it runs, and of commands that no test has
 * looked into yet.
 */
export type DocumentOf<Argv extends readonly string[]> = Argv extends readonly [
  infer First extends string,
  infer Second extends string,
  ...string[],
]
  ? `${First} ${Second}` extends Command
    ? CommandDocuments[`${First} ${Second}`]
    : string extends Second
      ? Extract<Command, `${First} ${string}`> extends never
        ? Documented<First>
        : unknown
      : Documented<First>
  : Argv extends readonly [infer First extends string, ...string[]]
    ? Documented<First>
    : unknown;

export type CommandError = Pick<AgentError, "code" | "message" | "hint">;

interface Output {
  /** 137 (128 + 9) after SIGKILL, as a shell has it. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command that ended, and the document it printed. */
export class CommandResult<Document = unknown> implements Output {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly #argv: readonly string[];

  constructor(argv: readonly string[], { code, out, err }: Output) {
    this.#argv = argv;
    this.code = code;
    this.out = out;
    this.err = err;
    // Killed: whatever it had begun to write is no document.
    if (!argv.includes("--json") || code === 137 || out === "") return;
    const printed = parsed(out);
    if (printed === null) throw this.#without("a document");
    // Properties of its own, before the getters below: a matcher that fails shows what was printed.
    if (isFailure(printed)) Object.defineProperty(this, "error", { value: printed.error, enumerable: true });
    else Object.defineProperty(this, "json", { value: printed, enumerable: true });
  }

  /** Throws when the command printed none, or an error in its place. */
  get json(): Document {
    throw this.#without("its document");
  }

  /** What a command that fails prints in its document's place. Throws when it printed none. */
  get error(): CommandError {
    throw this.#without("an error");
  }

  #without(what: string): TypeError {
    const command = this.#argv.join(" ");
    return new TypeError(
      `\`${command}\` did not print ${what} as JSON (exit code ${this.code}): ${this.out}${this.err}`,
    );
  }
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function isFailure(printed: object): printed is { readonly error: CommandError } {
  return "error" in printed;
}
