/**
 * The status page in a real browser: `bun test ./suites/page/page.ts`. Needs Chromium (CHROMIUM, else /usr/bin/chromium). The
 * name keeps it out of `bun test`. With SHOTS=DIR it leaves screenshots there.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { tierUsage } from "../../src/model/tier.ts";
import type { StatusView } from "../../src/model/views.ts";
import { cycle, hold, person, plainApp, plainConsole, status, tenant } from "../../test/status/plain-console.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const hostile = `<img src=x onerror="document.title='owned'"></script><script>document.title='owned'</script>`;
const people = ["Ada Lovelace", "Björn Åström", hostile].map((displayName, i) =>
  person({ id: `id-${i}`, displayName, address: `p${i}@contoso.example`, position: i + 1 }),
);
const busy = (over: Partial<StatusView> = {}): StatusView =>
  status({
    state: "held",
    tenants: [
      tenant({
        tiers: [tierUsage("Eco", 50, 12, 0), tierUsage("Advanced", 20, 22, 0), tierUsage("Pro", 10, 10, 3)],
        users: { ...tenant().users, waiting: 3 },
      }),
    ],
    warnings: ["the brake of kind create is off"],
    ...over,
  });

let shown = busy();
let profile: string;
let browser: BrowserContext;
const parts = plainApp(
  {},
  {
    console: {
      ...plainConsole({ people, holds: [hold()], cycles: [cycle({ outcome: "held", held: { revoke: 1 } })] }).agent,
      status: () => shown,
    },
  },
);
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  fetch: (request) => parts.app.fetch(request),
});
const address = `http://127.0.0.1:${server.port}/`;

beforeAll(async () => {
  profile = mkdtempSync(join(tmpdir(), "tiersync-page-"));
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  browser = await chromium.launchPersistentContext(profile, { executablePath, args: FLAGS });
}, 60_000);

afterAll(async () => {
  await browser.close();
  parts.shutdown.abort();
  await server.stop(true);
  rmSync(profile, { recursive: true, force: true });
});

/** A page that remembers every complaint of the browser, violations of the content security policy included. */
async function visit(url = address): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("data:")) complaints.push(request.url());
  });
  await page.goto(url);
  return { page, complaints };
}

describe("the status page in a browser", () => {
  test("shows the status, follows a cycle and keeps what is unfolded, without a complaint", async () => {
    const { page, complaints } = await visit();
    await page.getByText("Who is concerned").click();
    expect(await page.locator("details table").isVisible()).toBe(true);
    await page.waitForFunction(() => document.getElementById("live")?.textContent === "");

    parts.emit({ type: "step", cycle: "c-2", tenant: "contoso", step: "read", done: 3, total: 10 });
    await page.getByText("contoso: read 3/10").waitFor();

    shown = busy({ state: "syncing", tenants: [tenant({ tiers: [tierUsage("Pro", 10, 9, 0)] })] });
    parts.emit({ type: "started", cycle: cycle({ outcome: null, durationMs: null, finishedAt: null }) });
    await page.locator(".state", { hasText: "syncing" }).waitFor();
    expect(await page.title()).toBe("tiersync: syncing");
    expect(await page.locator("details table").isVisible()).toBe(true);
    expect(await page.locator("#progress").textContent()).toBe("");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("says so when the agent is gone, and shows fresh data when it is back", async () => {
    shown = busy();
    const { page } = await visit();
    await page.route("**/", (route) => route.abort());
    parts.emit({ type: "finished", cycle: cycle() });
    await page.getByText("does not answer").waitFor();
    await page.unroute("**/");
    shown = busy({ state: "idle" });
    parts.emit({ type: "finished", cycle: cycle() });
    await page.locator(".state", { hasText: "idle" }).waitFor();
    expect(await page.locator("#live").textContent()).toBe("");
    await page.close();
  });

  test("runs nothing that a name smuggles in", async () => {
    shown = busy();
    const { page, complaints } = await visit();
    parts.emit({ type: "finished", cycle: cycle() });
    await page.waitForTimeout(300);
    expect(await page.getByText("onerror=").count()).toBe(1);
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.title()).toBe("tiersync: held");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test.each(["light", "dark"] as const)("text has a contrast of at least 4.5 in the %s scheme", async (colorScheme) => {
    shown = busy();
    const { page } = await visit();
    await page.emulateMedia({ colorScheme });
    const low = await page.evaluate(() => {
      const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
      const luminance = (colour: string) => {
        const [r = 0, g = 0, b = 0] = channels(colour)
          .slice(0, 3)
          .map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ground = (element: Element | null): string => {
        if (element === null) return "rgb(255, 255, 255)";
        const colour = getComputedStyle(element).backgroundColor;
        return channels(colour)[3] === 0 ? ground(element.parentElement) : colour;
      };
      const found: string[] = [];
      for (const element of document.querySelectorAll("body *:not(script):not(style)")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
        if (!own) continue;
        const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) found.push(`${contrast.toFixed(1)}: ${element.outerHTML.slice(0, 80)}`);
      }
      return found;
    });
    expect(low).toEqual([]);
    const shots = process.env["SHOTS"];
    if (shots !== undefined) await page.screenshot({ path: join(shots, `${colorScheme}.png`), fullPage: true });
    await page.close();
  });

  test("fits a telephone: nothing but tables scrolls sideways", async () => {
    const { page } = await visit();
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    const shots = process.env["SHOTS"];
    if (shots !== undefined) await page.screenshot({ path: join(shots, "telephone.png"), fullPage: true });
    await page.close();
  });
});
