/** `warnings` of `/status`: what an admin should know of besides the last cycle. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { onlyHold, openHome, type TestHome } from "../support/home.ts";
import { openMailHome, PASSWORD } from "../support/mail-home.ts";
import { startTestAgent } from "../support/running-agent.ts";

async function warnings(home: TestHome): Promise<readonly string[]> {
  return (await home.run("status", "--json")).json.warnings;
}

const containing = (part: string) => (list: readonly string[]) => list.some((line) => line.includes(part));

describe("the status warns", () => {
  test("of nothing when all is well", async () => {
    const home = openHome();
    home.person("Ana", ["Pro"]);
    await startTestAgent(home);
    expect(await warnings(home)).toEqual([]);
  });

  test("of rules without which nobody is managed", async () => {
    const home = openHome();
    await startTestAgent(home);
    rmSync(join(home.home, "rules", "secure-exchanges.yaml"));
    const told = await eventually(() => warnings(home), containing("nobody is managed"));
    expect(told).toEqual(["rules has no rule files: nobody is managed; `tiersync init` writes one"]);
  });

  test("of messages that could not be delivered, with the server's words and without the password", async () => {
    const { home, server } = await openMailHome({ seats: { Pro: 0 } });
    await server.stop();
    home.person("Ana", ["Pro"]);
    await startTestAgent(home);
    const told = await eventually(() => warnings(home), containing("could not be delivered"));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^contoso: 1 message could not be delivered yet and is tried again: mail server 127\.0\.0\.1/,
    );
    expect(told[0]).not.toContain(PASSWORD);
    expect((await home.run("status")).out).toContain("1 message could not be delivered");
  });

  test("of a clock that is off until it is right", async () => {
    const home = openHome({ credential: "secret" });
    home.person("Ana", ["Pro"]);
    home.tenant.clock.advance(6 * 60_000);
    await startTestAgent(home);
    expect(await warnings(home)).toMatchObject([
      expect.stringMatching(/^contoso: this computer's clock .* purges are suspended/),
    ]);
    home.tenant.clock.advance(-6 * 60_000);
    await home.run("sync");
    expect(await warnings(home)).toEqual([]);
  });

  test("of a credential that cannot be read", async () => {
    const home = openHome();
    await startTestAgent(home);
    rmSync(join(home.home, "keys", "contoso.pem"));
    expect(await warnings(home)).toEqual(["contoso: the credential cannot be read: `tiersync check` says why"]);
    expect((await home.run("status", "--json")).json.tenants[0].credential).toBeNull();
  });

  test("of a database older than the last one seen here, as long as something is held because of it", async () => {
    const home = openHome({ mailboxSettings: false });
    const ana = home.person("Ana", ["Pro"]);
    await home.run("sync");
    const backup = join(home.home, "backup.db");
    expect((await home.run("backup", backup)).code).toBe(0);
    await home.run("sync");
    const database = join(home.home, "data", "tiersync.db");
    for (const rest of ["-wal", "-shm"]) rmSync(`${database}${rest}`, { force: true });
    copyFileSync(backup, database);
    home.tenant.addMember(home.groups["No_Licence"] as string, ana);
    await startTestAgent(home);
    expect(await warnings(home)).toEqual([expect.stringContaining("contoso: the database is older than the last one")]);
    const { id } = await onlyHold(home);
    await home.run("holds", "reject", id);
    await home.run("sync");
    expect(await warnings(home)).toEqual([]);
  });
});
