import { describe, expect, test } from "bun:test";
import { type DeltaEntry, type DeltaPage, openDeltaSite } from "../support/delta-site.ts";

const DAY = 86_400_000;

describe("groups delta", () => {
  test("starts from nothing with every group and its members in slices over pages", async () => {
    const { tenant, pro, ana, round } = await openDeltaSite();
    const added = Array.from({ length: 4 }, () => tenant.addUser());
    for (const id of added) tenant.addMember(pro, id);
    const { entries, pages } = await round("/v1.0/groups/delta?$select=displayName,members");
    expect(entries.map(({ id, displayName }) => [id, displayName])).toEqual([
      [pro, "Pro"],
      [pro, "Pro"],
      [pro, "Pro"],
    ]);
    expect(entries.flatMap((entry) => entry["members@delta"]?.map(({ id }) => id) ?? [])).toEqual([ana, ...added]);
    expect(pages).toBe(3);
  });

  test("ends a filtered initial round with an empty page", async () => {
    const { groupsQuery, read } = await openDeltaSite();
    const first = await read(`/v1.0${groupsQuery}`);
    expect(first.value).toHaveLength(1);
    const second = await read(first["@odata.nextLink"] ?? "");
    expect([second.value, typeof second["@odata.deltaLink"]]).toEqual([[], "string"]);
  });

  test("tells of a Microsoft 365 group that it was deleted softly, and of a restore as of any group", async () => {
    const { tenant, pro, groupsQuery, graph, round, latest } = await openDeltaSite();
    tenant.updateGroup(pro, { groupTypes: ["Unified"] });
    const link = await latest(groupsQuery);
    tenant.deleteGroup(pro);
    const deleted = await round(link);
    expect(deleted.entries).toEqual([{ id: pro, "@removed": { reason: "changed" } }]);
    expect((await graph(`/v1.0/groups/${pro}/members`)).status).toBe(404);
    tenant.restoreGroup(pro);
    expect((await round(deleted.link)).entries).toEqual([{ id: pro, displayName: "Pro" }]);
    expect((await graph(`/v1.0/groups/${pro}/members`)).status).toBe(200);
  });

  test("from the latest token tells net changes of members and nothing twice", async () => {
    const { tenant, pro, ana, groupsQuery, round, latest } = await openDeltaSite();
    const link = await latest(groupsQuery);
    const bea = tenant.addUser();
    tenant.addMember(pro, bea);
    tenant.removeMember(pro, ana);
    tenant.removeMember(pro, bea);
    tenant.addMember(pro, bea);
    const first = await round(link);
    expect(first.entries).toEqual([
      {
        id: pro,
        displayName: "Pro",
        "members@delta": [
          { "@odata.type": "#microsoft.graph.user", id: bea },
          { "@odata.type": "#microsoft.graph.user", id: ana, "@removed": { reason: "deleted" } },
        ],
      },
    ]);
    expect(await round(first.link)).toMatchObject({ entries: [], pages: 1 });
  });

  test("does not look into nested groups, nor at groups outside the filter", async () => {
    const { tenant, pro, ana, groupsQuery, round, latest } = await openDeltaSite();
    const nested = tenant.addGroup("Nested");
    tenant.addMember(pro, nested);
    const link = await latest(groupsQuery);
    tenant.addMember(nested, ana);
    tenant.renameGroup(nested, "Other");
    expect((await round(link)).entries).toEqual([]);
  });

  test("tells renames, and the end of a group as deleted", async () => {
    const { tenant, pro, groupsQuery, round, latest } = await openDeltaSite();
    const link = await latest(groupsQuery);
    tenant.renameGroup(pro, "Premium");
    const renamed = await round(link);
    expect(renamed.entries).toEqual([{ id: pro, displayName: "Premium" }]);
    tenant.deleteGroup(pro);
    expect((await round(renamed.link)).entries).toEqual([{ id: pro, "@removed": { reason: "deleted" } }]);
  });

  test("does not tell that a member was soft-deleted, only that it was purged", async () => {
    const { tenant, ana, groupsQuery, round, latest } = await openDeltaSite();
    const link = await latest(groupsQuery);
    tenant.deleteUser(ana);
    expect((await round(link)).entries).toEqual([]);
    tenant.purgeUser(ana);
    const removed = (await round(link)).entries[0]?.["members@delta"];
    expect(removed).toEqual([{ "@odata.type": "#microsoft.graph.user", id: ana, "@removed": { reason: "deleted" } }]);
  });
});

describe("users delta", () => {
  const query = "/users/delta?$select=displayName,mail,department";

  test("tells new people, changes of selected properties, soft deletes, restores and purges", async () => {
    const { tenant, ana, round, latest } = await openDeltaSite();
    const entriesAfter = async (change: () => void): Promise<DeltaEntry[]> => {
      const link = await latest(query);
      change();
      return (await round(link)).entries;
    };
    const anaNow = { id: ana, displayName: "Ana", mail: "ana@contoso.example" };
    expect(await entriesAfter(() => tenant.updateUser(ana, { jobTitle: "CEO" }))).toEqual([]);
    const cleared = await entriesAfter(() => tenant.updateUser(ana, { department: null }));
    expect(cleared).toEqual([{ ...anaNow, department: null } as DeltaEntry]);
    expect(await entriesAfter(() => tenant.deleteUser(ana))).toEqual([{ id: ana, "@removed": { reason: "changed" } }]);
    expect(await entriesAfter(() => tenant.restoreUser(ana))).toHaveLength(1);
    expect(await entriesAfter(() => tenant.purgeUser(ana))).toEqual([{ id: ana, "@removed": { reason: "deleted" } }]);
    const bea = await entriesAfter(() => void tenant.addUser({ displayName: "Bea" }));
    expect(bea.map(({ displayName }) => displayName)).toEqual(["Bea"]);
  });

  test("gives only what changed on Prefer: return=minimal", async () => {
    const { tenant, ana, read, latest } = await openDeltaSite();
    const link = await latest(query);
    tenant.updateUser(ana, { mail: "new@contoso.example" });
    const { value } = await read(link, { Prefer: "return=minimal" });
    expect(value).toEqual([{ id: ana, mail: "new@contoso.example" } as DeltaEntry]);
  });

  test("learns of changes only after the replication delay", async () => {
    const { tenant, clock, ana, round, latest } = await openDeltaSite();
    clock.freeze();
    const link = await latest(query);
    tenant.replicationDelay = 60_000;
    tenant.updateUser(ana, { displayName: "Ana B" });
    const first = await round(link);
    expect(first.entries).toEqual([]);
    clock.advance(60_000);
    expect((await round(first.link)).entries).toHaveLength(1);
  });
});

test("directoryObjects delta takes the intersection of types and ids, with typed properties", async () => {
  const { pro, ana, round } = await openDeltaSite();
  const filter = `isof('microsoft.graph.user') or id eq '${ana}' or id eq '${pro}'`;
  const { entries } = await round(
    `/v1.0/directoryObjects/delta?$filter=${filter}&$select=microsoft.graph.user/displayName`,
  );
  expect(entries).toEqual([{ "@odata.type": "#microsoft.graph.user", id: ana, displayName: "Ana" } as DeltaEntry]);
});

describe("a delta refuses", () => {
  const ids = Array.from({ length: 51 }, () => `id eq '${crypto.randomUUID()}'`).join(" or ");
  test.each([
    ["$expand", "/groups/delta?$expand=members"],
    ["$top", "/users/delta?$top=5"],
    ["$orderby", "/users/delta?$orderby=displayName"],
    ["more than 50 ids", `/groups/delta?$filter=${ids}`],
    ["filters on anything but ids", "/groups/delta?$filter=displayName eq 'Pro'"],
    ["unknown properties", "/users/delta?$select=shoeSize"],
    ["tokens it did not give", "/users/delta?$deltatoken=abc.def"],
  ])("%s", async (_title, path) => {
    const { graph } = await openDeltaSite();
    expect((await graph(`/v1.0${path}`)).status).toBe(400);
  });

  test("other query options beside its token, and tokens of another resource", async () => {
    const { graph, latest } = await openDeltaSite();
    const link = await latest("/users/delta");
    expect((await graph(`${link}&$select=mail`)).status).toBe(400);
    expect((await graph(link.replace("/users/", "/groups/"))).status).toBe(400);
  });
});

describe("a delta token", () => {
  test("expires after seven days with syncStateNotFound", async () => {
    const { clock, graph, groupsQuery, latest } = await openDeltaSite();
    const link = await latest(groupsQuery);
    clock.advance(7 * DAY - 60_000);
    expect((await graph(link)).status).toBe(200);
    clock.advance(120_000);
    const answer = await graph(link);
    expect([answer.status, ((await answer.json()) as DeltaPage).error?.code]).toEqual([400, "syncStateNotFound"]);
  });

  test("is answered with 410 and the place to start again after a reset", async () => {
    const { tenant, graph, groupsQuery, round, latest } = await openDeltaSite();
    const link = await latest(groupsQuery);
    tenant.resetDeltas();
    const answer = await graph(link);
    expect([answer.status, ((await answer.json()) as DeltaPage).error?.code]).toEqual([410, "resyncRequired"]);
    const location = answer.headers.get("location") ?? "";
    expect(location).toEndWith("&$deltatoken=");
    expect((await round(location)).entries).toHaveLength(1);
  });

  test("works in a batch, unless that is to be refused", async () => {
    const { simulator, origin, graph, groupsQuery, latest } = await openDeltaSite();
    const url = (await latest(groupsQuery)).slice(`${origin}/v1.0`.length);
    const batch = async () => {
      const body = JSON.stringify({ requests: [{ id: "1", method: "GET", url }] });
      const answer = await graph("/v1.0/$batch", { method: "POST", body });
      return ((await answer.json()) as { responses: { status: number }[] }).responses[0]?.status;
    };
    expect(await batch()).toBe(200);
    simulator.faults.add({ kind: "refuseDeltaInBatch", times: Number.POSITIVE_INFINITY });
    expect(await batch()).toBe(400);
    expect((await graph(`/v1.0${url}`)).status).toBe(200);
  });
});
