/** Too much at once is held; a person lets it through or drops it. */
import { describe, expect, test } from "bun:test";
import { exported, exportedPerson, onlyHold, openHome, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";

interface Crowd {
  readonly home: TestHome;
  readonly people: readonly string[];
}

/** A hundred people with Eco, all seats taken unless told. */
async function crowd(options: { readonly seats?: number; readonly purgeAfter?: string } = {}): Promise<Crowd> {
  const { seats = 100, purgeAfter = "24h" } = options;
  const home = openHome({ seats: { Eco: seats }, purgeAfter, mailboxSettings: false });
  const people = Array.from({ length: 100 }, (_, i) => home.person(`Person ${String(i).padStart(3, "0")}`, ["Eco"]));
  const { code } = await home.run("sync");
  expect(code).toBe(0);
  return { home, people };
}

function removeLicence({ home }: Crowd, people: readonly string[]): void {
  for (const person of people) {
    home.tenant.removeMember(home.groups["Eco"] as string, person);
    home.tenant.addMember(home.groups["No_Licence"] as string, person);
  }
}

async function stateCounts(home: TestHome): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { state } of Object.values(await exported(home))) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

describe("thirty of a hundred people moved to No_Licence at once", () => {
  test("are held as one, and a newcomer of the same cycle gets a seat", async () => {
    const made = await crowd({ seats: 101 });
    const { home, people } = made;
    removeLicence(made, people.slice(0, 30));
    home.person("Newcomer", ["Eco"]);
    const { code, json } = await home.run("sync", "--json");
    expect(code).toBe(3);
    expect(json.cycles[0]).toMatchObject({
      outcome: "held",
      held: { revoke: 30 },
      actions: { create: 1, assign: 1, revoke: 0 },
    });
    const after = await exported(home);
    expect(after["Newcomer"]).toMatchObject({ state: "licensed", tier: "Eco" });
    expect(after["Person 000"]).toMatchObject({ state: "pending", tier: "Eco", wanted: "No_Licence" });

    const holds = await home.run("holds", "--json");
    expect(holds.code).toBe(0);
    expect(holds.json.items).toMatchObject([{ tenant: "contoso", kinds: { revoke: 30 } }]);
    const { id, actions } = await onlyHold(home);
    expect(new Set(actions.map(({ user }) => user))).toEqual(new Set(people.slice(0, 30)));
    const text = await home.run("holds");
    expect(text.out).toContain(id);
    expect(text.out).toContain("30 revoke");
    expect(text.out).toContain("exceed");
    expect(text.out).toContain("person.000@contoso.example  Eco -> -");
  });

  test("free no seat before they are approved", async () => {
    const made = await crowd();
    removeLicence(made, made.people.slice(0, 30));
    made.home.person("Newcomer", ["Eco"]);
    expect((await made.home.run("sync")).code).toBe(3);
    expect((await exported(made.home))["Newcomer"]).toMatchObject({ state: "waiting", tier: null });
  });

  test("are let through by an approval, they and nobody else, and their seats given on", async () => {
    const made = await crowd();
    const { home, people } = made;
    removeLicence(made, people.slice(0, 30));
    home.person("Newcomer", ["Eco"]);
    await home.run("sync");
    const { id } = await onlyHold(home);
    // One more since: approval is for those that were shown.
    removeLicence(made, people.slice(30, 60));
    const { code, json } = await home.run("holds", "approve", id, "--json");
    expect(json).toMatchObject({ cycles: [{ actions: { revoke: 30, assign: 1 }, held: { revoke: 30 } }] });
    expect(code).toBe(3);
    const after = await exported(home);
    for (const [i, person] of people.entries()) {
      const found = Object.values(after).find(({ id: other }) => other === person);
      expect({ i, state: found?.state, tier: found?.tier }).toEqual({
        i,
        state: i < 30 ? "unlicensed" : i < 60 ? "pending" : "licensed",
        tier: i < 30 ? null : "Eco",
      });
    }
    expect(after["Newcomer"]).toMatchObject({ state: "licensed", tier: "Eco" });
    const { json: left } = await home.run("holds", "--json");
    expect(left.items.map((hold) => hold.id)).not.toContain(id);
  });

  test("are let through one by one with --only, by id, name or address", async () => {
    const made = await crowd();
    const { home, people } = made;
    removeLicence(made, people.slice(0, 30));
    await home.run("sync");
    const { id } = await onlyHold(home);
    const only = ["--only", people[0] as string, "Person.001@Contoso.example"];
    const { code, json } = await home.run("holds", "approve", id, ...only, "--json");
    expect(json).toMatchObject({ cycles: [{ actions: { revoke: 2 }, held: { revoke: 28 } }] });
    expect(code).toBe(3);
    const { json: left } = await home.run("holds", "--json");
    expect(left.items).toHaveLength(1);
    expect(left.items[0]).toMatchObject({ id, kinds: { revoke: 28 } });
  });

  test("stay held, all of them, when --only names somebody who is not in the hold", async () => {
    const made = await crowd();
    const { home, people } = made;
    removeLicence(made, people.slice(0, 30));
    await home.run("sync");
    const { id } = await onlyHold(home);
    for (const stranger of [people[99] as string, "person.099@contoso.example", "nobody@contoso.example"]) {
      const { code, error } = await home.run("holds", "approve", id, "--only", people[0] as string, stranger, "--json");
      expect({ code, error: error.code }).toEqual({ code: 1, error: "ERR_NOT_FOUND" });
    }
    await home.run("sync");
    expect((await stateCounts(home))["pending"]).toBe(30);
  });

  test("are left alone after a rejection, until one person's groups change", async () => {
    const made = await crowd();
    const { home, people } = made;
    removeLicence(made, people.slice(0, 30));
    await home.run("sync");
    const { id } = await onlyHold(home);
    const rejected = await home.run("holds", "reject", id, "--json");
    expect(rejected).toMatchObject({ code: 0, json: { id, tenant: "contoso", kinds: { revoke: 30 } } });
    const { reason } = await exportedPerson(home, "Person 000");
    expect(reason).toContain("rejected");
    expect(reason).not.toContain(id);
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    expect((await home.run("holds", "--json")).json.items).toEqual([]);
    expect((await exported(home))["Person 000"]).toMatchObject({ state: "pending", tier: "Eco" });
    expect(await exportedPerson(home, "Person 000")).toMatchObject({ reason });

    home.tenant.addMember(home.groups["Advanced"] as string, people[0] as string);
    const { code, json } = await home.run("sync", "--json");
    expect(json.cycles[0].actions).toMatchObject({ revoke: 1 });
    expect(code).toBe(0);
    expect(await stateCounts(home)).toMatchObject({ unlicensed: 1, pending: 29 });
  });

  test("are free again when the cause is taken back", async () => {
    const made = await crowd();
    const { home, people } = made;
    removeLicence(made, people.slice(0, 30));
    await home.run("sync");
    const { id } = await onlyHold(home);
    // A smaller set is the same hold.
    for (const person of people.slice(0, 3)) {
      home.tenant.removeMember(home.groups["No_Licence"] as string, person);
      home.tenant.addMember(home.groups["Eco"] as string, person);
    }
    expect(await home.run("sync")).toMatchObject({ code: 3 });
    expect((await home.run("holds", "--json")).json.items).toMatchObject([{ id, kinds: { revoke: 27 } }]);
    for (const person of people.slice(3, 30)) {
      home.tenant.removeMember(home.groups["No_Licence"] as string, person);
      home.tenant.addMember(home.groups["Eco"] as string, person);
    }
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    expect((await home.run("holds", "--json")).json.items).toEqual([]);
    expect(await stateCounts(home)).toEqual({ licensed: 100 });
    expect(await home.run("holds", "approve", id)).toMatchObject({ code: 1 });
  });

  test("are held and approved together with their purge when it is at once", async () => {
    const made = await crowd({ purgeAfter: "0s" });
    const { home, people } = made;
    removeLicence(made, people.slice(0, 30));
    const { json } = await home.run("sync", "--json");
    expect(json.cycles[0].held).toEqual({ revoke: 30, purge: 30 });
    const { id } = await onlyHold(home);
    const approved = await home.run("holds", "approve", id, "--json");
    expect(approved.json).toMatchObject({ cycles: [{ actions: { revoke: 30, purge: 30 } }] });
    expect(approved.code).toBe(0);
    expect(await stateCounts(home)).toEqual({ unlicensed: 30, licensed: 70 });
  });

  test("show in `plan` and `explain` as held, with exit code 0", async () => {
    const made = await crowd();
    const { home, people } = made;
    removeLicence(made, people.slice(0, 30));
    const plan = await home.run("plan", "--json");
    expect(plan.code).toBe(0);
    expect(plan.json.tenants[0].held).toMatchObject([{ kinds: { revoke: 30 } }]);
    await home.run("sync");
    const { id } = await onlyHold(home);
    expect((await home.run("explain", people[0] as string)).out).toContain(id);
  });

  test("keep their hold's id in `plan` while no one is added, and are a new hold from then on", async () => {
    const made = await crowd();
    const { home, people } = made;
    removeLicence(made, people.slice(0, 30));
    await home.run("sync");
    const { id, since, expiresAt } = await onlyHold(home);
    const planned = async () => (await home.run("plan", "--json")).json.tenants[0].held[0];
    home.tenant.removeMember(home.groups["No_Licence"] as string, people[0] as string);
    expect(await planned()).toMatchObject({ id, since, expiresAt, kinds: { revoke: 29 } });
    removeLicence(made, people.slice(30, 32));
    expect(await planned()).toMatchObject({ id: "new", kinds: { revoke: 31 } });
    await home.run("sync");
    expect((await onlyHold(home)).id).not.toBe(id);
  });
});

test("a hold nobody knows is exit code 1 and says where the open ones are listed", async () => {
  const home = openHome();
  home.person("Ana", ["Pro"]);
  await home.run("sync");
  const ask = async (): Promise<void> => {
    for (const verb of ["approve", "reject"]) {
      const { code, error } = await home.run("holds", verb, "0123456789", "--json");
      expect(code).toBe(1);
      expect(error).toMatchObject({
        code: "ERR_NOT_FOUND",
        hint: "`tiersync holds` and GET /holds list the open ones",
      });
    }
  };
  await ask();
  await startTestAgent(home);
  await ask();
});

test("an import of many newcomers is held after the first cycle, but not in it", async () => {
  const home = openHome({ mailboxSettings: false });
  for (let i = 0; i < 10; i += 1) home.person(`First ${i}`, ["Eco"]);
  expect(await home.run("sync")).toMatchObject({ code: 0 });
  for (let i = 0; i < 20; i += 1) home.person(`Second ${i}`, ["Eco"]);
  const { code, json } = await home.run("sync", "--json");
  expect(json.cycles[0].held).toEqual({ create: 20, assign: 20 });
  expect(code).toBe(3);
});

test("a seat for which many wait is held for all of them at once, and stays one hold", async () => {
  const home = openHome({
    seats: { Eco: 1, Pro: 30 },
    mailboxSettings: false,
    extra: "guard: {change: {count: 0, percent: 100}}\n",
  });
  home.person("Holder", ["Eco"]);
  const movers = Array.from({ length: 6 }, (_, i) => home.person(`Mover ${i}`, ["Pro"]));
  await home.run("sync");
  for (const mover of movers) {
    home.tenant.removeMember(home.groups["Pro"] as string, mover);
    home.tenant.addMember(home.groups["Eco"] as string, mover);
  }
  expect(await home.run("sync")).toMatchObject({ code: 0 });
  home.rewrite((text) => text.replace("Eco: {seats: 1}", "Eco: {seats: 2}"));
  const ids = new Set<string>();
  for (let cycle = 0; cycle < 3; cycle += 1) {
    const { json } = await home.run("sync", "--json");
    expect(json.cycles[0].held).toEqual({ change: 6 });
    ids.add((await onlyHold(home)).id);
  }
  expect(ids.size).toBe(1);
});
