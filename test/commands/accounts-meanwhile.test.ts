/** `tiersync accounts` where something happens between the question, the answer and the deed. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";
import { answering, captureIo } from "../cli/captured-io.ts";
import { deletedHolder, exportedPerson, openHome, TENANT_ID, type TestHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";
import { strictScim } from "../support/strict-scim.ts";

const ADDRESS = "ana.gone@contoso.example";

/** Types the address after `meanwhile`. */
async function confirmed(home: TestHome, kind: string, user: string, meanwhile: () => Promise<unknown>) {
  const prompter = answering(ADDRESS);
  const text: typeof prompter.text = async (question) => {
    await meanwhile();
    return await prompter.text(question);
  };
  const { io, stderr } = captureIo({ prompter: { ...prompter, text } });
  return { code: await runProgram(["accounts", kind, user, "--home", home.home], io), err: stderr() };
}

async function decisions(home: TestHome, user: string): Promise<string[]> {
  return (await home.run("explain", user, "--json")).json.decisions.map(({ type }) => type);
}

/** The tenant's store as another process on the home has it. */
function otherProcess(home: TestHome) {
  const database = openDatabase(join(home.home, "data", "tiersync.db"));
  return { ...openTenantStore(database, "contoso", TENANT_ID), close: () => database.close() };
}

describe("between question and answer", () => {
  for (const running of [false, true]) {
    const beside = running ? "beside a running agent" : "with no agent";
    test(`a rule comes to license the person again: nothing is taken or deleted, ${beside}`, async () => {
      const home = openHome({ seats: { Pro: 1 } });
      const ana = await deletedHolder(home);
      if (running) await startTestAgent(home);
      const back = async (): Promise<void> => {
        home.tenant.restoreUser(ana);
        expect(await home.run("sync")).toMatchObject({ code: 0 });
      };
      const revoke = await confirmed(home, "revoke", ana, back);
      expect(revoke).toMatchObject({ code: 1, err: expect.stringContaining("is licensed") });
      expect(await exportedPerson(home, "Ana Gone")).toMatchObject({ state: "licensed", tier: "Pro" });

      home.tenant.deleteUser(ana);
      await home.run("sync");
      expect(await home.run("accounts", "revoke", ana, "--yes")).toMatchObject({ code: 0 });
      await home.run("sync");
      const purge = await confirmed(home, "purge", ana, back);
      expect(purge).toMatchObject({ code: 1, err: expect.stringContaining("was not taken") });
      expect(await exportedPerson(home, "Ana Gone")).toMatchObject({ state: "licensed", tier: "Pro" });
      expect(await decisions(home, ana)).toContain("revoked");
    });
  }

  test("the account becomes another: what was confirmed is not done to that one", async () => {
    const home = openHome();
    const ana = await deletedHolder(home);
    const { code, err } = await confirmed(home, "revoke", ana, async () => {
      const store = otherProcess(home);
      store.accounts.setTier(store.people.person(ana)?.account?.key ?? 0, "Eco");
      store.close();
    });
    expect(code).toBe(1);
    expect(err).toContain("not as it was");
    expect(await exportedPerson(home, "Ana Gone")).toMatchObject({ tier: "Eco" });
  });
});

describe("with a cycle under way", () => {
  test("waits for its end, as the cycle does not know of it", async () => {
    const home = openHome();
    const ana = await deletedHolder(home);
    await startTestAgent(home);
    const store = otherProcess(home);
    const cycle = store.journal.begin({ trigger: "schedule", kind: "incremental" });
    const ended = home.run("accounts", "revoke", ana, "--yes");
    const first = [ended.then(() => "revoke"), home.run("holds").then(() => "holds")];
    expect(await Promise.race(first)).toBe("holds");
    expect(await exportedPerson(home, "Ana Gone")).toMatchObject({ tier: "Pro" });
    const requests = { token: 0, graph: 0, target: 0 };
    cycle.finish({ outcome: "succeeded", held: {}, requests, error: null });
    store.close();
    expect(await ended).toMatchObject({ code: 0 });
    expect(await exportedPerson(home, "Ana Gone")).toMatchObject({ tier: null });
  });

  test("that a killed agent left open waits for nothing", async () => {
    const home = openHome();
    const ana = await deletedHolder(home);
    const store = otherProcess(home);
    store.journal.begin({ trigger: "schedule", kind: "incremental" });
    store.close();
    expect(await home.run("accounts", "revoke", ana, "--yes")).toMatchObject({ code: 0 });
  });
});

describe("with a remote licence system", () => {
  async function withScim() {
    const scim = strictScim({ etag: "enforced" });
    const home = openHome({
      mailboxSettings: false,
      extra: `target: {kind: scim, url: "${scim.url}", token: "file:keys/scim.txt"}\n`,
    });
    writeFileSync(join(home.home, "keys", "scim.txt"), "secret\n", { mode: 0o600 });
    return { scim, home, ana: await deletedHolder(home) };
  }

  test("a cycle that begins while it is asked leaves the record to the next one", async () => {
    const { scim, home, ana } = await withScim();
    await startTestAgent(home);
    const store = otherProcess(home);
    const begin = () => store.journal.begin({ trigger: "schedule", kind: "incremental" });
    const begun: ReturnType<typeof begin>[] = [];
    scim.fault = ({ method }) => {
      if (method === "PATCH") begun.push(begin());
      return null;
    };
    const { code, err } = await home.run("accounts", "revoke", ana, "--yes");
    expect(code).toBe(4);
    expect(err).toContain("recorded by the next one");
    store.close();
    expect(begun).toHaveLength(1);
    expect(await decisions(home, ana)).not.toContain("revoked");
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    expect(await decisions(home, ana)).toContain("revoked");
    expect(await exportedPerson(home, "Ana Gone")).toMatchObject({ state: "unmanaged", tier: null });
  });

  test("an answer that was lost is found out by a cycle before anything else is done by hand", async () => {
    const { scim, home, ana } = await withScim();
    const store = otherProcess(home);
    store.journal.intend([{ ...ACTION, user: ana }], null);
    store.close();
    const { code, err } = await home.run("accounts", "revoke", ana, "--yes");
    expect(code).toBe(1);
    expect(err).toContain("not known yet");
    await home.run("sync");
    expect(await home.run("accounts", "revoke", ana, "--yes")).toMatchObject({ code: 0 });
    expect([...scim.users.values()].map(({ entitlements }) => entitlements)).toEqual([undefined]);
  });
});

const ACTION = { kind: "change", person: 1, address: ADDRESS, from: "Pro", to: "Eco", reason: "rule eco" } as const;
