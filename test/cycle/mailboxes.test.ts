/** What a full re-read does with mailboxes that are known already. */
import { describe, expect, test } from "bun:test";
import { exported, openHome, type TestHome } from "../support/home.ts";

const US = { kind: "present", userPurpose: "user", locale: "en-US", timeZone: "UTC" } as const;

async function sync(home: TestHome, ...options: string[]): Promise<Record<string, number>> {
  const { code, json } = await home.run("sync", "--json", ...options);
  expect(code).toBe(0);
  return Object.fromEntries(Object.entries<number>(json.cycles[0].actions).filter(([, count]) => count > 0));
}

describe("mailbox settings that are known", () => {
  test("are read again in a full re-read, not before", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    const ben = home.person("Ben", ["Pro"]);
    const dan = home.person("Dan", ["Pro"]);
    for (const id of [ana, ben]) home.tenant.setMailbox(id, US);
    home.tenant.setMailbox(dan, { ...US, userPurpose: "shared" });
    expect(await sync(home)).toEqual({ create: 2, assign: 2 });

    home.tenant.setMailbox(ana, { ...US, locale: "fr-FR" });
    home.tenant.setMailbox(ben, { ...US, userPurpose: "room" });
    home.tenant.setMailbox(dan, US);
    expect(await sync(home)).toEqual({});
    expect(await sync(home, "--full")).toEqual({ create: 1, assign: 1, update: 1, release: 1 });
    const people = await exported(home);
    expect(people["Ben"]).toMatchObject({ state: "unmanaged", tier: "Pro" });
    expect(people["Ben"]?.reason).toContain("a room mailbox");
    expect(people["Dan"]).toMatchObject({ state: "licensed", tier: "Pro" });
  });

  test("are asked for once in a full re-read, those of a newcomer too", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    await sync(home);
    home.person("Ben", ["Pro"]);
    home.simulator.log.reset();
    expect(await sync(home, "--full")).toEqual({ create: 1, assign: 1 });
    expect(home.simulator.log.count(/GET .*mailboxSettings/)).toBe(2);
  });

  test("stay what they were when mailboxes are refused; a newcomer is served all the same", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    const room = home.person("Room", ["Pro"]);
    home.tenant.setMailbox(ana, US);
    home.tenant.setMailbox(room, { ...US, userPurpose: "room" });
    expect(await sync(home)).toEqual({ create: 1, assign: 1 });

    for (const id of [ana, room]) home.tenant.setMailbox(id, { kind: "accessDenied" });
    home.tenant.setMailbox(home.person("Ben", ["Pro"]), { kind: "accessDenied" });
    expect(await sync(home)).toEqual({ create: 1, assign: 1 });
    expect(await sync(home, "--full")).toEqual({});
    expect(await exported(home)).toMatchObject({
      Ana: { state: "licensed" },
      Room: { state: "skipped" },
      Ben: { state: "licensed" },
    });
  });
});
