/**
 * Who claims which address at the target, and who may have it.
 *
 * Somebody in play claims the address the directory gives them; whoever has an account claims that account's address, unless this
 * very plan moves the account off it. Two claims on one address, at least one of which needs it at the target (create, adopt, change
 * of address): nothing is done for either. An account bound to one object id is never adopted by another (recycled address).
 */
import { addressKey, type ObjectId } from "../model/directory.ts";
import type { Account, Candidate } from "../model/person.ts";
import { compareIds, haltOf, isPaused, type PlanContext } from "./context.ts";

export interface AddressStanding {
  /** The one account bound to nobody that has this person's address. */
  readonly adoptable: Account | null;
  /** Why the address is contested; null: it is not. */
  readonly contested: string | null;
  /** The account moves to another address in this plan. */
  readonly moves: boolean;
}

/** How nearly everybody stands: one object for all of them. */
export const UNCONTESTED: AddressStanding = { adoptable: null, contested: null, moves: false };
const NOBODYS: readonly Account[] = [];

interface Use {
  readonly id: ObjectId;
  /** Address key of the account. */
  readonly holds: string | null;
  /** Address key in the directory, of those in play. */
  readonly wants: string | null;
  /** Needs `wants` at the target. */
  readonly needs: boolean;
  /** Gives up `holds` for `wants`. */
  readonly moves: boolean;
}

export interface Addresses {
  /** One for each of the people, in their order. */
  readonly standings: readonly AddressStanding[];
  /** Indexes of the people whose accounts move, in an order in which each address is left before it is taken. */
  readonly moves: readonly number[];
}

/** Settles the claims of all people at once. `people` must be sorted: the order of moves follows theirs. */
export function settleAddresses(
  people: readonly Candidate[],
  accounts: readonly Account[],
  context: PlanContext,
): Addresses {
  if (accounts.length === 0 && isQuiet(people)) return { standings: people.map(() => UNCONTESTED), moves: [] };
  const ids = new Set(people.map((person) => person.id));
  const unbound = new Map<string, Account[]>();
  const foreign: Use[] = [];
  for (const account of accounts) {
    const key = addressKey(account.address);
    if (account.boundTo === null) push(unbound, key, account);
    else if (!ids.has(account.boundTo)) {
      foreign.push({ id: account.boundTo, holds: key, wants: null, needs: false, moves: false });
    }
  }
  const own = people.map((person) => useOf(person, unbound, context));
  const uses = foreign.length === 0 ? own : [...own, ...foreign];
  const contested = contestedAddresses(uses, unbound);

  const standings = own.map((use, index): AddressStanding => {
    const candidate = people[index];
    const free = use.wants === null ? NOBODYS : (unbound.get(use.wants) ?? NOBODYS);
    const rivals = rivalsOf(use, contested);
    if (rivals === null && free.length === 0 && !use.moves) return UNCONTESTED;
    const crowd = rivals === null && use.needs ? crowdOf(candidate, free) : null;
    return {
      adoptable: free.length === 1 && candidate?.account === null ? (free[0] ?? null) : null,
      contested: rivals ?? crowd,
      moves: use.moves && rivals === null && crowd === null,
    };
  });
  return { standings, moves: orderMoves(own, standings) };
}

/** Everybody keeps to an address of their own, which no second one has anything to do with: the usual case, and it spares all the rest. */
function isQuiet(people: readonly Candidate[]): boolean {
  const seen = new Set<string>();
  for (const { account, address } of people) {
    const holds = account === null ? null : addressKey(account.address);
    const wants = address === null ? null : addressKey(address);
    if (holds !== null && wants !== null && holds !== wants) return false;
    const key = holds ?? wants;
    if (key === null) continue;
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}

function useOf(person: Candidate, unbound: ReadonlyMap<string, readonly Account[]>, context: PlanContext): Use {
  const { account, verdict } = person;
  const holds = account === null ? null : addressKey(account.address);
  const directory = person.address === null ? null : addressKey(person.address);
  const use = (wants: string | null, needs: boolean, moves: boolean): Use => ({
    id: person.id,
    holds,
    wants,
    needs,
    moves,
  });
  const goesOn = haltOf(person, context) === null;
  const found = directory === null ? [] : (unbound.get(directory) ?? []);
  // The frozen take over what is theirs, too.
  const adopts = account === null && !isPaused(person, context);
  const moves =
    goesOn &&
    account !== null &&
    directory !== null &&
    directory !== holds &&
    person.profile !== null &&
    person.profile !== account.profile;
  switch (verdict.kind) {
    case "tier":
      return use(directory, moves || (adopts && (goesOn || found.length > 0)), moves);
    case "revoke":
      return use(directory, moves || (adopts && found.some((other) => other.tier !== null)), moves);
    case "unknown":
      return use(directory, false, false);
    case "conflict":
      return use(account === null ? null : directory, false, false);
    default:
      return use(null, false, false);
  }
}

/**
 * Everybody who claims a contested address, by address, sorted. Grows from those that are contested at once: whoever may not move
 * after all claims the old address too.
 */
function contestedAddresses(uses: readonly Use[], unbound: ReadonlyMap<string, readonly Account[]>) {
  const claimants = new Map<string, number[]>();
  const needed = new Set<string>();
  const shared = sharedKeys(uses);
  uses.forEach(({ wants, holds, moves, needs }, index) => {
    if (wants !== null && shared.has(wants)) {
      push(claimants, wants, index);
      if (needs) needed.add(wants);
    }
    if (holds !== null && holds !== wants && !moves && shared.has(holds)) push(claimants, holds, index);
  });
  const contested = new Set<string>();
  const stopped = new Set<number>();
  const open: string[] = [];
  for (const key of needed) if ((claimants.get(key)?.length ?? 0) > 1) open.push(key);

  function stop(index: number) {
    const use = uses[index];
    if (use === undefined || stopped.has(index)) return;
    stopped.add(index);
    if (!use.moves || use.holds === null) return;
    push(claimants, use.holds, index);
    if (needed.has(use.holds) && (claimants.get(use.holds)?.length ?? 0) > 1) open.push(use.holds);
  }
  uses.forEach((use, index) => {
    // An account that is nobody's already has the address that this one would move to.
    if (use.moves && use.wants !== null && unbound.has(use.wants)) stop(index);
  });
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    contested.add(key);
    for (const index of [...(claimants.get(key) ?? [])]) stop(index);
  }
  return new Map(
    [...contested].map((key) => {
      const ids = (claimants.get(key) ?? []).flatMap((index) => uses[index]?.id ?? []);
      return [key, new Set(ids.sort(compareIds))] as const;
    }),
  );
}

/** Addresses that more than one of them may claim: only those can be contested, and they are few. */
function sharedKeys(uses: readonly Use[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  const note = (key: string): void => {
    if (seen.has(key)) shared.add(key);
    else seen.add(key);
  };
  for (const { wants, holds } of uses) {
    if (wants !== null) note(wants);
    if (holds !== null && holds !== wants) note(holds);
  }
  return shared;
}

/** Names the others who claim one of this person's addresses; null: nobody does. */
function rivalsOf({ id, holds, wants }: Use, contested: ReadonlyMap<string, ReadonlySet<ObjectId>>): string | null {
  if (contested.size === 0) return null;
  for (const key of [wants, holds]) {
    const named = key === null ? undefined : contested.get(key);
    if (named === undefined || !named.has(id)) continue;
    const others = named.size - 1;
    const shown = [...named.values().take(4)].filter((other) => other !== id);
    const more = others > 3 ? ` and ${others - 3} more` : "";
    return `the address ${key} is also claimed by ${shown.slice(0, 3).join(", ")}${more}; nothing is done for either`;
  }
  return null;
}

function crowdOf(person: Candidate | undefined, free: readonly Account[]): string | null {
  if (person === undefined || free.length === 0) return null;
  if (person.account !== null) {
    return `the new address ${person.address} belongs to another account at the target, which is bound to nobody`;
  }
  if (free.length === 1) return null;
  return `${free.length} accounts at the target have the address ${person.address}; none is taken over`;
}

/** Depth first: whoever leaves an address goes before whoever takes it. People who exchange addresses go in their own order. */
function orderMoves(uses: readonly Use[], standings: readonly AddressStanding[]): number[] {
  const leaving = new Map<string, number[]>();
  const movers: number[] = [];
  standings.forEach((standing, index) => {
    const holds = uses[index]?.holds ?? null;
    if (!standing.moves || holds === null) return;
    movers.push(index);
    push(leaving, holds, index);
  });
  const order: number[] = [];
  const seen = new Set<number>();
  for (const mover of movers) {
    const stack: { index: number; done: boolean }[] = [{ index: mover, done: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (top.done) {
        order.push(top.index);
        continue;
      }
      if (seen.has(top.index)) continue;
      seen.add(top.index);
      stack.push({ index: top.index, done: true });
      for (const before of leaving.get(uses[top.index]?.wants ?? "") ?? []) stack.push({ index: before, done: false });
    }
  }
  return order;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
