/** The tenant of `tiersync demo`: some 200 people, nested groups, a full tier, and every kind of person that is left out. */
import { SimulatedClock } from "./clock.ts";
import { DEMO_DOMAIN, newName } from "./demo-names.ts";
import { pick, type Random, seededRandom } from "./random.ts";
import { SimulatedTenant } from "./tenant.ts";

const DEMO_TENANT_ID = "c0d70550-1111-4222-8333-444455556666";
export const DEMO_PARENT = "SecureExchanges_Licences";

/** Seats to configure: more people want Pro than there are seats. */
export const DEMO_SEATS = { Eco: 120, Advanced: 40, Pro: 25 } as const;

export interface DemoTeam {
  readonly name: string;
  /** The group that it is nested in. */
  readonly within: string;
  readonly tier: keyof typeof DEMO_SEATS;
  readonly department: string;
  readonly people: number;
  readonly locale: string;
  readonly timeZone: string;
}

const EAST = "Eastern Standard Time";
const PARIS = "Romance Standard Time";

/** Where people work. Groups above come first. */
export const DEMO_TEAMS: readonly DemoTeam[] = [
  { name: "Sales", within: "Pro", tier: "Pro", department: "Sales", people: 17, locale: "en-CA", timeZone: EAST },
  {
    name: "Sales Europe",
    within: "Sales",
    tier: "Pro",
    department: "Sales",
    people: 8,
    locale: "fr-FR",
    timeZone: PARIS,
  },
  {
    name: "Legal",
    within: "Advanced",
    tier: "Advanced",
    department: "Legal",
    people: 13,
    locale: "fr-CA",
    timeZone: EAST,
  },
  {
    name: "Finance",
    within: "Advanced",
    tier: "Advanced",
    department: "Finance",
    people: 15,
    locale: "fr-CA",
    timeZone: EAST,
  },
  {
    name: "Team Montréal",
    within: "Eco",
    tier: "Eco",
    department: "Support",
    people: 38,
    locale: "fr-CA",
    timeZone: EAST,
  },
  {
    name: "Team Québec",
    within: "Eco",
    tier: "Eco",
    department: "Logistics",
    people: 34,
    locale: "fr-CA",
    timeZone: EAST,
  },
  {
    name: "Team Lyon",
    within: "Eco",
    tier: "Eco",
    department: "Engineering",
    people: 22,
    locale: "fr-FR",
    timeZone: PARIS,
  },
  {
    name: "Team Lyon Night",
    within: "Team Lyon",
    tier: "Eco",
    department: "Engineering",
    people: 8,
    locale: "fr-FR",
    timeZone: PARIS,
  },
];

/** People who are members of a tier group itself. */
const DIRECT = { Pro: 4, Advanced: 8, Eco: 6 } as const;
const WITHOUT_GROUP = 14;

export interface DemoOptions {
  readonly clock?: SimulatedClock;
  /** 1 when absent. */
  readonly seed?: number;
  readonly id?: string;
}

export function createDemoTenant(options: DemoOptions = {}): SimulatedTenant {
  const random = seededRandom(options.seed ?? 1);
  const clock = options.clock ?? new SimulatedClock();
  const tenant = new SimulatedTenant({ id: options.id ?? DEMO_TENANT_ID, domains: [DEMO_DOMAIN], clock });
  const groups = addGroups(tenant);
  const join = (group: string, person: string) => tenant.addMember(groups.get(group) ?? "", person);
  for (const team of DEMO_TEAMS) {
    for (let count = 0; count < team.people; count += 1) join(team.name, addPerson(tenant, random, team));
  }
  for (const [tier, people] of Object.entries(DIRECT)) {
    const teams = DEMO_TEAMS.filter((team) => team.tier === tier);
    for (let count = 0; count < people; count += 1) join(tier, addPerson(tenant, random, pick(random, teams)));
  }
  for (let count = 0; count < WITHOUT_GROUP; count += 1) addPerson(tenant, random, pick(random, DEMO_TEAMS));
  join("No_Licence", addPerson(tenant, random, pick(random, DEMO_TEAMS)));
  addSpecialPeople(tenant, random, join);
  return tenant;
}

/** A new employee of the team, not yet in its group. */
export function addPerson(tenant: SimulatedTenant, random: Random, team: DemoTeam, changes: object = {}): string {
  const name = newName(tenant, random);
  const { department, locale, timeZone } = team;
  const place = { department, preferredLanguage: locale, usageLocation: locale.slice(-2) };
  const properties = { ...name, mail: name.userPrincipalName, ...place, ...changes };
  return tenant.addUser(properties, { kind: "present", userPurpose: "user", locale, timeZone });
}

function addGroups(tenant: SimulatedTenant): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (const name of [DEMO_PARENT, "Advanced", "Eco", "No_Licence", "Pro"]) {
    groups.set(name, tenant.addGroup(name));
    if (name !== DEMO_PARENT) tenant.addMember(groups.get(DEMO_PARENT) ?? "", groups.get(name) ?? "");
  }
  for (const { name, within } of DEMO_TEAMS) {
    groups.set(name, tenant.addGroup(name));
    tenant.addMember(groups.get(within) ?? "", groups.get(name) ?? "");
  }
  return groups;
}

/** Guests, disabled accounts, shared mailboxes, somebody without a mailbox, and somebody in two tiers. */
function addSpecialPeople(
  tenant: SimulatedTenant,
  random: Random,
  join: (group: string, person: string) => boolean,
): void {
  const [team] = DEMO_TEAMS;
  if (!team) return;
  for (const name of ["Partner One", "Partner Two", "Partner Three"]) {
    const mail = `${name.toLowerCase().replace(" ", ".")}@fabrikam.example`;
    const userPrincipalName = `${mail.replace("@", "_")}#EXT#@${DEMO_DOMAIN}`;
    join("Eco", tenant.addUser({ displayName: name, mail, userPrincipalName, userType: "Guest" }));
  }
  for (const group of ["Team Montréal", "Sales"])
    join(group, addPerson(tenant, random, team, { accountEnabled: false }));
  for (const name of ["Info", "Invoices"]) {
    const mail = `${name.toLowerCase()}@${DEMO_DOMAIN}`;
    const properties = { displayName: name, mail, userPrincipalName: mail };
    join(
      "Eco",
      tenant.addUser(properties, { kind: "present", userPurpose: "shared", locale: "fr-CA", timeZone: EAST }),
    );
  }
  const newcomer = addPerson(tenant, random, team, { mail: null });
  tenant.setMailbox(newcomer, { kind: "notEnabled" });
  join("Team Québec", newcomer);
  const both = addPerson(tenant, random, team);
  join("Legal", both);
  join("Team Montréal", both);
  tenant.addMember(tenant.groupNamed("Legal"), tenant.addOther("device", { displayName: "LEGAL-SCAN-01" }));
}
