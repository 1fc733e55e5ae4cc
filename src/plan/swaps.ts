/**
 * Closed swaps: people in full tiers who can serve each other, Pro→Eco with Eco→Pro, or Pro→Eco→Advanced→Pro, of any length.
 *
 * Tiers are nodes; whoever waits in one tier for another is an edge. The longest waiting person goes first and takes the ring whose
 * last-placed member has waited longest. An edge without a ring never gets one later, as edges only disappear: so what is left at
 * the end holds no ring at all.
 */
import type { TierName } from "../model/tier.ts";
import { compareRequests, type SeatRequest } from "./seat-request.ts";

interface Edge {
  readonly to: TierName;
  /** Longest waiting first; those before `next` are served. */
  readonly people: SeatRequest[];
  next: number;
}

/** Rings among the requests of those who hold a seat; the others are ignored. Each ring begins with its longest waiting member. */
export function closedSwaps(requests: readonly SeatRequest[]): SeatRequest[][] {
  const movers = requests.filter((request) => request.from !== null).sort(compareRequests);
  const edges = new Map<TierName, Map<TierName, Edge>>();
  for (const mover of movers) {
    const from = mover.from ?? "";
    const out = edges.get(from) ?? new Map<TierName, Edge>();
    edges.set(from, out);
    const edge = out.get(mover.to) ?? { to: mover.to, people: [], next: 0 };
    out.set(mover.to, edge);
    edge.people.push(mover);
  }

  const rings: SeatRequest[][] = [];
  const served = new Set<SeatRequest>();
  for (const mover of movers) {
    const out = edges.get(mover.from ?? "");
    if (served.has(mover) || out?.get(mover.to) === undefined) continue;
    const way = bestWay(edges, mover.to, mover.from ?? "");
    if (way === null) {
      out.delete(mover.to);
      continue;
    }
    const ring = [mover, ...way];
    for (const member of ring) {
      served.add(member);
      take(edges, member);
    }
    rings.push(ring);
  }
  return rings;
}

/** From tier to tier along the heads of the edges, always by the longest waiting one that leads on; null: no way. */
function bestWay(
  edges: ReadonlyMap<TierName, ReadonlyMap<TierName, Edge>>,
  start: TierName,
  goal: TierName,
): SeatRequest[] | null {
  const cameBy = new Map<TierName, SeatRequest | null>([[start, null]]);
  while (!cameBy.has(goal)) {
    let best: SeatRequest | null = null;
    for (const tier of cameBy.keys()) {
      for (const edge of edges.get(tier)?.values() ?? []) {
        const head = edge.people[edge.next];
        if (head === undefined || cameBy.has(edge.to)) continue;
        if (best === null || compareRequests(head, best) < 0) best = head;
      }
    }
    if (best === null) return null;
    cameBy.set(best.to, best);
  }
  const way: SeatRequest[] = [];
  for (let step = cameBy.get(goal) ?? null; step !== null; step = cameBy.get(step.from ?? "") ?? null) way.push(step);
  return way.reverse();
}

function take(edges: ReadonlyMap<TierName, Map<TierName, Edge>>, member: SeatRequest): void {
  const out = edges.get(member.from ?? "");
  const edge = out?.get(member.to);
  if (edge === undefined) return;
  edge.next += 1;
  if (edge.next === edge.people.length) out?.delete(member.to);
}
