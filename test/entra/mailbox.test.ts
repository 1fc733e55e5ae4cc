import { describe, expect, test } from "bun:test";
import type { MailboxAnswer } from "../../src/entra/mailbox.ts";
import { createEntraSource } from "../../src/entra/source.ts";
import { addPerson, setUpEntra, type TestEntra } from "../support/entra.ts";
import { silentLogger } from "../support/silent-logger.ts";

async function readAll(entra: TestEntra, ids: readonly string[], warnings: string[] = []) {
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const source = createEntraSource({ ...entra.options, logger });
  const found = new Map<string, MailboxAnswer>();
  for await (const batch of source.readMailboxes(ids, new AbortController().signal)) {
    for (const [id, settings] of batch.found) found.set(id, settings);
  }
  return { found, requests: source.requests().graph };
}

describe("mailbox settings", () => {
  test.each(["object", "string"] as const)(
    "come with purpose, locale and time zone; userPurpose as %s",
    async (shape) => {
      const entra = setUpEntra();
      entra.tenant.userPurposeShape = shape;
      const ana = addPerson(entra, "Ana");
      entra.tenant.setMailbox(ana, {
        kind: "present",
        userPurpose: "shared",
        locale: "fr-CA",
        timeZone: "Eastern Standard Time",
      });
      const { found } = await readAll(entra, [ana]);
      expect(found.get(ana)).toEqual({ purpose: "shared", locale: "fr-CA", timeZone: "Eastern Standard Time" });
    },
  );

  test("are asked for twenty in a request", async () => {
    const entra = setUpEntra();
    const ids = Array.from({ length: 205 }, (_, n) => addPerson(entra, `P${n}`));
    const { found, requests } = await readAll(entra, ids);
    expect([found.size, requests]).toEqual([205, 11]);
  });

  test("a mailbox that is missing is a fact about that person and nobody else", async () => {
    const entra = setUpEntra();
    const ids = [addPerson(entra, "Ana"), addPerson(entra, "Bob"), addPerson(entra, "Carl")];
    entra.tenant.deleteUser(ids[0] ?? "");
    entra.tenant.setMailbox(ids[1] ?? "", { kind: "notEnabled" });
    const { found } = await readAll(entra, ids);
    expect(found.get(ids[0] ?? "")).toBe("missing");
    expect(found.get(ids[1] ?? "")).toBe("missing");
    expect(found.get(ids[2] ?? "")).toMatchObject({ purpose: "user" });
  });

  test.each(["accessDenied", "odataDisabled", "extensionError", "failing"] as const)(
    "a refusal (%s) is a fact about that person, and warned of where nothing can be read",
    async (kind) => {
      const entra = setUpEntra();
      const ids = Array.from({ length: 21 }, (_, n) => addPerson(entra, `P${n}`));
      for (const id of ids.slice(0, 20)) entra.tenant.setMailbox(id, { kind });
      const warnings: string[] = [];
      const closed = { purpose: null, locale: null, timeZone: null };
      expect(new Set((await readAll(entra, ids.slice(0, 20), warnings)).found.values())).toEqual(new Set([closed]));
      expect(warnings).toHaveLength(1);
      const { found } = await readAll(entra, ids, warnings);
      expect(found.get(ids[0] ?? "")).toEqual(closed);
      expect(found.size).toBe(21);
      expect(warnings).toHaveLength(1);
    },
  );

  test("who stays throttled is left out, and so unread", async () => {
    const entra = setUpEntra();
    const [ana, bob] = [addPerson(entra, "Ana"), addPerson(entra, "Bob")];
    entra.simulator.faults.add({ kind: "throttle", retryAfter: "900", match: `${ana}/mailboxSettings`, times: 9 });
    const { found } = await readAll(entra, [ana, bob]);
    expect([...found.keys()]).toEqual([bob]);
  });

  test("who is throttled for a moment is asked again", async () => {
    const entra = setUpEntra();
    const ana = addPerson(entra, "Ana");
    entra.simulator.faults.add({ kind: "throttle", retryAfter: "2", match: "mailboxSettings", level: "batch" });
    const { found } = await readAll(entra, [ana]);
    expect(found.has(ana)).toBeTrue();
    expect(entra.waits).toEqual([2_000]);
  });

  test("an unreachable Graph ends the reading quietly", async () => {
    const entra = setUpEntra();
    const warnings: string[] = [];
    entra.simulator.faults.add({ kind: "status", status: 503, match: "/$batch", times: 99 });
    const { found } = await readAll(entra, [addPerson(entra, "Ana")], warnings);
    expect(found.size).toBe(0);
    expect(warnings).toHaveLength(1);
  });

  test("a missing permission is said once", async () => {
    const entra = setUpEntra({ roles: ["Group.Read.All", "GroupMember.Read.All", "User.Read.All"] });
    const warnings: string[] = [];
    const ids = Array.from({ length: 45 }, (_, n) => addPerson(entra, `P${n}`));
    const { found } = await readAll(entra, ids, warnings);
    expect(found.size).toBe(45);
    expect([...found.values()]).not.toContain("missing");
    expect(warnings).toEqual([expect.stringContaining("MailboxSettings.Read")]);
  });

  test("no more are read in one go than the limit says", async () => {
    const entra = setUpEntra({ limits: { mailboxes: 30 } });
    const ids = Array.from({ length: 50 }, (_, n) => addPerson(entra, `P${n}`));
    expect((await readAll(entra, ids)).found.size).toBe(30);
  });
});
