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

export interface Keeper {
  /** Null: there has never been a good one. */
  readonly good: GoodSet | null;
  /** Epoch ms at which the good set was taken over. */
  readonly loadedAt: number;
  /** About the files as they are now; errors mean that the last good set is in force instead. */
  readonly findings: readonly Finding[];
  /** What else an edit must fulfil, such as that the groups it names exist. Asked again by `recheck`. */
  setAcceptance(accept: (set: GoodSet) => readonly Finding[]): void;
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
  let accept: (set: GoodSet) => readonly Finding[] = () => [];

  /** A disk that is full must not keep a good edit from being used. */
  const remember = (): void => {
    try {
      lastGood.write(files);
    } catch (error) {
      const { code, message, hint } = toAgentError(error);
      log.error("the good configuration cannot be remembered for a restart: {message}", { code, message, hint });
    }
  };

  const judge = (): void => {
    const parsed = parseHome(files, home);
    const { config, rules } = parsed;
    const refused = config !== null && rules !== null ? accept({ config, rules }) : [];
    const before = JSON.stringify(findings);
    findings = [...parsed.findings, ...refused];
    const text = textOf(files);
    const taken = config !== null && rules !== null && !hasError(refused) && text !== goodText;
    if (taken) {
      good = { config, rules };
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
      accept = next;
    },
    look: () => {
      files = readHome(home);
      const text = textOf(files);
      if (text === seen) return;
      seen = text;
      judge();
    },
    recheck: judge,
    stop: () => clearInterval(timer),
  };
  const remembered = lastGood.read();
  if (remembered !== null) {
    const { config, rules } = parseHome(remembered, home);
    if (config !== null && rules !== null) good = { config, rules };
    goodText = textOf(remembered);
  }
  keeper.look();
  const timer = setInterval(() => {
    try {
      keeper.look();
    } catch (error) {
      // Thrown in a timer it would end the agent.
      log.error("the files of the home folder cannot be looked at: {message}", {
        message: toAgentError(error).message,
      });
    }
  }, LOOK_EVERY);
  timer.unref();
  return keeper;
}

function textOf({ config, rules, findings }: HomeFiles): string {
  return JSON.stringify([config, rules, findings]);
}
