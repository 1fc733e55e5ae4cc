import { draftPlan } from "../../src/plan/propose.ts";
import type { Plan, PlanInput } from "../../src/plan/types.ts";

/** The plan for these people when nobody's turn is stopped. */
export function proposePlan(input: PlanInput): Plan {
  return draftPlan(input, () => false).plan;
}
