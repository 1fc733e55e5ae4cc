/**
 * What one person needs, by verdict and account. Seats are given afterwards, over all people (`seats.ts`).
 *
 *   verdict    no account                    account
 *   tier       create or adopt, then a seat  update; a seat unless the tier fits
 *   revoke     adopt what has a licence      revoke, then purge when due; update where the address changed
 *   conflict   nothing                       nothing
 *   unknown    nothing                       nothing
 *   none       nothing                       release, once
 *   deleted    nothing                       release, once; a purge that is due goes on
 *   skipped    nothing                       release, once
 *
 * Whoever is frozen is left as they are; an account that is theirs is taken over all the same.
 */
import type { Action, ActionKind } from "../model/action.ts";
import type { Account, Candidate, Decision, PersonState, QueuePlace } from "../model/person.ts";
import type { TierName } from "../model/tier.ts";
import { type AddressStanding, UNCONTESTED } from "./addresses.ts";
import { haltOf, isPaused, type PlanContext } from "./context.ts";
import { clearSinceOf, purgeDelay, purgeDue, revokedBeforeDeletion } from "./purge.ts";
import * as reasons from "./reasons.ts";
import type { SeatRequest } from "./seat-request.ts";

const ADDRESS_CHANGED = "address changed";

/** Refusals in a row from which on others get the free seats first. */
const REFUSALS = 2;

export interface Change {
  /** What needs no seat, in the order in which it must be done. */
  readonly actions: readonly Action[];
  /** Wants a seat, and since when. */
  readonly request: SeatRequest | null;
  /** What is decided when every action succeeds and the seat is given. */
  readonly decision: Decision;
}

/** The change for one person, whose index in the plan is `person`. Throws when the verdict names a tier that is not declared. */
export function changeOf(
  candidate: Candidate,
  standing: AddressStanding = UNCONTESTED,
  context: PlanContext,
  person: number,
): Change {
  const { verdict } = candidate;
  const halt = haltOf(candidate, context);
  if (halt !== null) {
    const change = still(candidate, context, halt.state, halt.reason, placeOf(candidate, context));
    const found = isPaused(candidate, context) ? null : adoptable(candidate, standing);
    return found === null ? change : { ...change, actions: [adopt(candidate, found)] };
  }
  const conflict = conflictOf(candidate, standing);
  if (conflict !== null) return still(candidate, context, "conflict", conflict, keptPlace(candidate));
  switch (verdict.kind) {
    case "tier":
      return licence(candidate, verdict.tier, reasons.byRule(verdict.rule), standing, context, person);
    case "revoke":
      return movedOff(candidate, standing, revoke(candidate, standing, context));
    case "unknown":
      return still(candidate, context, "pending", verdict.detail, keptPlace(candidate));
    default:
      return leave(candidate, context);
  }
}

function conflictOf({ verdict }: Candidate, { contested }: AddressStanding): string | null {
  if (verdict.kind === "conflict") return reasons.rulesDisagree(verdict.rules);
  if (verdict.kind === "contested") return reasons.contestedTier(verdict.tier, verdict.times);
  return contested;
}

function licence(
  candidate: Candidate,
  tier: TierName,
  reason: string,
  standing: AddressStanding,
  context: PlanContext,
  person: number,
): Change {
  if (!context.seats.has(tier)) throw new Error(`no paid tier "${tier}" is declared`);
  const place = keptPlace(candidate);
  if (candidate.account === null && candidate.address === null) {
    return still(candidate, context, "skipped", "neither mail nor user principal name");
  }
  if (candidate.account === null && !candidate.mailboxRead) {
    return still(candidate, context, "pending", reasons.MAILBOX_UNREAD, placeOf(candidate, context));
  }
  const account = candidate.account ?? standing.adoptable;
  const held = account?.tier ?? null;
  const actions: Action[] = account === null ? [act("create", candidate, null, null, reason)] : [];
  if (account !== null && candidate.account === null) actions.push(adopt(candidate, account));
  if (account !== null && candidate.profile !== null && candidate.profile !== account.profile) {
    actions.push(act("update", candidate, held, held, standing.moves ? ADDRESS_CHANGED : "profile changed"));
  }
  if (account?.overridden?.tier === tier && held !== tier) {
    const state = held === null ? "unlicensed" : "licensed";
    return { actions, request: null, decision: decide(candidate, context, state, reasons.leftAsFound(tier, held)) };
  }
  const since = place?.since ?? context.now;
  const refused = (candidate.previous?.failure?.attempts ?? 0) >= REFUSALS;
  const request = held === tier ? null : { person, id: candidate.id, from: held, to: tier, since, refused };
  return { actions, request, decision: decide(candidate, context, "licensed", reason) };
}

function revoke(candidate: Candidate, standing: AddressStanding, context: PlanContext): Change {
  const { verdict } = candidate;
  if (verdict.kind !== "revoke") throw new Error("not a verdict to revoke");
  const spare = standing.adoptable?.tier ? standing.adoptable : null;
  const account = candidate.account ?? spare;
  const delay = purgeDelay(candidate, context);
  if (account === null || (account.tier === null && account.revokedAt === null)) {
    return still(candidate, context, "unlicensed", reasons.nothingToTake(verdict.tier));
  }
  if (account.tier !== null && account.overridden?.tier === null) {
    return still(candidate, context, "licensed", reasons.leftAsFound(null, account.tier));
  }
  const reason = reasons.revoked(verdict.rule, verdict.doubt);
  const actions: Action[] = [];
  if (candidate.account === null) actions.push(adopt(candidate, account));
  if (account.tier === null) return purgeWhenDue(candidate, account, reason, context);

  actions.push(act("revoke", candidate, account.tier, null, reason));
  const atOnce = delay === 0 && verdict.doubt === null && context.purgesAllowed;
  if (atOnce) actions.push(act("purge", candidate, null, null, reason));
  const purgeAt = atOnce || verdict.doubt !== null || delay === null ? null : context.now + delay;
  return { actions, request: null, decision: decide(candidate, context, "unlicensed", reason, { purgeAt }) };
}

/**
 * Leavers are often renamed, and their addresses given to others: the account follows. Nothing else of it is kept up to date. Last, so that
 * a refusal keeps neither the licence nor the event logs.
 */
function movedOff(candidate: Candidate, { moves }: AddressStanding, change: Change): Change {
  if (!moves) return change;
  const { actions } = change;
  const held = actions.some(({ kind }) => kind === "revoke") ? null : (candidate.account?.tier ?? null);
  return { ...change, actions: [...actions, act("update", candidate, held, held, ADDRESS_CHANGED)] };
}

function purgeWhenDue(candidate: Candidate, account: Account, reason: string, context: PlanContext): Change {
  const due = purgeDue(candidate, account, context);
  if (due === null || due > context.now || !context.purgesAllowed) {
    const late = due !== null && due <= context.now;
    const why = late ? `${reason}; the purge waits until this computer's clock is right` : reason;
    const decision = decide(candidate, context, "unlicensed", why, { purgeAt: due });
    return { actions: [], request: null, decision };
  }
  const actions = [act("purge", candidate, null, null, reason)];
  return { actions, request: null, decision: decide(candidate, context, "unlicensed", reason) };
}

function leave(candidate: Candidate, context: PlanContext): Change {
  const { account, verdict, previous } = candidate;
  if (account === null) {
    const state = verdict.kind === "skipped" ? "skipped" : "unmanaged";
    return still(candidate, context, state, reasons.unmanaged(verdict, null));
  }
  if (revokedBeforeDeletion(candidate, account)) {
    return purgeWhenDue(candidate, account, "deleted in Entra after the licence was taken", context);
  }
  const reason = reasons.unmanaged(verdict, account);
  const managed = previous !== null && previous.state !== "unmanaged" && previous.state !== "skipped";
  const actions = managed ? [act("release", candidate, account.tier, account.tier, reason)] : [];
  return { actions, request: null, decision: decide(candidate, context, "unmanaged", reason) };
}

/** Nothing is done. */
function still(
  candidate: Candidate,
  context: PlanContext,
  state: PersonState,
  reason: string,
  queue: QueuePlace | null = null,
): Change {
  return { actions: [], request: null, decision: decide(candidate, context, state, reason, { queue }) };
}

/**
 * Wanting another tier, leaving, deletion and a revoke that is done lose the place. A revoke that is put off does not, nor does a
 * conflict: nothing is done for its people, so nothing is taken from them either.
 */
function keptPlace({ previous, verdict }: Candidate): QueuePlace | null {
  const place = previous?.queue ?? null;
  switch (verdict.kind) {
    case "tier":
    case "contested":
      return place?.tier === verdict.tier ? place : null;
    case "unknown":
    case "revoke":
    case "conflict":
      return place;
    default:
      return null;
  }
}

/** Whoever is kept from a creation or a seat stands in the queue from then on, not from when they are let go. */
function placeOf(candidate: Candidate, { now }: PlanContext): QueuePlace | null {
  const { account, verdict } = candidate;
  const kept = keptPlace(candidate);
  if (kept !== null || verdict.kind !== "tier" || account?.tier === verdict.tier) return kept;
  return { tier: verdict.tier, since: now };
}

const NO_MORE = {};
const NONE_YET: readonly Decision[] = [];

/** Different decisions kept for one verdict; reasons that name addresses are as many as the people. */
const KEPT = 8;

/** The decision for somebody in `state`; `since` goes on while the state stays, and is the queue's for those who wait. */
export function decide(
  candidate: Candidate,
  context: PlanContext,
  state: PersonState,
  reason: string,
  more: { readonly queue?: QueuePlace | null; readonly purgeAt?: number | null } = NO_MORE,
): Decision {
  const { verdict, previous } = candidate;
  if (previous !== null || more !== NO_MORE) return newDecision(candidate, context, state, reason, more);
  const known = context.first.get(verdict) ?? NONE_YET;
  // A loop, as a function made for each of a hundred thousand people is most of what a plan leaves behind.
  for (const same of known) if (same.state === state && same.reason === reason) return same;
  const decision = newDecision(candidate, context, state, reason, more);
  if (known.length < KEPT) context.first.set(verdict, [...known, decision]);
  return decision;
}

function newDecision(
  candidate: Candidate,
  context: PlanContext,
  state: PersonState,
  reason: string,
  more: { readonly queue?: QueuePlace | null; readonly purgeAt?: number | null },
): Decision {
  const { verdict, previous } = candidate;
  const queue = more.queue ?? null;
  const ruled = "tier" in verdict ? verdict : null;
  const same = previous !== null && previous.state === state ? previous.since : context.now;
  return {
    state,
    reason,
    since: state === "waiting" && queue !== null ? queue.since : same,
    queue,
    clearSince: clearSinceOf(candidate, context.now),
    purgeAt: more.purgeAt ?? null,
    wanted: ruled?.tier ?? null,
    rule: ruled?.rule ?? null,
  };
}

export function act(
  kind: ActionKind,
  candidate: Candidate,
  from: TierName | null,
  to: TierName | null,
  reason: string,
): Action {
  const address = candidate.address ?? candidate.account?.address ?? null;
  return { kind, user: candidate.id, person: candidate.key, address, from, to, reason };
}

/** What is theirs already but for the record of it: taking it over as it is takes nothing, so it waits for nobody. */
function adoptable({ account, verdict }: Candidate, { adoptable: found, contested }: AddressStanding): Account | null {
  if (account !== null || found === null || contested !== null) return null;
  return verdict.kind === "tier" || (verdict.kind === "revoke" && found.tier !== null) ? found : null;
}

function adopt(candidate: Candidate, account: Account): Action {
  const reason = "an account of this address already exists at the target";
  return { ...act("adopt", candidate, account.tier, account.tier, reason), account: account.key };
}
