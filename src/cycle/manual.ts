/**
 * What an administrator does by hand for somebody whom no rule reaches: take a licence, delete event logs, give an account to another
 * person. Carried out through the target like any action, with its record, and never for somebody whom a rule manages: the next cycle
 * would undo it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { AgentError } from "../errors.ts";
import type { Action, ActionKind } from "../model/action.ts";
import { addressKey, displayNameOf } from "../model/directory.ts";
import type { Account, PersonState } from "../model/person.ts";
import { manualNotice } from "./notices.ts";
import type { CycleParts } from "./settings.ts";
import type { StoredPerson } from "./store-ports.ts";

export type ManualKind = "revoke" | "purge" | "link";

export interface ManualStep {
  readonly kind: ManualKind;
  readonly person: StoredPerson;
  readonly account: Account;
  readonly action: Action;
  /** Whom the account belonged to until now; link only, null: nobody. */
  readonly formerOwner: StoredPerson | null;
}

/** What the status says of it until the next cycle. */
const DONE = {
  revoke: "the licence was taken by hand; the next cycle says what follows",
  purge: "the event logs were deleted by hand; the next cycle says what follows",
} as const;

/** States in which no rule says anything about a person's licence. */
const UNREACHED: ReadonlySet<PersonState> = new Set(["unmanaged", "skipped", "conflict"]);

type Parts = Pick<CycleParts, "store" | "target">;

/** What would be done, or why it may not: throws `ERR_BAD_REQUEST` with what to do instead. */
export function planManual({ store }: Parts, kind: ManualKind, id: string, address: string | null): ManualStep {
  const person = store.people.person(id);
  if (person === null) throw new AgentError("ERR_NOT_FOUND", `nobody known has the id ${id}`);
  assertSettled(store, id, kind === "link" ? "adopt" : kind);
  if (kind === "link") return planLink(store, person, address);
  const { account, previous } = person;
  if (account === null)
    throw new AgentError("ERR_BAD_REQUEST", `${id} has no account`, { hint: "there is nothing to take" });
  const state = previous?.state ?? "pending";
  if (kind === "revoke") {
    if (!UNREACHED.has(state)) {
      throw new AgentError("ERR_BAD_REQUEST", `${id} is ${state}: a rule decides about this licence`, {
        hint: "put the person into No_Licence; `tiersync explain` shows the rule",
      });
    }
    if (account.tier === null)
      throw new AgentError("ERR_BAD_REQUEST", `${id} holds no licence`, { hint: "there is nothing to take" });
  } else if (account.tier !== null || account.revokedAt === null) {
    throw new AgentError(
      "ERR_BAD_REQUEST",
      `the licence of ${id} was not taken: event logs are never purged before that`,
      {
        hint: "first `tiersync accounts revoke`",
      },
    );
  } else if (account.purgedAt !== null) {
    throw new AgentError("ERR_BAD_REQUEST", `the event logs of ${id} are purged already`, {
      hint: "there is nothing to delete",
    });
  }
  const from = kind === "revoke" ? account.tier : null;
  return { kind, person, account, formerOwner: null, action: actionOf(kind, person, account, from, null) };
}

/** A remote system may have done already what the agent was killed at, or got no answer to. */
function assertSettled({ intents }: Parts["store"], id: string, kind: ActionKind): void {
  if ([...intents.of(id)].every((intended) => intended === kind)) return;
  throw new AgentError("ERR_BAD_REQUEST", `what came of the last change for ${id} is not known yet`, {
    hint: "the next cycle finds out: `tiersync sync`",
  });
}

function planLink(store: Parts["store"], person: StoredPerson, address: string | null): ManualStep {
  if (person.account !== null) {
    throw new AgentError("ERR_BAD_REQUEST", `${person.id} has an account already`, {
      hint: "there is nothing to link",
    });
  }
  if (address === null)
    throw new AgentError("ERR_BAD_REQUEST", `${person.id} has no address by which an account could be found`);
  const keys = [addressKey(address)];
  const owners = store.people
    .claimants(keys)
    .filter(({ id, account }) => id !== person.id && account !== null && addressKey(account.address) === keys[0]);
  const accounts = [...owners.flatMap(({ account }) => account ?? []), ...store.accounts.unbound(keys)];
  const [account, another] = accounts;
  if (account === undefined)
    throw new AgentError("ERR_BAD_REQUEST", `no account has the address of ${person.id}`, {
      hint: "the next cycle creates one",
    });
  if (another !== undefined)
    throw new AgentError("ERR_BAD_REQUEST", `several accounts have the address of ${person.id}`, {
      hint: "leave one of them in the licence system",
    });
  const formerOwner = owners[0] ?? null;
  const state = formerOwner?.previous?.state ?? "unmanaged";
  if (!UNREACHED.has(state)) {
    throw new AgentError("ERR_BAD_REQUEST", `the account belongs to ${formerOwner?.id}, who is ${state}`, {
      hint: "an account is only taken from somebody whom no rule reaches any more",
    });
  }
  return {
    kind: "link",
    person,
    account,
    formerOwner,
    action: { ...actionOf("adopt", person, account, account.tier, account.tier), account: account.key },
  };
}

function actionOf(
  kind: Action["kind"],
  person: StoredPerson,
  account: Account,
  from: string | null,
  to: string | null,
): Action {
  return {
    kind,
    user: person.id,
    person: person.key,
    address: account.address,
    from,
    to,
    reason: "by hand: tiersync accounts",
  };
}

/** With what a step that was confirmed is carried out. */
export interface ManualWork {
  /** The step as it would be planned now; throws as `planManual`. */
  readonly again: () => ManualStep;
  /** The tenant's newest cycle; null: there was none. `running`: another process is at it. */
  readonly newestCycle: () => { readonly id: string; readonly running: boolean } | null;
  /** One write transaction. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** Who is at the command line. */
  readonly by: string;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** How often it is asked whether a cycle has ended; ms. */
const POLL_EVERY = 200;

/**
 * Carries it out, with its record and its message in one transaction, unless it is another step by now than the one that was confirmed:
 * a cycle may have made the person somebody whom a rule manages. Throws `AgentError` then, when a cycle does not end, and when the target
 * refuses or is down; nothing is recorded then.
 */
export async function carryOutManual(parts: Parts, confirmed: ManualStep, work: ManualWork): Promise<void> {
  const { newestCycle, signal } = work;
  // What a cycle has read and planned already does not know of it.
  while (newestCycle()?.running) await delay(POLL_EVERY, undefined, { signal }).catch(stillRunning);
  const attempt = (): Promise<void> => attemptManual(parts, confirmed, work);
  // The ledger is done before anybody else can write. A remote system takes its time, and cycles must not wait for that.
  await (parts.target.transactional ? work.exclusively(attempt) : attempt());
  if (confirmed.kind === "purge") parts.store.scrub();
}

async function attemptManual({ store, target }: Parts, confirmed: ManualStep, work: ManualWork): Promise<void> {
  const { again, newestCycle, by, now, signal } = work;
  const before = newestCycle();
  if (before?.running) stillRunning();
  const step = again();
  const { person, account, action, kind } = step;
  if (deedOf(step) !== deedOf(confirmed)) {
    throw new AgentError("ERR_BAD_REQUEST", `the account of ${person.id} is not as it was when you were asked`, {
      hint: "nothing was changed; `tiersync explain` shows how it is now",
    });
  }
  let refusal: string | null = null;
  let done = false;
  if (kind === "link") store.accounts.unbind(account.key);
  // An answer that is lost is looked up by the next cycle.
  const remote = !target.transactional;
  if (remote) store.journal.intend([action], null);
  try {
    await target.apply(
      [{ action, accountKey: account.key, profile: null, at: now }],
      (results) => {
        for (const result of results) {
          if (!result.ok) refusal = result.message;
          else if (newestCycle()?.id !== before?.id) throw overtaken(step);
          else store.transaction(() => record(store, step, by, now));
          done = result.ok;
        }
      },
      signal,
    );
  } catch (error) {
    // The cycle that began meanwhile may have seen the person before or after it, and takes what was intended for settled.
    if (remote && newestCycle()?.id !== before?.id) store.journal.intend([action], null);
    throw error;
  } finally {
    // Refused or down: it stays whose it was, and the command can be given again.
    if (!done && kind === "link" && step.formerOwner !== null) store.accounts.bind(account.key, step.formerOwner.key);
  }
  if (refusal !== null) {
    throw new AgentError("ERR_TARGET_REFUSED", `the licence system refused to ${kind} ${person.id}: ${refusal}`);
  }
}

/** What is done, to which account, and who loses it. */
function deedOf({ action, account, formerOwner }: ManualStep): string {
  return JSON.stringify([action, account.key, formerOwner?.key ?? null]);
}

function stillRunning(): never {
  throw new AgentError("ERR_LOCKED", "a cycle of this tenant is under way", {
    hint: "nothing was changed; try again when it has ended: `tiersync status`",
  });
}

function overtaken({ kind, person }: ManualStep): AgentError {
  const what = `a cycle began while the licence system was asked to ${kind} ${person.id}`;
  return new AgentError("ERR_LOCKED", `${what}: what came of it is recorded by the next one`, {
    hint: "`tiersync sync`, then `tiersync explain` shows how it is",
  });
}

function record(store: Parts["store"], step: ManualStep, by: string, now: number): void {
  const { kind, person, account, action, formerOwner } = step;
  store.journal.recordManual(action, now);
  if (kind !== "link") store.people.remark(person.key, DONE[kind]);
  // The next cycle says what follows from it.
  store.people.markDirty([person.key, ...(formerOwner === null ? [] : [formerOwner.key])]);
  const told = { id: action.user, address: action.address, displayName: displayNameOf(person.properties) };
  const at = new Date(now).toISOString();
  store.outbox.add([manualNotice({ action: kind, person: told, tier: account.tier, by, at })], now);
}
