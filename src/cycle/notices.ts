/**
 * What people are told, from what a cycle knows. Values in, values out: the caller adds them to the outbox in the transaction of what
 * they tell of, as often as it likes, because the same event always has the same key.
 */
import { createHash } from "node:crypto";
import type { Action } from "../model/action.ts";
import type { CycleRecord, Hold } from "../model/cycle.ts";
import { type Finding, formatFinding } from "../model/finding.ts";
import type { Notice, NoticeOf, NoticePerson } from "../model/notice.ts";
import type { Tier, TierName, TierUsage } from "../model/tier.ts";
import { type CredentialView, kindCounts } from "../model/views.ts";
import type { Known } from "./evaluated-person.ts";
import type { PreparedPlan } from "./prepare-plan.ts";
import type { DecidedPerson, FailureStreak, SettledAction } from "./store-ports.ts";

/** `Outbox.ongoing` for the cycle's time. */
export type Ongoing = (topic: string, holds: boolean) => number | null;

/** Failed cycles in a row after which people are told. */
const FAILURES = 3;
/** Days before a credential expires on which people are told. */
const EXPIRY_DAYS = [1, 7, 14, 30, 60] as const;
/** Actions of a hold, and findings, that a notice carries. */
const LISTED = 50;
/** Fewer people leaving at once are everyday life, whatever share of a small tenant they are. */
const FEW = 3;
/** Of most people there is nothing to tell. */
const NOTHING: Notice[] = [];

/** Conflicts, and purges to come, among these decisions. Call wherever decisions are recorded. */
export function decisionNotices(decided: readonly DecidedPerson[], people: ReadonlyMap<number, Known>): Notice[] {
  return decided.flatMap(({ person: key, decision }): Notice[] => {
    if (decision.state !== "conflict" && decision.purgeAt === null) return NOTHING;
    const person = personOf(people, key);
    if (person === null) return NOTHING;
    if (decision.state === "conflict") {
      // Told with what to do about it when the third change was found (`contestedNotice`).
      if (people.get(key)?.verdict.kind === "contested") return NOTHING;
      const { reason, since } = decision;
      const told = `conflict/${person.id}/${since}/${hash(reason)}`;
      return [{ key: told, topic: "conflict", data: { kind: "conflict", person, reason, since: iso(since) } }];
    }
    if (decision.purgeAt === null) return [];
    const purgeAt = iso(decision.purgeAt);
    return [
      {
        key: `purge.coming/${person.id}/${decision.purgeAt}`,
        topic: "purge.coming",
        data: { kind: "purge.coming", person, tier: decision.wanted, purgeAt },
      },
    ];
  });
}

/** What these results mean for people: who waits now, whose event logs are gone, and what their decisions bring. */
export function settledNotices(
  settled: readonly SettledAction[],
  prepared: Pick<PreparedPlan, "people" | "guarded" | "waitingElsewhere">,
): Notice[] {
  const { people, guarded, waitingElsewhere } = prepared;
  const notices = settled.flatMap(({ action, failure, decided, at }): Notice[] => {
    if (failure !== null || (action.kind !== "purge" && action.kind !== "wait")) return NOTHING;
    const person = personOf(people, action.person);
    if (person === null) return NOTHING;
    if (action.kind === "purge") {
      const data = { kind: "purge.done", person, at: iso(at) } as const;
      return [{ key: `purge.done/${person.id}/${at}`, topic: "purge.done", data }];
    }
    const tier = guarded.plan.tiers.find(({ name }) => name === action.to);
    if (tier === undefined) return NOTHING;
    const since = decided?.decision.queue?.since ?? at;
    return [exhausted(person, action, since, tier, waitingElsewhere.get(tier.name) ?? 0)];
  });
  const decided = settled.map((one) => one.decided).filter((one) => one !== null);
  return [...notices, ...decisionNotices(decided, people)];
}

function exhausted(person: NoticePerson, action: Action, since: number, tier: TierUsage, elsewhere: number): Notice {
  const { name, seats, used } = tier;
  return {
    key: `seats.exhausted/${name}/${person.id}/${since}`,
    topic: `seats.exhausted/${name}`,
    data: {
      kind: "seats.exhausted",
      tier: name,
      seats,
      used,
      waiting: tier.waiting + elsewhere,
      person,
      since: iso(since),
      keeps: action.from,
    },
  };
}

/** Tiers of which fewer seats are free than `warnBelow`: told once until enough are free again. `used`: at the end of the cycle. */
export function seatNotices(tiers: readonly Tier[], used: ReadonlyMap<TierName, number>, ongoing: Ongoing): Notice[] {
  return tiers.flatMap((tier): Notice[] => {
    if (tier.kind !== "paid") return [];
    const { name, seats, warnBelow } = tier;
    const free = Math.max(0, seats - (used.get(name) ?? 0));
    const topic = `seats.low/${name}`;
    const since = ongoing(topic, warnBelow !== null && free < warnBelow);
    if (since === null || warnBelow === null) return [];
    const data = { kind: "seats.low", tier: name, seats, used: used.get(name) ?? 0, free, warnBelow } as const;
    return [{ key: `${topic}/${since}`, topic, data }];
  });
}

/** Holds that are new. */
export function holdNotices(formed: readonly Hold[]): Notice[] {
  return formed.map(({ id, guard, reason, since, expiresAt, actions }): Notice => {
    const listed = actions
      .slice(0, LISTED)
      .map(({ kind, user, address, from, to }) => ({ kind, user, address, from, to }));
    const kinds = kindCounts(actions);
    const key = `hold.formed/${id}`;
    return {
      key,
      topic: key,
      data: { kind: "hold.formed", hold: id, guard, reason, kinds, since, expiresAt, actions: listed },
    };
  });
}

/**
 * More than a tenth of the managed people released by one plan. `managed`: how many were managed before it; asked only when it
 * matters.
 */
export function releaseNotices(cycle: string, actions: readonly Action[], managed: () => number): Notice[] {
  const released = actions.reduce((count, { kind }) => count + (kind === "release" ? 1 : 0), 0);
  if (released < FEW) return [];
  const before = managed();
  if (released * 10 <= before) return [];
  const key = `released.many/${cycle}`;
  return [{ key, topic: key, data: { kind: "released.many", cycle, released, managed: before } }];
}

/** The third failure in a row, and the end of such a row. `before`: the row of failures before this cycle. */
export function cycleNotices(record: CycleRecord, before: FailureStreak | null): Notice[] {
  const { outcome, error } = record;
  if (outcome === "failed" && error !== null) {
    // Stopped from outside: says nothing about the tenant.
    const failures = (before?.failures ?? 0) + 1;
    if (error.code === "ERR_STOPPED" || failures < FAILURES) return [];
    const { first, since } = before ?? { first: record.id, since: record.startedAt };
    const key = `cycle.failing/${first}`;
    return [{ key, topic: key, data: { kind: "cycle.failing", first, since, failures, error } }];
  }
  if (outcome === "failed" || before === null || before.failures < FAILURES) return [];
  const { first, since, failures } = before;
  const until = record.finishedAt ?? record.startedAt;
  const key = `cycle.recovered/${first}`;
  return [{ key, topic: key, data: { kind: "cycle.recovered", first, since, until, failures } }];
}

/** Files with errors. Told for each set of findings, and again when they come back after the files were right. */
export function configNotices(findings: readonly Finding[], ongoing: Ongoing): Notice[] {
  const errors = findings.filter(({ level }) => level === "error").map(formatFinding);
  const since = ongoing("config.broken", errors.length > 0);
  if (since === null) return [];
  const data = { kind: "config.broken", findings: errors.slice(0, LISTED), errors: errors.length } as const;
  return [{ key: `config.broken/${since}/${hash(errors.join("\n"))}`, topic: "config.broken", data }];
}

/** A credential that expires in 60, 30, 14, 7 days or 1: each told once for each credential. */
export function credentialNotices(credential: CredentialView | null): Notice[] {
  if (credential === null || credential.expiresAt === null || credential.daysLeft === null) return [];
  const { kind, thumbprint, expiresAt, daysLeft } = credential;
  const threshold = EXPIRY_DAYS.find((days) => daysLeft <= days);
  if (threshold === undefined) return [];
  const data = { kind: "credential.expiring", credential: kind, thumbprint, expiresAt, daysLeft } as const;
  return [{ key: `credential.expiring/${thumbprint ?? expiresAt}/${threshold}`, topic: "credential.expiring", data }];
}

/** A tier that somebody else keeps changing in the target. `since`: when the agent gave in; epoch ms. */
export function contestedNotice(contest: Omit<NoticeOf<"licence.contested">, "kind">, since: number): Notice {
  const key = `licence.contested/${contest.person.id}/${since}`;
  return { key, topic: "licence.contested", data: { kind: "licence.contested", ...contest } };
}

/** `tiersync accounts …` was used. */
export function manualNotice(deed: Omit<NoticeOf<"accounts.manual">, "kind">): Notice {
  const key = `accounts.manual/${deed.action}/${deed.person.id}/${deed.at}`;
  return { key, topic: "accounts.manual", data: { kind: "accounts.manual", ...deed } };
}

function personOf(people: ReadonlyMap<number, Known>, key: number): NoticePerson | null {
  const known = people.get(key);
  if (known === undefined) return null;
  return { id: known.id, address: known.address ?? known.account?.address ?? null, displayName: known.displayName };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
