/** A service that does what is asked and answers that it failed: nothing is known until it is looked at. */
import { describe, expect, test } from "bun:test";
import { settleLost } from "../../src/cycle/lost-answers.ts";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import { scimTenant } from "../support/scim-tenant.ts";
import { type StrictOptions, scimError } from "../support/strict-scim.ts";
import { applyAll, item, personId, told } from "../support/target-people.ts";

const bulk = { maxOperations: 10, maxPayloadSize: 100_000 };
const failed = (): Response => scimError(500, undefined, "NullPointerException");

/** As the agent wires it. */
async function ready(service: StrictOptions = {}): Promise<ScimParts> {
  const parts = scimParts(service);
  const target = parts.restarted({ settled: (found) => settleLost(parts.store, found) });
  const refresh: ScimParts["refresh"] = (unsettled = [], whole = false) =>
    target.refresh(unsettled, AbortSignal.timeout(15_000), whole);
  await refresh();
  return { ...parts, target, refresh };
}

/** What the next cycle begins with. */
async function next(parts: ScimParts): Promise<void> {
  const unsettled = parts.store.journal.unsettled();
  parts.scim.lie = () => null;
  await parts.refresh(unsettled);
  parts.store.journal.forgetIntents(unsettled);
}

const holds = ({ store }: ScimParts, number = 1) => store.people.person(personId(number))?.account?.tier;
const events = ({ views }: ScimParts) =>
  views.events("contoso", personId(1), { limit: 9 }).items.map(({ type, tier }) => `${type} ${tier}`);

describe.each<[string, StrictOptions]>([
  ["PATCH", {}],
  ["PUT", { patch: false }],
  ["ETags", { etag: "enforced" }],
  ["bulk", { bulk }],
])("a failure (500) of a service with %s", (_, service) => {
  test("that made the change is found out by the next cycle, with its record", async () => {
    const parts = await ready(service);
    const people = [1, 2].flatMap((n) => [item(parts.store, n, "create"), item(parts.store, n, "assign", null, "Eco")]);
    await applyAll(parts, people);
    parts.scim.lie = ({ method }) => (method === "GET" || method === "POST" ? null : failed());
    const refused = await applyAll(parts, [
      item(parts.store, 1, "change", "Eco", "Pro"),
      item(parts.store, 2, "revoke", "Eco", null),
    ]);
    expect(refused.map(({ ok }) => ok)).toEqual([false, false]);
    expect(parts.store.journal.unsettled()).toEqual([personId(1), personId(2)]);
    await next(parts);
    expect([holds(parts), holds(parts, 2)]).toEqual(["Pro", null]);
    expect(events(parts)[0]).toBe("changed Pro");
    expect(parts.drifts).toEqual([]);
    expect(parts.store.journal.unsettled()).toEqual([]);
  });

  test("that made an account is found out by the next cycle", async () => {
    const parts = await ready(service);
    parts.scim.lie = ({ method, path }) => (method.endsWith("POST") && path === "/Users" ? failed() : null);
    const people = [1, 2].flatMap((n) => [item(parts.store, n, "create"), item(parts.store, n, "assign", null, "Pro")]);
    const refused = await applyAll(parts, people);
    expect(told(refused).sort()).toEqual(["create 1 ERR_TARGET_REFUSED", "create 2 ERR_TARGET_REFUSED"]);
    await next(parts);
    expect([holds(parts), holds(parts, 2)]).toEqual(["Pro", "Pro"]);
    expect(parts.scim.users.size).toBe(2);
    expect(events(parts)).toEqual(["assigned Pro", "created null"]);
  });
});

describe("what is not known", () => {
  test("stays so where a later answer is a refusal", async () => {
    const parts = await ready();
    await applyAll(parts, [item(parts.store, 1, "create")]);
    let tries = 0;
    parts.scim.lie = ({ method }) => {
      if (method !== "PATCH") return null;
      tries += 1;
      return tries === 1 ? failed() : scimError(422, undefined, "no");
    };
    const both = [item(parts.store, 1, "assign", null, "Eco"), item(parts.store, 1, "change", "Eco", "Pro")];
    await applyAll(parts, both);
    expect(tries).toBeGreaterThan(1);
    expect(parts.store.journal.unsettled()).toEqual([personId(1)]);
  });

  test("is no reason to look where the service says no", async () => {
    const parts = await ready();
    await applyAll(parts, [item(parts.store, 1, "create")]);
    parts.scim.fault = ({ method }) => (method === "PATCH" ? scimError(422) : null);
    await applyAll(parts, [item(parts.store, 1, "assign", null, "Eco")]);
    expect(parts.store.journal.unsettled()).toEqual([]);
  });

  test("is read from the list where the account itself cannot be read, and nobody waits for it", async () => {
    const parts = await ready();
    await applyAll(parts, [item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, "Eco")]);
    const sick = parts.store.remote.of(personId(1))?.remoteId;
    parts.scim.lie = ({ method }) => (method === "PATCH" ? failed() : null);
    expect(told(await applyAll(parts, [item(parts.store, 1, "change", "Eco", "Pro")]))).toEqual([
      "change 1 ERR_TARGET_REFUSED",
    ]);
    parts.scim.fault = ({ path }) => (path === `/Users/${sick}` ? failed() : null);
    await next(parts);
    expect(holds(parts)).toBe("Pro");
  });

  test("of a step that follows one that is recorded is looked up, too", async () => {
    const parts = await ready();
    parts.scim.addGroup("Pro");
    const target = parts.restarted({ tierAs: "groups", settled: (found) => settleLost(parts.store, found) });
    const grouped = { ...parts, target };
    await target.refresh([], AbortSignal.timeout(5000));
    parts.scim.recording.loseAnswer = ({ method }) => method === "PATCH";
    const items = [item(parts.store, 1, "create"), item(parts.store, 1, "assign", null, "Pro")];
    await expect(applyAll(grouped, items)).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
    parts.scim.recording.loseAnswer = () => false;
    expect(parts.store.journal.unsettled()).toEqual([personId(1)]);
    await target.refresh([personId(1)], AbortSignal.timeout(5000));
    expect(holds(parts)).toBe("Pro");
    expect(events(parts)).toEqual(["assigned Pro", "created null"]);
  });
});

test("a seat that was given in an answer of failure is not given again", async () => {
  const parts = scimTenant();
  parts.members.set(1, "Pro");
  for (const number of [2, 3]) parts.members.set(number, "Eco");
  await parts.cycle();
  parts.scim.lie = ({ method }) => (method === "PATCH" ? failed() : null);
  parts.members.set(2, "Pro");
  parts.members.set(3, "No_Licence");
  expect((await parts.cycle()).failures).toHaveLength(2);
  parts.scim.lie = () => null;
  parts.members.set(2, "Eco");
  parts.members.set(3, "Eco");
  for (const _ of [1, 2]) expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", failures: [] });
  expect([1, 2, 3].map(parts.tierAt)).toEqual([["Pro"], ["Eco"], ["Eco"]]);
  expect(await parts.cycle()).toMatchObject({ requests: { target: 0 } });
});
