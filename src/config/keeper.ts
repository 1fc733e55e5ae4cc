/**
 * Configuration and rules of a running agent: edits are seen within a second, taken over when they are good, and otherwise the last
 * good set stays, over restarts too.
 */
import { toAgentError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Finding, formatFinding } from "../model/finding.ts";
import type { RuleSet } from "../rules/types.ts";
import { readHome } from "./load.ts";
import { type HomeFiles, hasError, parseHome } from "./parse.ts";
import type { AgentConfig } from "./types.ts";

/** Files are looked at this often. Reading them is cheaper than trusting watchers, which lose recreated folders and bursts. */
const LOOK_EVERY = 500;

export interface GoodSet {
  readonly config: AgentConfig;
  readonly rules: RuleSet;
}

export interface KeeperOptions {
  /** Absolute. */
  readonly home: string;
  readonly log: Logger;
  readonly lastGood: { read(): HomeFiles | null; write(files: HomeFiles): void };
  /** Called when the good set or the findings changed. */
  readonly changed: () => void;
}

/** What an edit must fulfil besides being well-formed, such as that the groups it names exist. */
export interface Acceptance {
  /** What is known without asking anybody. */
  refused(set: GoodSet): readonly Finding[];
  /** What has to be asked for first; null: nothing. An answer that cannot be had refuses nothing. */
  ask(set: GoodSet): Promise<readonly Finding[]> | null;
}

export interface Keeper {
  /** Null: there has never been a good one. */
  readonly good: GoodSet | null;
  /** Epoch ms at which the good set was taken over. */
  readonly loadedAt: number;
  /** About the files as they are now; errors mean that the last good set is in force instead. */
  readonly findings: readonly Finding[];
  /** Judges the files by it, now and from now on. Resolves when that first judgement is made. */
  setAcceptance(acceptance: Acceptance): Promise<void>;
  /** Looks at the files now. */
  look(): void;
  /** Judges the files again though they are the same: the directory may have changed. */
  recheck(): void;
  stop(): void;
}

export function createKeeper({ home, log, lastGood, changed }: KeeperOptions): Keeper {
  let seen = "";
  let files: HomeFiles = readHome(home);
  let good: GoodSet | null = null;
  let goodText = "";
  let loadedAt = Date.now();
  let findings: readonly Finding[] = [];
  let stopped = false;
  let acceptance: Acceptance = { refused: () => [], ask: () => null };
  /** To the question about these files; `findings` null: it is still to come. */
  let answer: { readonly text: string; readonly findings: readonly Finding[] | null } | null = null;

  /** Thrown beside what anybody waits for it would end the agent. */
  const safely = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      const { message } = toAgentError(error);
      log.error("the files of the home folder cannot be looked at: {message}", { message });
    }
  };

  /** A disk that is full must not keep a good edit from being used. */
  const remember = (): void => {
    try {
      lastGood.write(files);
    } catch (error) {
      const { code, message, hint } = toAgentError(error);
      log.error("the good configuration cannot be remembered for a restart: {message}", { code, message, hint });
    }
  };

  /** Null: nothing has to be asked about these files, or the answer is known. */
  const question = (set: GoodSet, text: string): Promise<void> | null => {
    if (answer?.text === text) return null;
    const asked = acceptance.ask(set);
    if (asked === null) return null;
    answer = { text, findings: null };
    return asked.then((found) => {
      if (stopped || answer?.text !== text) return; // edited again meanwhile
      answer = { text, findings: found };
      safely(() => void judge());
    });
  };

  /** Resolves when it is known whether the files are good: at once, but for what has to be asked. */
  const judge = (): Promise<void> => {
    const parsed = parseHome(files, home);
    const text = textOf(files);
    const { config, rules } = parsed;
    const set = config === null || rules === null ? null : { config, rules };
    const refused = set === null ? [] : acceptance.refused(set);
    const edited = set !== null && text !== goodText && !hasError(refused);
    const asked = edited ? question(set, text) : null;
    if (asked !== null) return asked;
    const answered = answer?.text === text ? answer.findings : [];
    if (edited && answered === null) return Promise.resolve();
    const before = JSON.stringify(findings);
    findings = [...parsed.findings, ...refused, ...(answered ?? [])];
    const taken = edited && !hasError(findings);
    if (taken) {
      good = set;
      goodText = text;
      loadedAt = Date.now();
      remember();
      log.info("configuration and rules taken over: {files} rule files", { files: files.rules.length });
    }
    const news = JSON.stringify(findings) !== before;
    if (news) {
      for (const finding of findings) {
        if (finding.level === "error")
          log.error("{finding}; the last good set stays in force", { finding: formatFinding(finding) });
        else log.warn("{finding}", { finding: formatFinding(finding) });
      }
    }
    if (taken || news) changed();
    return Promise.resolve();
  };
  const look = (): Promise<void> => {
    files = readHome(home);
    const text = textOf(files);
    if (text === seen) return Promise.resolve();
    seen = text;
    return judge();
  };

  const keeper: Keeper = {
    get good() {
      return good;
    },
    get loadedAt() {
      return loadedAt;
    },
    get findings() {
      return findings;
    },
    setAcceptance: (next) => {
      acceptance = next;
      seen = "";
      return look();
    },
    look: () => void look(),
    recheck: () => {
      answer = null;
      safely(() => void judge());
    },
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
  const remembered = lastGood.read();
  if (remembered !== null) {
    const { config, rules } = parseHome(remembered, home);
    if (config !== null && rules !== null) good = { config, rules };
    goodText = textOf(remembered);
  }
  // Where there is a last good set the files are judged by `setAcceptance` first: a restart must not let a refused edit in.
  if (good === null) keeper.look();
  const timer = setInterval(() => safely(keeper.look), LOOK_EVERY);
  timer.unref();
  return keeper;
}

function textOf({ config, rules, findings }: HomeFiles): string {
  return JSON.stringify([config, rules, findings]);
}
