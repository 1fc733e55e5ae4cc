import { describe, expect, test } from "bun:test";
import { settleLost } from "../../src/cycle/lost-answers.ts";
import type { ApplyItem } from "../../src/cycle/ports.ts";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import type { StrictOptions } from "../support/strict-scim.ts";
import { AT, applyAll, item, personId } from "../support/target-people.ts";

/** As the agent wires it. */
async function ready(service: StrictOptions = {}): Promise<ScimParts> {
  const base = scimParts(service);
  const target = base.restarted({ settled: (found) => settleLost(base.store, { ...found, at: AT }) });
  const parts = {
    ...base,
    target,
    refresh: (unsettled: readonly string[] = [], whole = false) =>
      target.refresh(unsettled, AbortSignal.timeout(15_000), whole),
  };
  await parts.refresh();
  return parts;
}

/** Sent, carried out, and not answered. */
async function lose(parts: ScimParts, items: readonly ApplyItem[]): Promise<void> {
  parts.scim.recording.loseAnswer = ({ method }) => method !== "GET";
  await expect(applyAll(parts, items)).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
  parts.scim.recording.loseAnswer = () => false;
}

/** What the next cycle begins with. */
async function next(parts: ScimParts, whole: boolean): Promise<void> {
  const unsettled = parts.store.journal.unsettled();
  await parts.refresh(unsettled, whole);
  parts.store.journal.forgetIntents(unsettled);
}

const events = ({ views }: ScimParts, number = 1): string[] =>
  views
    .events("contoso", personId(number), { limit: 9 })
    .items.map(({ type, tier }) => (tier === null ? type : `${type} ${tier}`))
    .reverse();
const newcomer = ({ store }: ScimParts) => [item(store, 1, "create"), item(store, 1, "assign", null, "Pro")];

describe.each([
  ["asked for one by one", false],
  ["found in the whole list", true],
])("an action whose answer was lost, %s", (_, whole) => {
  test("has its records: a creation with its licence", async () => {
    const parts = await ready();
    await lose(parts, newcomer(parts));
    expect(events(parts)).toEqual([]);
    await next(parts, whole);
    expect(events(parts)).toEqual(["created", "assigned Pro"]);
  });

  test("has them once, however often it is looked at", async () => {
    const parts = await ready();
    await lose(parts, newcomer(parts));
    const unsettled = parts.store.journal.unsettled();
    await parts.refresh(unsettled, whole);
    await parts.refresh(unsettled, whole); // killed before what was sent was forgotten
    await parts.refresh([], true);
    expect(events(parts)).toEqual(["created", "assigned Pro"]);
  });

  test("has its record: a change", async () => {
    const parts = await ready();
    await applyAll(parts, newcomer(parts));
    await lose(parts, [item(parts.store, 1, "change", "Pro", "Eco")]);
    await next(parts, whole);
    expect(events(parts)).toEqual(["created", "assigned Pro", "changed Eco"]);
  });

  test("has its record: a revoke, from which the time to the purge counts", async () => {
    const parts = await ready();
    await applyAll(parts, newcomer(parts));
    await lose(parts, [item(parts.store, 1, "revoke", "Pro", null)]);
    await next(parts, whole);
    expect(events(parts)).toEqual(["created", "assigned Pro", "revoked Pro"]);
    const account = parts.store.people.person(personId(1))?.account;
    expect(account).toMatchObject({ tier: null, revokedAt: AT, purgedAt: null });
    expect(parts.store.accounts.usage().get("Pro") ?? 0).toBe(0);
  });

  test("counts as its cycle's, and against the brake", async () => {
    const parts = await ready();
    await applyAll(parts, newcomer(parts));
    await lose(parts, [item(parts.store, 1, "revoke", "Pro", null)]);
    const sender = parts.store.journal.begin({ trigger: "cli", kind: "incremental" }).id;
    await next(parts, whole);
    const cycles = parts.views.cycles({ limit: 9 }).items.filter(({ id }) => id !== sender);
    expect(cycles[0]?.actions).toMatchObject({ revoke: 1 });
    expect(parts.store.journal.recent(AT)).toMatchObject({ revoke: 1 });
    const [event] = parts.views.events("contoso", personId(1), { limit: 1 }).items;
    expect(event).toMatchObject({ type: "revoked", cycle: cycles[0]?.id as string });
  });

  test("by hand is nobody's cycle, and counts against no brake", async () => {
    const parts = await ready();
    await applyAll(parts, newcomer(parts));
    const revoke = item(parts.store, 1, "revoke", "Pro", null);
    parts.store.journal.intend([revoke.action], null);
    parts.scim.recording.loseAnswer = ({ method }) => method !== "GET";
    await expect(parts.target.apply([revoke], () => {}, AbortSignal.timeout(15_000))).rejects.toBeDefined();
    parts.scim.recording.loseAnswer = () => false;
    await next(parts, whole);
    expect(parts.store.journal.recent(AT)).toMatchObject({ revoke: 0 });
    const [event] = parts.views.events("contoso", personId(1), { limit: 1 }).items;
    expect(event).toMatchObject({ type: "revoked", cycle: null });
  });

  test("has its record: an account that was taken over", async () => {
    const parts = await ready();
    parts.scim.add({ userName: "p1@contoso.example", emails: [{ value: "p1@contoso.example" }] });
    await parts.refresh([], true);
    const [account] = parts.store.accounts.unbound(["p1@contoso.example"]);
    await lose(parts, [item(parts.store, 1, "adopt", null, null, { account: account?.key ?? 0 })]);
    await next(parts, whole);
    expect(events(parts)).toEqual(["adopted"]);
  });

  test("that never arrived has none", async () => {
    const parts = await ready();
    await applyAll(parts, newcomer(parts));
    parts.scim.fault = ({ method }) => (method === "GET" ? null : new Response("no", { status: 503 }));
    await expect(applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null)])).rejects.toBeDefined();
    parts.scim.fault = () => null;
    await next(parts, whole);
    expect(events(parts)).toEqual(["created", "assigned Pro"]);
    expect(parts.store.people.person(personId(1))?.account).toMatchObject({ tier: "Pro", revokedAt: null });
  });
});
