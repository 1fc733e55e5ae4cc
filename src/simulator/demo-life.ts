/** Life in the demo tenant: people come, move, leave, marry. */
import { newSurname } from "./demo-names.ts";
import { addPerson, DEMO_TEAMS, type DemoTeam } from "./demo-tenant.ts";
import { pick, type Random } from "./random.ts";
import type { SimulatedTenant } from "./tenant.ts";

export interface LifeEvent {
  readonly kind: "came" | "moved" | "left" | "deleted" | "restored" | "renamed" | "returned" | "dismissed" | "mailbox";
  readonly user: string;
  /** A sentence for the console. */
  readonly text: string;
}

type Step = (tenant: SimulatedTenant, random: Random) => LifeEvent | null;

/** Steps and how often they happen. */
const STEPS: readonly (readonly [number, Step])[] = [
  [22, come],
  [28, move],
  [8, leave],
  [4, remove],
  [4, restore],
  [14, rename],
  [3, dismiss],
  [12, comeBack],
  [5, changeMailbox],
];

/** One step of life. */
export function liveOn(tenant: SimulatedTenant, random: Random): LifeEvent {
  const total = STEPS.reduce((sum, [weight]) => sum + weight, 0);
  let chance = random() * total;
  for (const [weight, step] of STEPS) {
    chance -= weight;
    if (chance >= 0) continue;
    const event = step(tenant, random);
    if (event) return event;
    break;
  }
  return come(tenant, random) ?? move(tenant, random) ?? leaveSomehow();
}

function leaveSomehow(): never {
  throw new Error("nobody is left in the demo tenant");
}

/** Above this nobody comes any more until somebody goes. */
const MOST_IN_TEAMS = 165;

function come(tenant: SimulatedTenant, random: Random): LifeEvent | null {
  if (inTeams(tenant).length >= MOST_IN_TEAMS) return null;
  const team = pickTeam(random, DEMO_TEAMS);
  const user = addPerson(tenant, random, team);
  tenant.addMember(tenant.groupNamed(team.name), user);
  return { kind: "came", user, text: `${nameOf(tenant, user)} is new in ${team.name}` };
}

function move(tenant: SimulatedTenant, random: Random): LifeEvent | null {
  const someone = anyone(tenant, random);
  if (!someone) return null;
  const others = DEMO_TEAMS.filter(({ name }) => name !== someone.team.name);
  const to = pickTeam(random, others);
  tenant.addMember(tenant.groupNamed(to.name), someone.user);
  tenant.removeMember(tenant.groupNamed(someone.team.name), someone.user);
  tenant.updateUser(someone.user, { department: to.department });
  const text = `${nameOf(tenant, someone.user)} moves from ${someone.team.name} to ${to.name}`;
  return { kind: "moved", user: someone.user, text };
}

function leave(tenant: SimulatedTenant, random: Random): LifeEvent | null {
  const someone = anyone(tenant, random);
  if (!someone) return null;
  tenant.removeMember(tenant.groupNamed(someone.team.name), someone.user);
  return { kind: "left", user: someone.user, text: `${nameOf(tenant, someone.user)} leaves ${someone.team.name}` };
}

function remove(tenant: SimulatedTenant, random: Random): LifeEvent | null {
  const someone = anyone(tenant, random);
  if (!someone) return null;
  const text = `${nameOf(tenant, someone.user)} is deleted in Entra`;
  tenant.deleteUser(someone.user);
  return { kind: "deleted", user: someone.user, text };
}

function restore(tenant: SimulatedTenant, random: Random): LifeEvent | null {
  const gone = [...tenant.objects.values()].filter(({ deletedAt }) => deletedAt !== null);
  if (gone.length === 0) return null;
  const { id } = pick(random, gone);
  tenant.restoreUser(id);
  return { kind: "restored", user: id, text: `${nameOf(tenant, id)} is restored in Entra` };
}

function rename(tenant: SimulatedTenant, random: Random): LifeEvent | null {
  const someone = anyone(tenant, random);
  if (!someone) return null;
  const before = nameOf(tenant, someone.user);
  const { givenName } = tenant.require(someone.user).properties;
  const name = newSurname(tenant, random, typeof givenName === "string" ? givenName : "Alex");
  tenant.updateUser(someone.user, { ...name, mail: name.userPrincipalName });
  return { kind: "renamed", user: someone.user, text: `${before} is now called ${name.displayName}` };
}

function dismiss(tenant: SimulatedTenant, random: Random): LifeEvent | null {
  const someone = anyone(tenant, random);
  if (!someone) return null;
  tenant.removeMember(tenant.groupNamed(someone.team.name), someone.user);
  tenant.addMember(tenant.groupNamed("No_Licence"), someone.user);
  return { kind: "dismissed", user: someone.user, text: `${nameOf(tenant, someone.user)} is put into No_Licence` };
}

/** From No_Licence, or from no group at all. */
function comeBack(tenant: SimulatedTenant, random: Random): LifeEvent | null {
  const group = tenant.groupNamed("No_Licence");
  const away = [...tenant.objects.values()].filter(({ id, kind, deletedAt }) => {
    const groups = tenant.memberOf.get(id);
    return kind === "user" && deletedAt === null && (!groups?.size || groups.has(group));
  });
  if (away.length === 0) return null;
  const user = pick(random, away).id;
  const team = pickTeam(random, DEMO_TEAMS);
  tenant.removeMember(group, user);
  tenant.addMember(tenant.groupNamed(team.name), user);
  return { kind: "returned", user, text: `${nameOf(tenant, user)} is back, in ${team.name}` };
}

function changeMailbox(tenant: SimulatedTenant, random: Random): LifeEvent | null {
  const someone = anyone(tenant, random);
  if (!someone) return null;
  const locale = pick(random, ["fr-CA", "en-CA", "fr-FR", "en-GB"]);
  const { timeZone } = someone.team;
  tenant.setMailbox(someone.user, { kind: "present", userPurpose: "user", locale, timeZone });
  const text = `${nameOf(tenant, someone.user)} reads mail in ${locale} now`;
  return { kind: "mailbox", user: someone.user, text };
}

/** Large teams more often, so that sizes stay as they are. */
function pickTeam(random: Random, teams: readonly DemoTeam[]): DemoTeam {
  return pick(
    random,
    teams.flatMap((team) => Array.from({ length: team.people }, () => team)),
  );
}

interface Colleague {
  readonly user: string;
  readonly team: DemoTeam;
}

function anyone(tenant: SimulatedTenant, random: Random): Colleague | null {
  const colleagues = inTeams(tenant);
  return colleagues.length === 0 ? null : pick(random, colleagues);
}

/** Everyone alive who is directly in a team. */
function inTeams(tenant: SimulatedTenant): readonly Colleague[] {
  return DEMO_TEAMS.flatMap((team) =>
    [...(tenant.members.get(tenant.groupNamed(team.name)) ?? [])]
      .filter((user) => tenant.find(user, "user"))
      .map((user) => ({ user, team })),
  );
}

function nameOf(tenant: SimulatedTenant, user: string): string {
  return String(tenant.require(user).properties["displayName"]);
}
