/** Large tenants quickly, for the benchmark and for property tests. */
import { SimulatedClock } from "./clock.ts";
import { seededRandom } from "./random.ts";
import { SimulatedTenant } from "./tenant.ts";

export interface GenerateOptions {
  readonly people: number;
  /** Groups nested in each tier group, with its people spread over them; 0: people are direct members. 3 when absent. */
  readonly groupsPerTier?: number;
  /** Share of the people by tier, in parts of 1; the rest is in no group. */
  readonly shares?: Readonly<Record<string, number>>;
  readonly id?: string;
  readonly clock?: SimulatedClock;
  readonly seed?: number;
  /** Keeps the history, so that deltas can start before everything. Off when absent: it is large. */
  readonly history?: boolean;
}

export interface GeneratedTenant {
  readonly tenant: SimulatedTenant;
  readonly parent: string;
  /** Tier groups by name. */
  readonly tiers: Readonly<Record<string, string>>;
  /** Groups that hold the people of a tier. */
  readonly teams: Readonly<Record<string, readonly string[]>>;
  /** Object ids of all people, in order. */
  readonly people: readonly string[];
  /** How many people are in each tier. */
  readonly counts: Readonly<Record<string, number>>;
}

const SHARES = { Eco: 0.6, Advanced: 0.25, Pro: 0.1, No_Licence: 0 } as const;
const GIVEN = ["Ana", "Benoît", "Chloé", "David", "Emma", "Félix", "Grace", "Hugo", "Inès", "Jean"];
const SURNAMES = ["Bouchard", "Côté", "Dubois", "Gagnon", "Leblanc", "Martin", "Nguyễn", "Roy", "Smith", "Tremblay"];
const DEPARTMENTS = ["Engineering", "Finance", "Legal", "Logistics", "Sales", "Support"];

export function generateTenant(options: GenerateOptions): GeneratedTenant {
  const random = seededRandom(options.seed ?? 1);
  const id = options.id ?? "9e4e7a7e-0000-4000-8000-000000000001";
  const tenant = new SimulatedTenant({ id, clock: options.clock ?? new SimulatedClock() });
  const shares: Readonly<Record<string, number>> = options.shares ?? SHARES;
  const parent = tenant.addGroup("SecureExchanges_Licences");
  const tiers: Record<string, string> = {};
  const teams: Record<string, string[]> = {};
  const counts: Record<string, number> = {};
  for (const tier of Object.keys(shares)) {
    const group = tenant.addGroup(tier);
    tenant.addMember(parent, group);
    tiers[tier] = group;
    counts[tier] = 0;
    const nested = Array.from({ length: options.groupsPerTier ?? 3 }, (_, number) => {
      const team = tenant.addGroup(`${tier} team ${number + 1}`);
      tenant.addMember(group, team);
      return team;
    });
    teams[tier] = nested.length > 0 ? nested : [group];
  }
  const people: string[] = [];
  for (let number = 0; number < options.people; number += 1) {
    const person = tenant.addUser(propertiesOf(number));
    people.push(person);
    const tier = tierFor(random(), shares);
    const places = tier === null ? [] : (teams[tier] ?? []);
    const place = places[Math.floor(random() * places.length)];
    if (tier === null || place === undefined) continue;
    tenant.addMember(place, person);
    counts[tier] = (counts[tier] ?? 0) + 1;
  }
  if (!options.history) tenant.forgetHistory();
  return { tenant, parent, tiers, teams, people, counts };
}

function tierFor(chance: number, shares: Readonly<Record<string, number>>): string | null {
  let left = chance;
  for (const [tier, share] of Object.entries(shares)) {
    left -= share;
    if (left < 0) return tier;
  }
  return null;
}

function propertiesOf(number: number): Record<string, unknown> {
  const givenName = GIVEN[number % GIVEN.length] ?? "";
  const surname = SURNAMES[Math.floor(number / GIVEN.length) % SURNAMES.length] ?? "";
  const mail = `person${number}@contoso.example`;
  return {
    userPrincipalName: mail,
    mail,
    displayName: `${givenName} ${surname} ${number}`,
    givenName,
    surname: `${surname} ${number}`,
    department: DEPARTMENTS[number % DEPARTMENTS.length],
    preferredLanguage: number % 3 === 0 ? "en-CA" : "fr-CA",
  };
}
