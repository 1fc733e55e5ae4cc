/**
 * What an administrator does by hand for somebody whom no rule reaches: take a licence, delete event logs, give an account to another
 * person. Carried out through the target like any action, with its record, and never for somebody whom a rule manages: the next cycle
 * would undo it.
 */
import { AgentError } from "../errors.ts";
import type { Action } from "../model/action.ts";
import { addressKey } from "../model/directory.ts";
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

/**
 * Carries it out, with its record and its message in one transaction. `by`: who is at the command line. Throws `AgentError` when the target
 * refuses or is down; nothing is recorded then.
 */
export async function carryOutManual(
  { store, target }: Parts,
  step: ManualStep,
  by: string,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const { person, account, action, kind } = step;
  let refusal: string | null = null;
  let done = false;
  if (kind === "link") store.accounts.unbind(account.key);
  // An answer that is lost is looked up by the next cycle.
  if (target.kind !== "ledger") store.journal.intend([action], null);
  try {
    await target.apply(
      [{ action, accountKey: account.key, profile: null, at: now }],
      (results) => {
        for (const result of results) {
          done = result.ok;
          if (result.ok) store.transaction(() => record(store, step, by, now));
          else refusal = result.message;
        }
      },
      signal,
    );
  } finally {
    // Refused or down: it stays whose it was, and the command can be given again.
    if (!done && kind === "link" && step.formerOwner !== null) store.accounts.bind(account.key, step.formerOwner.key);
  }
  if (refusal !== null) {
    throw new AgentError("ERR_TARGET_REFUSED", `the licence system refused to ${kind} ${person.id}: ${refusal}`);
  }
  if (kind === "purge") store.scrub();
}

function record(store: Parts["store"], step: ManualStep, by: string, now: number): void {
  const { kind, person, account, action, formerOwner } = step;
  store.journal.recordManual(action, now);
  if (kind !== "link") store.people.remark(person.key, DONE[kind]);
  // The next cycle says what follows from it.
  store.people.markDirty([person.key, ...(formerOwner === null ? [] : [formerOwner.key])]);
  const displayName = person.properties?.["displayName"];
  const told = {
    id: action.user,
    address: action.address,
    displayName: typeof displayName === "string" ? displayName : null,
  };
  const at = new Date(now).toISOString();
  store.outbox.add([manualNotice({ action: kind, person: told, tier: account.tier, by, at })], now);
}
