import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { tierUsage } from "../../src/model/tier.ts";
import { cycle, hold, type PlainData, person, plainApp, status, tenant } from "./plain-console.ts";

async function text(data: PlainData): Promise<string> {
  const response = await plainApp(data).app.request("/", { headers: { Accept: "*/*", Host: "127.0.0.1:8321" } });
  expect(response.headers.get("Content-Type")).toStartWith("text/plain");
  return response.text();
}

const failed = cycle({
  outcome: "failed",
  error: {
    code: "ERR_GRAPH_FORBIDDEN",
    message: "Graph refused GET /groups: Authorization_RequestDenied (request-id 1234)",
    hint: "grant admin consent for the application permissions Group.Read.All, GroupMember.Read.All, MailboxSettings.Read and User.Read.All",
  },
});

describe("the status as text", () => {
  test("shows tiers highest first with seats as bars, people, credential and the last cycle", async () => {
    expect((await text({})).split("\n").slice(0, 11)).toEqual([
      "tiersync 1.0.0 - idle - next cycle 22:35:00 (in 4 min)",
      "",
      "contoso",
      "  Pro        [##############################]  10 of 10, full, 1 waiting",
      "  Advanced   [##############################]  22 of 20, 2 too many",
      "  Eco        [########----------------------]  12 of 50",
      "  people     43 licensed, 1 waiting",
      "  credential certificate, 342 days left",
      "  last cycle 22:30:05 incremental, succeeded in 212 ms: 1 create, 1 assign",
      "  waiting for a seat",
      "    1  Pro  Ada Lovelace <ada@contoso.exampl~  since 2026-11-20 08:00, keeps Eco",
    ]);
  });

  test("says since when cycles come less often, when the next one is, and what ends it", async () => {
    const slowed = tenant({ nextRun: "2026-11-23T23:10:00.000Z", slowedDown: { failures: 6, leftOut: 7 } });
    const shown = await text({ status: status({ tenants: [slowed] }) });
    expect(shown.replace(/\s+/g, " ")).toContain(
      "next cycle 23:10:00 (in 39 min): slowed down after 6 failures in a row; an edit, a new credential or POST /sync ends it",
    );
    expect((await text({})).match(/next cycle/g)).toHaveLength(1);
  });

  test("says what is held, until when, and how to decide", async () => {
    const shown = await text({ holds: [hold()] });
    expect(shown).toContain("h-7  contoso: 1 revoke, since 22:30:05, expires in 24 h");
    expect(shown).toContain("tiersync holds approve h-7");
    expect(shown).toContain("tiersync holds reject h-7");
  });

  test("lists seats of people who are gone, and how to take one back", async () => {
    const seat = (n: number) => ({
      id: `0a000000-0000-4000-8000-0000000000${n}`,
      address: n === 10 ? null : `gone${n}@contoso.example`,
      tier: "Pro",
      since: "2026-11-20T08:00:00.000Z",
    });
    const zombies = Array.from({ length: 15 }, (_, n) => seat(10 + n));
    const shown = await text({ status: status({ tenants: [tenant({ zombies, zombieSeats: 123 })] }) });
    const lines = shown.slice(shown.indexOf("seats of people who are gone")).split("\n");
    expect(lines[1]).toBe("  contoso  Pro  0a000000-0000-4000-8000-000000000010  since 2026-11-20 08:00");
    expect(lines[2]).toBe("  contoso  Pro  gone11@contoso.example  since 2026-11-20 08:00");
    expect(lines[11]).toBe("  contoso: and 113 more, see tiersync export");
    expect(lines[12]).toContain("tiersync accounts revoke");
    expect(await text({})).not.toContain("who are gone");
  });

  test("says what failed and what to do", async () => {
    const finding = {
      level: "error",
      file: "rules/a.yaml",
      line: 3,
      column: 5,
      path: "rules[0].tier",
      message: "no such tier",
    } as const;
    const shown = await text({
      status: status({
        rules: { files: 1, rules: 0, loadedAt: "2026-11-23T20:00:00.000Z", errors: [finding] },
        tenants: [tenant({ lastCycle: failed, credential: null })],
        warnings: ["the brake of kind create is off"],
      }),
    });
    expect(shown).toContain("rules/a.yaml:3:5 rules[0].tier: no such tier");
    expect(shown).toContain("(ERR_GRAPH_FORBIDDEN)");
    expect(shown).toContain("-> grant admin consent");
    expect(shown).toContain("remark: the brake of kind create is off");
    expect(shown).toContain("credential cannot be read");
  });

  test("counts those of the waiting list that it does not show", async () => {
    const people = Array.from({ length: 14 }, (_, i) =>
      person({ id: `id-${i}`, position: 14 - i, displayName: `Nr ${14 - i}` }),
    );
    const users = { ...tenant().users, waiting: 14 };
    const shown = await text({ people, status: status({ tenants: [tenant({ users })] }) });
    const places = [...shown.matchAll(/^ +(\d+) {2}Pro/gm)].map((match) => Number(match[1]));
    expect(places).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(shown).toContain("and 4 more: /users?tenant=contoso&state=waiting");
  });

  test("is complete before the first cycle, without tiers and without seats", async () => {
    const bare = tenant({
      lastCycle: null,
      tiers: [tierUsage("Pro", 0, 0, 0)],
      users: { ...tenant().users, licensed: 0, waiting: 0 },
    });
    const shown = await text({
      cycles: [],
      status: status({ tenants: [bare], schedule: { cron: "x", nextRun: null } }),
    });
    expect(shown).toContain("no next cycle");
    expect(shown).toContain("people     nobody yet");
    expect(shown).toContain("last cycle none yet");
    expect(shown).not.toContain("last cycles");
  });

  test("fits 80 columns, whatever names and messages say", async () => {
    const long = "Adalbertina ".repeat(20);
    const shown = await text({
      people: [person({ displayName: long, address: `${"a".repeat(200)}@contoso.example` })],
      cycles: [cycle({ tenant: "t".repeat(90), held: { revoke: 30, change: 20 } })],
      status: status({ tenants: [tenant({ lastCycle: failed })], warnings: [long] }),
    });
    for (const line of shown.trimEnd().split("\n"))
      expect([line.length, line]).toEqual([Math.min(line.length, 80), line]);
  });

  test("no text of others can move the cursor, add a line or turn the reading direction", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (wild) => {
        const hostile = `${wild}\u001b[2J\u009b31m\r\nforged: line\u202e\u2028`;
        const shown = await text({
          people: [person({ displayName: hostile, address: hostile, wanted: hostile, tier: hostile })],
          holds: [hold({ id: hostile, tenant: hostile })],
          cycles: [cycle({ tenant: hostile })],
          status: status({
            tenants: [
              tenant({
                name: "contoso",
                tiers: [tierUsage(hostile, 1, 1, 0)],
                lastCycle: cycle({ failures: [{ user: hostile, code: "E", message: hostile }] }),
              }),
            ],
            warnings: [hostile],
          }),
        });
        expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
        expect(shown).not.toMatch(/^forged/m);
      }),
    );
  });
});
