/** A tenant that goes on living: one random change after the other, the same for the same seed. */
import { pick, type Random } from "../../src/simulator/random.ts";
import type { TestHome } from "./home.ts";

const PLACES = ["Eco", "Advanced", "Pro", "No_Licence", "Team"] as const;

export interface TenantLife {
  /** One change: somebody comes, joins, leaves, moves, is renamed, deleted or restored. */
  step(): void;
  /** Everybody who was ever restored. */
  readonly restored: ReadonlySet<string>;
}

/** Begins with some people in the tiers' groups, and a team nested in Eco. */
export function liveIn({ tenant, groups, person }: TestHome, random: Random, people: number): TenantLife {
  const team = tenant.addGroup("Team");
  tenant.addMember(groups["Eco"] as string, team);
  const group = (name: string): string => (name === "Team" ? team : (groups[name] as string));
  const everybody: string[] = [];
  const restored = new Set<string>();
  const hire = (): void => {
    const number = everybody.length;
    const id = person(`Person ${number}`, []);
    everybody.push(id);
    tenant.addMember(group(pick(random, PLACES)), id);
  };
  for (let number = 0; number < people; number += 1) hire();
  const placesOf = (id: string): string[] => PLACES.filter((name) => tenant.members.get(group(name))?.has(id));
  const leave = (id: string): void => {
    for (const name of placesOf(id)) tenant.removeMember(group(name), id);
  };

  const steps: readonly (() => void)[] = [
    hire,
    hire,
    () => {
      const id = pick(random, everybody);
      if (tenant.find(id) !== null) tenant.addMember(group(pick(random, PLACES)), id);
    },
    ...Array.from({ length: 3 }, () => () => {
      const id = pick(random, everybody);
      if (tenant.find(id) === null) return;
      leave(id);
      tenant.addMember(group(pick(random, PLACES)), id);
    }),
    () => {
      const id = pick(random, everybody);
      if (tenant.find(id) !== null) leave(id);
    },
    () => {
      const id = pick(random, everybody);
      if (tenant.find(id) === null) return;
      leave(id);
      tenant.addMember(group("No_Licence"), id);
    },
    () => {
      const id = pick(random, everybody);
      const number = Math.floor(random() * 1e9);
      if (tenant.find(id) !== null) tenant.updateUser(id, { mail: `renamed.${number}@contoso.example` });
    },
    () => {
      const id = pick(random, everybody);
      if (tenant.find(id) !== null) return tenant.deleteUser(id);
      restored.add(id);
      tenant.restoreUser(id);
    },
  ];
  return { step: () => pick(random, steps)(), restored };
}
