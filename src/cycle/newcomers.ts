/** Before accounts are made: whether somebody else has made them meanwhile. */
import type { ObjectId, Profile } from "../model/directory.ts";
import type { Newcomer } from "./ports.ts";
import type { PreparedPlan } from "./prepare-plan.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";

/**
 * Looks at the target for those who are to be created and are not in `looked` yet, and puts them there. True: accounts were found that the
 * plan does not know. Those of a transactional target are always known.
 */
export async function findsAccounts(
  { target }: Pick<CycleParts, "target">,
  { signal }: Pick<CycleRequest, "signal">,
  { guarded, people }: PreparedPlan,
  looked: Set<ObjectId>,
): Promise<boolean> {
  if (target.transactional) return false;
  const newcomers: Newcomer[] = [];
  for (const { kind, user, person, address } of guarded.plan.actions) {
    if (kind !== "create" || looked.has(user)) continue;
    looked.add(user);
    const profile = people.get(person)?.profile ?? null;
    const { userName = null } = profile === null ? {} : (JSON.parse(profile) as Partial<Profile>);
    newcomers.push({ user, userName, address });
  }
  return newcomers.length > 0 && (await target.look(newcomers, signal));
}
