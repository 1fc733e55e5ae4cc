/** What a plan for one person must come to, row by row. */
import { expect, test } from "bun:test";
import type { Candidate, PersonState } from "../../src/model/person.ts";
import type { PlanInput } from "../../src/plan/types.ts";
import { brief, decisionOf, planInput } from "./plan-people.ts";
import { proposePlan } from "./propose-plan.ts";

export interface PlanRow {
  readonly title: string;
  readonly who: Candidate;
  readonly input?: Partial<PlanInput>;
  readonly actions: readonly string[];
  readonly state: PersonState;
  readonly reason: string;
}

/** A test of each row. */
export function testRows(rows: readonly PlanRow[]): void {
  for (const { title, who, input, actions, state, reason } of rows) {
    test(title, () => {
      const plan = proposePlan(planInput([who], input));
      expect(brief(plan)).toEqual([...actions]);
      expect(decisionOf(plan, who.key)).toMatchObject({ state, reason });
    });
  }
}
