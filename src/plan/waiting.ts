/** The queues as a plan leaves them, for showing. */
import type { Candidate } from "../model/person.ts";
import type { TierName } from "../model/tier.ts";
import type { WaitingView } from "../model/views.ts";
import { compareRequests, type SeatRequest } from "./seat-request.ts";
import type { Plan } from "./types.ts";

/** Everybody who waits after the plan, tier by tier, the longest waiting first. `people`: those the plan was made for. */
export function waitingPeople(people: readonly Candidate[], plan: Plan): WaitingView[] {
  const byKey = new Map(people.map((person) => [person.key, person]));
  // Of accounts that the plan takes over: they are nobody's own yet.
  const adopted = new Map(plan.actions.flatMap(({ kind, person, to }) => (kind === "adopt" ? [[person, to]] : [])));
  const queues = new Map<TierName, SeatRequest[]>(plan.tiers.map(({ name }) => [name, []]));
  for (const [key, { state, queue }] of plan.decisions) {
    const person = byKey.get(key);
    if (state !== "waiting" || queue === null || person === undefined) continue;
    const request = {
      person: key,
      id: person.id,
      from: adopted.get(key) ?? person.account?.tier ?? null,
      to: queue.tier,
      since: queue.since,
      refused: false,
    };
    queues.get(queue.tier)?.push(request);
  }
  return [...queues.values()].flatMap((queue) =>
    queue.sort(compareRequests).map(
      (request, index): WaitingView => ({
        id: request.id,
        address: byKey.get(request.person)?.address ?? null,
        wanted: request.to,
        tier: request.from,
        since: new Date(request.since).toISOString(),
        position: index + 1,
      }),
    ),
  );
}
