import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Acceptance, createKeeper, type GoodSet, type Keeper } from "../../src/config/keeper.ts";
import type { HomeFiles } from "../../src/config/parse.ts";
import { AgentError } from "../../src/errors.ts";
import type { Finding } from "../../src/model/finding.ts";
import { atEnd } from "../support/clean-up.ts";
import { eventually } from "../support/eventually.ts";
import { openHome, RULES, type TestHome } from "../support/home.ts";
import { silentLogger } from "../support/silent-logger.ts";

interface Kept {
  readonly keeper: Keeper;
  /** How often something was said to have changed. */
  readonly changes: () => number;
  readonly remembered: () => HomeFiles | null;
  readonly errors: readonly string[];
}

/** `remembered`: by an agent that ran before. */
function keep({ home }: TestHome, remembered: HomeFiles | null = null): Kept {
  let changes = 0;
  let last = remembered;
  const errors: string[] = [];
  const keeper = createKeeper({
    home,
    log: { ...silentLogger, error: (line: string) => void errors.push(line) },
    lastGood: {
      read: () => last,
      write: (files) => {
        last = files;
      },
    },
    changed: () => {
      changes += 1;
    },
  });
  atEnd(() => keeper.stop());
  return { keeper, changes: () => changes, remembered: () => last, errors };
}

/** An edit counts when two looks in a row see the same. */
function lookTwice(keeper: Keeper): void {
  keeper.look();
  keeper.look();
}

const priorities = ({ good }: Keeper): (number | undefined)[] =>
  (good?.rules.files ?? []).flatMap(({ rules }) => rules.map(({ priority }) => priority));

const BEFORE = [100, 30, 20, 10];
const EDITED = RULES.replace(/priority: 10\b/, "priority: 11");
const REFUSAL: Finding = {
  level: "error",
  file: "rules/x.yaml",
  line: 1,
  column: 1,
  path: "",
  message: "no such group",
};
const never = new AbortController().signal;

describe("an edit under way", () => {
  test("does not count before it is whole, though its beginning is good by itself", () => {
    const home = openHome();
    const { keeper, changes } = keep(home);
    home.writeRules(EDITED.slice(0, EDITED.indexOf("  - {name: eco")));
    keeper.look();
    expect(priorities(keeper)).toEqual(BEFORE);
    home.writeRules(EDITED);
    keeper.look();
    expect(priorities(keeper)).toEqual(BEFORE);
    keeper.look();
    expect(priorities(keeper)).toEqual([100, 30, 20, 11]);
    expect(changes()).toBe(2);
  });

  test("that replaces the rules folder leaves nobody without rules", () => {
    const home = openHome();
    const { keeper, changes } = keep(home);
    rmSync(join(home.home, "rules"), { recursive: true });
    keeper.look();
    mkdirSync(join(home.home, "rules"));
    home.writeRules(RULES);
    lookTwice(keeper);
    expect(priorities(keeper)).toEqual(BEFORE);
    expect(changes()).toBe(1);
  });

  test("that has ended counts in the cycle that begins then", async () => {
    const home = openHome();
    const { keeper } = keep(home);
    home.writeRules(EDITED);
    await keeper.settled(never);
    expect(priorities(keeper)).toEqual([100, 30, 20, 11]);
  });

  test("does not keep an agent from stopping", async () => {
    const home = openHome();
    const { keeper } = keep(home);
    home.writeRules(EDITED);
    await keeper.settled(AbortSignal.abort());
    expect(priorities(keeper)).toEqual(BEFORE);
  });
});

test("another edit that is broken in the same way is an edit: whoever waits for one is told", () => {
  const home = openHome();
  const { keeper, changes } = keep(home);
  const edit = (text: string): void => {
    home.writeRules(text);
    lookTwice(keeper);
  };
  const broken = RULES.replace("tier: Eco,", "tier: Ecco,");
  edit(broken);
  const { findings } = keeper;
  edit(`${broken}# mended?\n`);
  expect(findings).not.toEqual([]);
  expect(keeper.findings).toEqual(findings);
  expect(changes()).toBe(3);
});

/** Asks nobody. */
function refusing(refused: Acceptance["refused"]): Acceptance {
  return { refused, ask: () => null };
}

describe("an edit about which somebody has to be asked", () => {
  /** What was asked, each with how to answer it. */
  function asking(keeper: Keeper): { answer(findings: readonly Finding[]): void }[] {
    const questions: { answer(findings: readonly Finding[]): void }[] = [];
    keeper.setAcceptance({
      refused: () => [],
      ask: () => {
        const { promise, resolve } = Promise.withResolvers<readonly Finding[]>();
        questions.push({ answer: resolve });
        return promise;
      },
    });
    return questions;
  }
  /** A home whose rules were edited, and the question about that. */
  function edited() {
    const home = openHome();
    const { keeper } = keep(home);
    const questions = asking(keeper);
    home.writeRules(EDITED);
    lookTwice(keeper);
    return { home, keeper, questions };
  }

  test.each([
    ["is taken over when the answer is good", [], [100, 30, 20, 11]],
    ["is refused when it is not", [REFUSAL], BEFORE],
  ])("%s, and a cycle waits for that", async (_, findings, expected) => {
    const { keeper, questions } = edited();
    lookTwice(keeper);
    expect(priorities(keeper)).toEqual(BEFORE);
    expect(questions).toHaveLength(1);
    const settled = keeper.settled(never);
    questions[0]?.answer(findings);
    await settled;
    expect(priorities(keeper)).toEqual(expected);
    expect(keeper.findings).toEqual(findings);
  });

  test("does not count once it was taken back", async () => {
    const { home, keeper, questions } = edited();
    home.writeRules(RULES);
    lookTwice(keeper);
    questions[0]?.answer([REFUSAL]);
    await keeper.settled(never);
    expect(keeper.findings).toEqual([]);
    expect(priorities(keeper)).toEqual(BEFORE);
  });

  test("is asked about again when it was refused: the directory may have changed", async () => {
    const { keeper, questions } = edited();
    questions[0]?.answer([REFUSAL]);
    await keeper.settled(never);
    keeper.recheck();
    expect(questions).toHaveLength(2);
    expect(keeper.findings).toEqual([REFUSAL]);
    questions[1]?.answer([]);
    await eventually(
      () => keeper.findings,
      (findings) => findings.length === 0,
    );
    expect(priorities(keeper)).toEqual([100, 30, 20, 11]);
  });
});

describe("an edit that acceptance refuses", () => {
  test("is refused after a restart too, and the last good set is still remembered", () => {
    const home = openHome();
    const { remembered: before } = keep(home);
    home.writeRules(EDITED);
    const { keeper, remembered } = keep(home, before());
    keeper.setAcceptance(refusing(() => [REFUSAL]));
    expect(priorities(keeper)).toEqual(BEFORE);
    expect(keeper.findings).toEqual([REFUSAL]);
    expect(remembered()).toEqual(before());
  });

  test("is taken over as soon as it fulfils what it must", () => {
    const home = openHome();
    const { keeper, changes } = keep(home);
    let refusal: Finding[] = [REFUSAL];
    keeper.setAcceptance(refusing(() => refusal));
    home.writeRules(EDITED);
    lookTwice(keeper);
    keeper.recheck();
    expect(priorities(keeper)).toEqual(BEFORE);
    expect(changes()).toBe(2);
    refusal = [];
    keeper.recheck();
    expect(priorities(keeper)).toEqual([100, 30, 20, 11]);
    expect(keeper.findings).toEqual([]);
    expect(changes()).toBe(3);
  });

  test("is not confused with what is in force already", () => {
    const home = openHome();
    const { keeper } = keep(home);
    const asked: GoodSet[] = [];
    keeper.setAcceptance(
      refusing((set) => {
        asked.push(set);
        return [REFUSAL];
      }),
    );
    home.writeRules(EDITED);
    lookTwice(keeper);
    home.writeRules(RULES);
    lookTwice(keeper);
    expect(keeper.findings).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  test("is judged at a later look when it could not be judged at once", async () => {
    const home = openHome();
    const { keeper, errors } = keep(home);
    let locked = true;
    keeper.setAcceptance(
      refusing(() => {
        if (!locked) return [];
        locked = false;
        throw new AgentError("ERR_STORE", "the database failed: database is locked");
      }),
    );
    home.writeRules(EDITED);
    await keeper.settled(never);
    expect(errors.join()).toContain("cannot be looked at");
    expect(priorities(keeper)).toEqual([100, 30, 20, 11]);
  });
});
