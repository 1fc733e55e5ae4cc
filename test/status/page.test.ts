import { describe, expect, test } from "bun:test";
import { tierUsage } from "../../src/model/tier.ts";
import { cycle, hold, type PlainData, person, plainApp, status, tenant } from "./plain-console.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

async function page(data: PlainData) {
  const response = await plainApp(data).app.request("/", { headers: { Accept: BROWSER } });
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toStartWith("text/html");
  return { response, markup: await response.text() };
}

describe("GET / for a browser", () => {
  test("is a page; for curl and for what names no type it is text", async () => {
    const { app } = plainApp();
    const types = async (headers: Record<string, string>) =>
      (await app.request("/", { headers })).headers.get("Content-Type")?.split(";")[0];
    expect(await types({ Accept: BROWSER })).toBe("text/html");
    expect(await types({ Accept: "*/*" })).toBe("text/plain");
    expect(await types({})).toBe("text/plain");
    expect(await types({ Accept: "text/plain, text/html;q=0.5" })).toBe("text/plain");
    expect((await app.request("/")).headers.get("Vary")).toBe("Accept");
  });

  test("shows without script what the text shows", async () => {
    const { markup } = await page({
      holds: [hold()],
      cycles: [cycle({ outcome: "held", held: { revoke: 1 } })],
      status: status({ state: "held", warnings: ["the brake of kind create is off"] }),
    });
    for (const part of [
      "Next cycle",
      "4 rules in 1 file,",
      '<th scope="row">Pro</th>',
      "2 too many",
      "43 licensed, 1 waiting",
      "certificate, 342 days left",
      "Ada Lovelace &lt;ada@contoso.example&gt;",
      "tiersync holds approve h-7",
      "held in 212 ms",
      "the brake of kind create is off",
      "<h2>Waiting for a seat</h2>",
      "<h2>Last cycles</h2>",
    ]) {
      expect(markup).toContain(part);
    }
  });

  test("says since when cycles come less often, when the next one is, and what ends it", async () => {
    const slowed = tenant({ nextRun: "2026-11-23T23:10:00.000Z", slowedDown: { failures: 6, leftOut: 7 } });
    const { markup } = await page({ status: status({ tenants: [slowed] }) });
    expect(markup).toContain(
      "<dt>Next cycle</dt><dd>23:10:00 (in 39 min): slowed down after 6 failures in a row; an edit,",
    );
    expect((await page({})).markup).not.toContain("slowed down");
  });

  test("lists seats of people who are gone, and how to take one back", async () => {
    const zombies = [{ id: "z", address: "<gone>@contoso.example", tier: "Pro", since: "2026-11-20T08:00:00.000Z" }];
    const { markup } = await page({ status: status({ tenants: [tenant({ zombies, zombieSeats: 7 })] }) });
    expect(markup).toContain("<h2>Seats of people who are gone</h2>");
    expect(markup).toContain("&lt;gone&gt;@contoso.example");
    expect(markup).toContain("and 6 more");
    expect(markup).toContain("tiersync accounts revoke");
    expect((await page({})).markup).not.toContain("who are gone");
  });

  test("every table has a caption and header cells with a scope", async () => {
    const zombies = [{ id: "z", address: null, tier: "Pro", since: "2026-11-20T08:00:00.000Z" }];
    const gone = tenant({ zombies, zombieSeats: 1 });
    const { markup } = await page({ holds: [hold()], status: status({ tenants: [gone] }) });
    const tables = markup.match(/<table>/g) ?? [];
    expect(tables.length).toBe(5);
    expect(markup.match(/<caption[ >]/g)).toHaveLength(tables.length);
    expect(markup).not.toMatch(/<th(?! scope)[ >]/);
  });

  test("runs its own script and style only: by a nonce that changes, with nothing from elsewhere", async () => {
    const first = await page({});
    const second = await page({});
    const policy = first.response.headers.get("Content-Security-Policy") ?? "";
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? "missing";
    expect(policy).toStartWith("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(first.markup).toContain(`<script nonce="${nonce}">`);
    expect(first.markup).toContain(`<style nonce="${nonce}">`);
    expect(second.markup).not.toContain(nonce);
    expect(first.markup).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(first.markup).not.toMatch(/ style=| on[a-z]+=/);
  });

  test("shows hostile names as text", async () => {
    const hostile = `</script></td><script>alert(1)</script><img src=x onerror="alert(2)" a='\u202e\u001b[2J&amp;`;
    const { markup } = await page({
      people: [person({ displayName: hostile, address: hostile, wanted: hostile, tier: hostile })],
      holds: [
        hold({
          id: hostile,
          tenant: hostile,
          actions: [{ kind: "revoke", user: hostile, address: hostile, from: hostile, to: hostile, reason: hostile }],
        }),
      ],
      cycles: [cycle({ tenant: hostile })],
      status: status({
        schedule: { cron: hostile, nextRun: null },
        tenants: [
          tenant({
            name: hostile,
            credential: { kind: "certificate", thumbprint: hostile, expiresAt: null, daysLeft: null },
            tiers: [tierUsage(hostile, 1, 2, 1)],
            lastCycle: cycle({ error: { code: "ERR_STORE", message: hostile, hint: hostile } }),
          }),
        ],
        warnings: [hostile],
      }),
    });
    expect(markup.match(/<script/g)).toHaveLength(1);
    expect(markup).not.toContain("<img");
    expect(markup).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(markup).toContain("&lt;img src=x onerror=&quot;alert(2)&quot;");
    for (const [, attribute] of markup.matchAll(/ (?:id|href)="([^"]*)"/g)) expect(attribute).not.toMatch(/[<>]/);
  });

  test("stays whole when there is nothing to show yet", async () => {
    const bare = tenant({
      lastCycle: null,
      credential: null,
      tiers: [],
      users: { ...tenant().users, licensed: 0, waiting: 0 },
    });
    const { markup } = await page({ cycles: [], status: status({ tenants: [bare] }) });
    expect(markup).toContain("None yet.");
    expect(markup).toContain("cannot be read");
    expect(markup).not.toContain("Waiting for a seat");
  });
});
