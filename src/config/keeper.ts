/**
 * Configuration and rules of a running agent: edits are seen within a second, taken over when they are good, and otherwise the last
 * good set stays, over restarts too.
 */
import { setTimeout as delay } from "node:timers/promises";
import { toAgentError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Finding, formatFinding } from "../model/finding.ts";
import type { RuleSet } from "../rules/types.ts";
import { readHome } from "./load.ts";
import { type HomeFiles, hasError, parseHome } from "./parse.ts";
import type { AgentConfig } from "./types.ts";

/**
 * Files are looked at this often, ms. Reading them is cheaper than trusting watchers, which lose recreated folders and bursts. An edit
 * counts when two looks in a row see the same: a file that is half written, or a folder that is being replaced, may well be good by itself.
 */
const LOOK_EVERY = 250;
/** Longest time that a cycle waits for an edit under way to end; ms. */
const PATIENCE = 2000;

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

/** A question about the files whose text this is; `findings` null: the answer is still to come. */
interface Question {
  readonly text: string;
  findings: readonly Finding[] | null;
  readonly answered: Promise<void>;
}

export interface Keeper {
  /** Null: there has never been a good one. */
  readonly good: GoodSet | null;
  /** Epoch ms at which the good set was taken over. */
  readonly loadedAt: number;
  /** About the files as they are now; errors mean that the last good set is in force instead. */
  readonly findings: readonly Finding[];
  /** What was edited since the last good set was remembered is judged by it now, and every edit from now on. Resolves when that is done. */
  setAcceptance(acceptance: Acceptance): Promise<void>;
  /** Looks at the files now. */
  look(): void;
  /** Resolves when there is no edit under way that the good set or the findings do not show, or when it takes too long. */
  settled(signal: AbortSignal): Promise<void>;
  /** Judges again what acceptance refused, and remembers what could not be remembered: directory and disk may have changed. */
  recheck(): void;
  stop(): void;
}

export function createKeeper({ home, log, lastGood, changed }: KeeperOptions): Keeper {
  /** As the last look saw them, and as they were judged last. */
  let seen = "";
  let judged: string | null = null;
  let files: HomeFiles = readHome(home);
  let good: GoodSet | null = null;
  let goodText = "";
  let goodFiles = files;
  let loadedAt = Date.now();
  let findings: readonly Finding[] = [];
  let refused: readonly Finding[] = [];
  let acceptance: Acceptance = { refused: () => [], ask: () => null };
  let question: Question | null = null;
  let stopped = false;

  let forgotten = false;
  /** A disk that is full must not keep a good edit from being used. */
  const remember = (): void => {
    try {
      lastGood.write(goodFiles);
      forgotten = false;
    } catch (error) {
      forgotten = true;
      const { code, message, hint } = toAgentError(error);
      log.error("the good configuration cannot be remembered for a restart: {message}", { code, message, hint });
    }
  };

  /** Tried again at the next look. */
  const safely = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      log.error("the files of the home folder cannot be looked at: {message}", {
        message: toAgentError(error).message,
      });
    }
  };

  /** What has to be asked about these files before they are judged; null: nothing, or it is answered. */
  const ask = (set: GoodSet, text: string, edited: boolean): Promise<void> | null => {
    if (question?.text === text) return question.findings === null ? question.answered : null;
    const answer = acceptance.ask(set);
    if (answer === null) return null;
    const answered = answer.then((found) => {
      if (stopped || question?.text !== text) return;
      question.findings = found;
      // Edited again meanwhile: then the next look judges.
      if (textOf(files) === text) safely(() => void judge(edited));
    });
    question = { text, findings: null, answered };
    return answered;
  };

  /** `edited`: the files are not those that were judged before. Resolves when it is known whether they are good. */
  const judge = (edited: boolean): Promise<void> => {
    const text = textOf(files);
    const { config, rules, findings: found } = parseHome(files, home);
    const set = config === null || rules === null ? null : { config, rules };
    // What is in force already, or the only set there is, is not refused: should one of its groups vanish, the cycles say so.
    const questionable = good !== null && text !== goodText ? set : null;
    const known = questionable === null ? [] : acceptance.refused(questionable);
    const asked = questionable === null || hasError(known) ? null : ask(questionable, text, edited);
    if (asked !== null) return asked;
    const told = questionable !== null && question?.text === text ? (question.findings ?? []) : [];
    refused = [...known, ...told];
    const before = JSON.stringify(findings);
    findings = [...found, ...refused];
    const taken = set !== null && !hasError(refused) && text !== goodText;
    if (taken) {
      good = set;
      goodText = text;
      goodFiles = files;
      loadedAt = Date.now();
      remember();
      log.info("configuration and rules taken over: {files} rule files", { files: files.rules.length });
    }
    const news = JSON.stringify(findings) !== before;
    if (news) {
      for (const finding of findings) {
        const then = good === null ? "there is no last good set to go on with" : "the last good set stays in force";
        if (finding.level === "error") log.error("{finding}; {then}", { finding: formatFinding(finding), then });
        else log.warn("{finding}", { finding: formatFinding(finding) });
      }
    }
    judged = text;
    if (edited || taken || news) changed();
    return Promise.resolve();
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
      return judged === null ? judge(true) : Promise.resolve();
    },
    look: () => {
      const now = readHome(home);
      const text = textOf(now);
      const stable = text === seen;
      seen = text;
      if (!stable) return;
      files = now;
      if (text !== judged) void judge(true);
    },
    settled: async (signal) => {
      for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
        safely(keeper.look);
        if (seen === judged || signal.aborted) return;
        await delay(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
      }
    },
    recheck: () => {
      if (forgotten) remember();
      if (refused.length === 0) return;
      question = null;
      safely(() => void judge(false));
    },
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
  const remembered = lastGood.read();
  if (remembered !== null) {
    const { config, rules } = parseHome(remembered, home);
    if (config !== null && rules !== null) {
      good = { config, rules };
      goodText = textOf(remembered);
    }
  }
  seen = textOf(files);
  if (good === null) void judge(true);
  const timer = setInterval(() => {
    if (judged !== null) safely(keeper.look); // thrown in a timer it would end the agent
  }, LOOK_EVERY);
  timer.unref();
  return keeper;
}

function textOf({ config, rules, findings }: HomeFiles): string {
  return JSON.stringify([config, rules, findings]);
}
