import { describe, expect, test } from "bun:test";
import { type LifeEvent, liveOn } from "../../src/simulator/demo-life.ts";
import { createDemoTenant, DEMO_PARENT, DEMO_SEATS } from "../../src/simulator/demo-tenant.ts";
import { seededRandom } from "../../src/simulator/random.ts";
import type { SimulatedTenant } from "../../src/simulator/tenant.ts";

const usersBelow = (tenant: SimulatedTenant, group: string): ReadonlySet<string> => {
  const users = new Set<string>();
  for (const id of tenant.members.get(tenant.groupNamed(group)) ?? []) {
    const object = tenant.require(id);
    if (object.kind === "user") users.add(id);
    const name = object.properties["displayName"];
    if (object.kind === "group") for (const below of usersBelow(tenant, String(name))) users.add(below);
  }
  return users;
};
const facts = (tenant: SimulatedTenant) => [...tenant.objects.values()];

describe("the demo tenant", () => {
  const tenant = createDemoTenant({ seed: 7 });
  const people = facts(tenant).filter(({ kind }) => kind === "user");

  test("is the same for the same seed, and another for another", () => {
    expect(facts(createDemoTenant({ seed: 7 }))).toEqual(facts(tenant));
    expect(facts(createDemoTenant({ seed: 8 }))).not.toEqual(facts(tenant));
  });

  test("has some 200 people with addresses of their own", () => {
    expect(people.length).toBeWithin(180, 221);
    const names = people.map(({ properties }) => properties["userPrincipalName"]);
    expect(new Set(names).size).toBe(people.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9._#EXT-]+@contoso\.example$/);
  });

  test("has the parent group with the four tiers, and people in nested groups", () => {
    const members = [...(tenant.members.get(tenant.groupNamed(DEMO_PARENT)) ?? [])];
    const names = members.map((id) => tenant.require(id).properties["displayName"]);
    expect(names).toEqual(["Advanced", "Eco", "No_Licence", "Pro"]);
    expect(usersBelow(tenant, "Pro").size).toBeGreaterThan(tenant.members.get(tenant.groupNamed("Pro"))?.size ?? 0);
  });

  test("has one tier with too few seats, two with enough, and one person in No_Licence", () => {
    expect(usersBelow(tenant, "Pro").size).toBeGreaterThan(DEMO_SEATS.Pro + 1);
    expect(usersBelow(tenant, "Advanced").size).toBeLessThan(DEMO_SEATS.Advanced);
    expect(usersBelow(tenant, "Eco").size).toBeLessThan(DEMO_SEATS.Eco);
    expect(usersBelow(tenant, "No_Licence").size).toBe(1);
  });

  test("has guests, disabled accounts, shared mailboxes and somebody without a mailbox", () => {
    expect(people.some(({ properties }) => properties["userType"] === "Guest")).toBe(true);
    expect(people.some(({ properties }) => properties["accountEnabled"] === false)).toBe(true);
    const mailboxes = people.map((person) => tenant.mailboxOf(person));
    expect(mailboxes.some((mailbox) => mailbox.kind === "present" && mailbox.userPurpose === "shared")).toBe(true);
    expect(mailboxes.some(({ kind }) => kind === "notEnabled")).toBe(true);
  });

  test("lives on for long with everything that happens to people, and stays about as large", () => {
    const living = createDemoTenant({ seed: 1 });
    const random = seededRandom(1);
    const events = Array.from({ length: 1500 }, () => liveOn(living, random));
    const kinds: readonly LifeEvent["kind"][] = [
      ...(["came", "moved", "left", "deleted", "restored", "renamed", "returned", "dismissed", "mailbox"] as const),
    ];
    expect([...new Set(events.map(({ kind }) => kind))].sort()).toEqual([...kinds].sort());
    const usersNow = facts(living).filter(({ kind }) => kind === "user");
    expect(usersNow.length).toBeWithin(180, 300);
    expect(usersBelow(living, "Pro").size).toBeWithin(DEMO_SEATS.Pro, 2 * DEMO_SEATS.Pro);
    expect(events[0]?.text).toBeString();
  });
});
