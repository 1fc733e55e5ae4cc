/** Seats of people who are gone: where an admin sees them, and that they can be taken back. */
import { describe, expect, test } from "bun:test";
import { exported, openHome, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";

interface Gone {
  readonly home: TestHome;
  readonly deleted: string;
  readonly left: string;
}

/** Six people: deleted, left, disabled, in No_Licence, left without a seat, and one who stays. */
async function someAreGone(): Promise<Gone> {
  const home = openHome({ seats: { Advanced: 0 } });
  const deleted = home.person("Dora Deleted", ["Pro"]);
  const left = home.person("Lea Left", ["Eco"]);
  const disabled = home.person("Dan Disabled", ["Eco"]);
  const revoked = home.person("Rob Revoked", ["Eco"]);
  const waited = home.person("Wim Waited", ["Advanced"]);
  home.person("Sam Stays", ["Pro"]);
  expect((await home.run("sync")).code).toBe(0);
  home.tenant.deleteUser(deleted);
  home.tenant.removeMember(home.groups["Eco"] as string, left);
  home.tenant.updateUser(disabled, { accountEnabled: false });
  home.tenant.addMember(home.groups["No_Licence"] as string, revoked);
  home.tenant.removeMember(home.groups["Advanced"] as string, waited);
  expect((await home.run("sync")).code).toBe(0);
  return { home, deleted, left };
}

describe("seats of people who are gone", () => {
  test("are marked in the export: those of the deleted and of those in no group any more, and no other", async () => {
    const { home } = await someAreGone();
    const people = await exported(home);
    expect(
      Object.fromEntries(Object.entries(people).map(([name, { state, zombie }]) => [name, [state, zombie]])),
    ).toEqual({
      "Dora Deleted": ["unmanaged", true],
      "Lea Left": ["unmanaged", true],
      "Dan Disabled": ["unmanaged", false],
      "Rob Revoked": ["unlicensed", false],
      "Wim Waited": ["unmanaged", false],
      "Sam Stays": ["licensed", false],
    });
    const lines = (await home.run("export")).out.split("\r\n");
    expect(lines[0]).toEndWith(",targetId,zombie");
    expect(lines.filter((line) => line.endsWith(",true"))).toHaveLength(2);
  });

  test("are listed by the running agent, and gone from the list when taken back", async () => {
    const { home, deleted, left } = await someAreGone();
    await home.run("accounts", "revoke", left, "--yes");
    const agent = await startTestAgent(home);
    const { json } = await home.run("status", "--json");
    expect(json.tenants[0]).toMatchObject({
      zombies: [{ id: deleted, address: "dora.deleted@contoso.example", tier: "Pro", since: expect.any(String) }],
      zombieSeats: 1,
    });
    const text = (await home.run("status")).out;
    expect(text).toContain("seats of people who are gone");
    expect(text).toContain("dora.deleted@contoso.example");
    const origin = `http://127.0.0.1:${agent.port}`;
    const page = await (await fetch(origin, { headers: { Accept: "text/html" } })).text();
    expect(page).toContain("dora.deleted@contoso.example");
    expect(await (await fetch(`${origin}/metrics`)).text()).toContain('tiersync_zombie_seats{tenant="contoso"} 1');
  });

  test("are no longer such when the person comes back", async () => {
    const { home, deleted, left } = await someAreGone();
    home.tenant.restoreUser(deleted);
    home.tenant.addMember(home.groups["Eco"] as string, left);
    await home.run("sync");
    expect(Object.values(await exported(home)).filter(({ zombie }) => zombie)).toEqual([]);
  });
});
