/** Groups as tiers that are not what they were: made again, renamed, or without their members. */
import { describe, expect, test } from "bun:test";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import { type StrictOptions, scimError } from "../support/strict-scim.ts";
import { applyAll, item, personId, told } from "../support/target-people.ts";

interface Grouped extends ScimParts {
  readonly groups: { readonly Eco: string; readonly Pro: string };
  readonly members: (group: string) => unknown;
}

/** Persons 1 and 2 are in Pro. */
async function grouped(service: StrictOptions = {}): Promise<Grouped> {
  const base = scimParts(service);
  const ids = [1, 2].map((n) => base.scim.add({ userName: `p${n}@contoso.example`, externalId: personId(n) }));
  const groups = { Eco: base.scim.addGroup("Eco", ["other"]), Pro: base.scim.addGroup("Pro", ids) };
  const target = base.restarted({ tierAs: "groups" });
  const refresh: ScimParts["refresh"] = (unsettled = [], whole = false) =>
    target.refresh(unsettled, AbortSignal.timeout(15_000), whole);
  await refresh();
  base.scim.log.length = 0;
  const members = (group: string): unknown =>
    ((base.scim.groups.get(group)?.["members"] ?? []) as { value: string }[]).map(({ value }) => value);
  return { ...base, target, refresh, groups, members };
}

const holds = ({ store }: ScimParts, number = 1) => store.people.person(personId(number))?.account?.tier;
const revoke = ({ store }: ScimParts, number = 1) => item(store, number, "revoke", "Pro", null);
const change = ({ store }: ScimParts, number = 1) => item(store, number, "change", "Pro", "Eco");

describe.each([
  ["PATCH", true],
  ["PUT", false],
])("a tier's group (%s)", (_, patch) => {
  test("that was made again under another id is left, and joined, all the same", async () => {
    const parts = await grouped({ patch });
    const members = parts.scim.groups.get(parts.groups.Pro)?.["members"] as { value: string }[];
    parts.scim.groups.delete(parts.groups.Pro);
    const again = parts.scim.addGroup(
      "Pro",
      members.map(({ value }) => value),
    );
    expect(told(await applyAll(parts, [change(parts), revoke(parts, 2)])).sort()).toEqual([
      "change 1 ok",
      "revoke 2 ok",
    ]);
    expect(parts.members(again)).toEqual([]);
    expect(parts.members(parts.groups.Eco)).toHaveLength(2);
  });

  test.each([
    ["that is gone", (parts: Grouped) => parts.scim.groups.delete(parts.groups.Pro), false],
    ["that is gone, after a start", (parts: Grouped) => parts.scim.groups.delete(parts.groups.Pro), true],
  ])("%s does not count as left, nor is another one joined", async (_case, spoil, restarted) => {
    const parts = await grouped({ patch });
    spoil(parts);
    const target = restarted ? parts.restarted({ tierAs: "groups" }) : parts.target;
    const results = await applyAll({ ...parts, target }, [change(parts), revoke(parts, 2)]);
    expect(told(results).sort()).toEqual(["change 1 ERR_TARGET_REFUSED", "revoke 2 ERR_TARGET_REFUSED"]);
    expect(results[0]?.ok === false && results[0].message).toContain("group Pro");
    expect([holds(parts), holds(parts, 2)]).toEqual(["Pro", "Pro"]);
    expect(parts.members(parts.groups.Eco)).toEqual(["other"]);
  });

  test("that refuses to let somebody go is not left for another one: the old tier stays", async () => {
    const parts = await grouped({ patch });
    parts.scim.fault = ({ method, path }) =>
      method !== "GET" && path === `/Groups/${parts.groups.Pro}` ? scimError(422) : null;
    expect(told(await applyAll(parts, [change(parts)]))).toEqual(["change 1 ERR_TARGET_REFUSED"]);
    expect(holds(parts)).toBe("Pro");
    expect(parts.members(parts.groups.Eco)).toEqual(["other"]);
  });

  test("that is left already counts as left, whatever the service says to it", async () => {
    const parts = await grouped({ patch });
    const group = parts.scim.groups.get(parts.groups.Pro);
    if (group !== undefined) group["members"] = [];
    parts.scim.fault = ({ method }) => (method === "PATCH" ? scimError(404) : null);
    expect(told(await applyAll(parts, [revoke(parts)]))).toEqual(["revoke 1 ok"]);
    if (group !== undefined) group["members"] = [{ value: parts.store.remote.of(personId(2))?.remoteId }];
    const stays = told(await applyAll(parts, [revoke(parts, 2)]));
    expect(stays).toEqual([patch ? "revoke 2 ERR_TARGET_REFUSED" : "revoke 2 ok"]);
  });
});

describe("a reading of the tiers' groups", () => {
  const unknown = { code: "ERR_TARGET_UNREACHABLE" };
  const bare = (parts: Grouped, group: string, asked: (query: string) => boolean = () => true): void => {
    parts.scim.lie = ({ method, path, query }) => {
      if (method !== "GET" || path !== `/Groups/${group}` || !asked(query)) return null;
      return Response.json({ ...parts.scim.groups.get(group), members: undefined });
    };
  };

  test.each([
    [
      "renamed",
      (parts: Grouped) => Object.assign(parts.scim.groups.get(parts.groups.Pro) ?? {}, { displayName: "Old" }),
    ],
    ["deleted", (parts: Grouped) => parts.scim.groups.delete(parts.groups.Pro)],
    ["shown without its members", (parts: Grouped) => bare(parts, parts.groups.Pro)],
  ])("fails where a group that people were in is %s, and changes nothing", async (_, spoil) => {
    const parts = await grouped();
    spoil(parts);
    for (const whole of [true, false]) {
      await expect(parts.refresh([personId(3)], whole)).rejects.toMatchObject(unknown);
    }
    expect([holds(parts), holds(parts, 2)]).toEqual(["Pro", "Pro"]);
    expect(parts.drifts).toEqual([]);
  });

  test("asks for the members where the service shows them to whoever asks only", async () => {
    const parts = await grouped();
    bare(parts, parts.groups.Pro, (query) => !query.includes("attributes=members"));
    await parts.refresh([], true);
    expect(holds(parts)).toBe("Pro");
    await applyAll(parts, [revoke(parts)]);
    expect(parts.members(parts.groups.Pro)).toHaveLength(1);
  });

  test("takes a group for empty where the service shows the members of one as large", async () => {
    const parts = await grouped();
    bare(parts, parts.groups.Pro);
    Object.assign(parts.scim.groups.get(parts.groups.Eco) ?? {}, {
      members: [{ value: "other" }, { value: "another" }],
    });
    await parts.refresh([], true);
    expect([holds(parts), holds(parts, 2)]).toEqual([null, null]);
  });

  test("does not expect those who may have left without an answer", async () => {
    const parts = await grouped();
    bare(parts, parts.groups.Pro);
    parts.scim.recording.loseAnswer = ({ method }) => method === "PATCH";
    for (const number of [1, 2]) {
      await expect(applyAll(parts, [revoke(parts, number)])).rejects.toMatchObject(unknown);
    }
    parts.scim.recording.loseAnswer = () => false;
    await parts.refresh(parts.store.journal.unsettled());
    expect([holds(parts), holds(parts, 2)]).toEqual([null, null]);
  });

  test("does without a group that nobody was in", async () => {
    const parts = await grouped();
    parts.scim.groups.delete(parts.groups.Eco);
    await parts.refresh([], true);
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 2]]);
  });

  test("knows nothing of the groups of another service", async () => {
    const parts = await grouped();
    parts.scim.groups.delete(parts.groups.Pro);
    const url = parts.scim.url.replace("127.0.0.1", "localhost");
    await parts.restarted({ tierAs: "groups", url }).refresh([], AbortSignal.timeout(5000));
    expect(holds(parts) ?? null).toBeNull();
  });
});

test("a group that is replaced whole keeps the members whom the service does not show", async () => {
  const parts = await grouped({ patch: false });
  const id = parts.groups.Pro;
  parts.scim.lie = ({ method, path }) => {
    const shown = { ...parts.scim.groups.get(id), members: undefined };
    return method === "GET" && path === `/Groups/${id}` ? Response.json(shown) : null;
  };
  const items = [item(parts.store, 3, "create"), item(parts.store, 3, "assign", null, "Pro")];
  await expect(applyAll(parts, items)).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
  expect(parts.members(id)).toHaveLength(2);
});
