import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../../src/simulator/clock.ts";
import { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { registerApplication } from "../support/serve-simulator.ts";
import { connect, serveForFile } from "../support/simulator-client.ts";

interface Listing {
  value: Record<string, unknown>[];
  "@odata.nextLink"?: string;
  "@odata.count"?: number;
  error?: { code: string; message: string };
}

const clock = new SimulatedClock();
const tenant = new SimulatedTenant({ id: crypto.randomUUID(), clock });
const parent = tenant.addGroup("SecureExchanges_Licences");
const pro = tenant.addGroup("Pro");
const sales = tenant.addGroup("Sales");
const people = Array.from({ length: 250 }, (_, index) =>
  tenant.addUser({ displayName: `P${index}`, mail: `p${index}@contoso.example`, department: "Sales" }),
);
tenant.addMember(parent, pro);
tenant.addMember(pro, sales);
for (const id of people) tenant.addMember(sales, id);
tenant.addMember(pro, people[0] ?? "");
const device = tenant.addOther("device", { displayName: "PC-1" });
tenant.addMember(pro, device);
const quoted = tenant.addGroup("O'Brien & Co #1");

const { simulator, origin, application, graph } = await serveForFile(tenant);

const get = async (path: string, headers: Record<string, string> = {}): Promise<Listing> =>
  (await (await graph(`/v1.0${path}`, { headers })).json()) as Listing;
const refusal = async (path: string, init?: RequestInit): Promise<string> => {
  const answer = await graph(`/v1.0${path}`, init);
  const { error } = (await answer.json()) as Listing;
  return `${answer.status} ${error?.code}`;
};
const everything = async (path: string, headers: Record<string, string> = {}): Promise<Listing["value"]> => {
  let page = await get(path, headers);
  const all = [...page.value];
  while (page["@odata.nextLink"]) {
    page = (await (await graph(page["@odata.nextLink"], { headers })).json()) as Listing;
    all.push(...page.value);
  }
  return all;
};

describe("groups are found", () => {
  test.each([
    ["by name, without regard to case", "displayName eq 'pro'", [pro]],
    ["by a list of names", "displayName in ('Pro','Sales','Nobody')", [pro, sales]],
    ["by a name with quotes and signs", "displayName eq 'O''Brien & Co #1'", [quoted]],
    ["by alternatives of ids", `id eq '${pro}' or id eq '${parent}'`, [parent, pro]],
  ])("%s", async (_title, filter, expected) => {
    const { value } = await get(`/groups?$filter=${encodeURIComponent(filter)}&$select=id`);
    expect(value.map(({ id }) => id)).toEqual(expected);
    expect(value.map((item) => Object.keys(item))).toEqual(expected.map(() => ["id"]));
  });

  test("all of them when two bear the same name", async () => {
    const twins = [tenant.addGroup("Twin"), tenant.addGroup("Twin")];
    const { value } = await get("/groups?$filter=displayName eq 'Twin'");
    expect(value.map(({ id }) => id)).toEqual(twins);
    for (const twin of twins) tenant.deleteGroup(twin);
  });
});

describe("members", () => {
  test("come direct, with their types, and nested groups as groups", async () => {
    const { value } = await get(`/groups/${pro}/members?$select=id,displayName,accountEnabled`);
    expect(value).toEqual([
      { "@odata.type": "#microsoft.graph.group", id: sales, displayName: "Sales" },
      { "@odata.type": "#microsoft.graph.user", id: people[0], displayName: "P0", accountEnabled: true },
      // Device.Read.All is not among the agent's permissions
      { "@odata.type": "#microsoft.graph.device", id: device, displayName: null, accountEnabled: null },
    ]);
  });

  test("come transitively, each once, over pages of 100 or as $top says", async () => {
    expect(await everything(`/groups/${parent}/transitiveMembers?$select=id`)).toHaveLength(253);
    expect(simulator.log.counts.graph).toBe(3);
    expect((await get(`/groups/${parent}/transitiveMembers?$select=id&$top=999`)).value).toHaveLength(253);
  });

  test("cast to users need no advanced query and bear no type", async () => {
    const users = await everything(`/groups/${parent}/transitiveMembers/microsoft.graph.user?$select=id`);
    expect(users).toHaveLength(250);
    expect(users[0]).toEqual({ id: people[0] });
  });

  test("cast to groups need ConsistencyLevel and $count, on each page again", async () => {
    const path = `/groups/${parent}/transitiveMembers/microsoft.graph.group?$top=1&$count=true`;
    expect(await refusal(path)).toBe("400 Request_UnsupportedQuery");
    const headers = { ConsistencyLevel: "eventual" };
    const first = await get(path, headers);
    expect(first["@odata.count"]).toBe(2);
    const next = first["@odata.nextLink"]?.slice(`${origin}/v1.0`.length) ?? "";
    expect(await refusal(next)).toBe("400 Request_UnsupportedQuery");
    const second = await get(next, headers);
    expect([second.value.length, second["@odata.count"]]).toEqual([1, undefined]);
  });

  test("of a group with hidden membership read as none, without an error", async () => {
    const hidden = tenant.addGroup("Hidden", { visibility: "HiddenMembership" });
    tenant.addMember(hidden, people[0] ?? "");
    expect((await get(`/groups/${hidden}/members`)).value).toEqual([]);
    tenant.deleteGroup(hidden);
  });

  test("who are soft-deleted do not show", async () => {
    tenant.deleteUser(people[9] ?? "");
    expect(await everything(`/groups/${sales}/members`)).toHaveLength(249);
    tenant.restoreUser(people[9] ?? "");
    expect(await everything(`/groups/${sales}/members`)).toHaveLength(250);
  });
});

describe("Graph refuses", () => {
  const fifty = Array.from({ length: 16 }, (_, index) => `'g${index}'`).join(",");
  test.each([
    ["unknown options", "/groups?$foo=1", "400 Request_BadRequest"],
    ["options without their sign", "/groups?select=id", "400 Request_BadRequest"],
    ["an option given twice", "/groups?$top=5&$top=6", "400 Request_BadRequest"],
    ["$top over 999", `/groups/${pro}/members?$top=1000`, "400 Request_BadRequest"],
    ["$expand", "/groups?$expand=members", "400 Request_BadRequest"],
    ["unknown properties", "/users?$select=id,shoeSize", "400 BadRequest"],
    ["properties kept elsewhere", "/users?$select=mailboxSettings", "501 NotImplemented"],
    ["more than 15 alternatives", `/groups?$filter=displayName in (${fifty})`, "400 Request_UnsupportedQuery"],
    ["filters on other properties", "/groups?$filter=visibility eq 'Public'", "400 Request_UnsupportedQuery"],
    ["broken filters", "/groups?$filter=displayName eq 'x", "400 Request_BadRequest"],
    ["counting without ConsistencyLevel", `/groups/${pro}/members/$count`, "400 Request_BadRequest"],
    ["unknown groups", `/groups/${crypto.randomUUID()}/members`, "404 Request_ResourceNotFound"],
    ["unknown people", "/users/nobody", "404 Request_ResourceNotFound"],
    ["unknown paths", "/me", "400 BadRequest"],
    ["page tokens it did not give", "/groups?$skiptoken=abc", "400 Request_BadRequest"],
  ])("%s", async (_title, path, expected) => {
    expect(await refusal(path)).toBe(expected);
  });

  test("a page token with another query", async () => {
    const next = new URL((await get(`/groups/${sales}/members?$select=id`))["@odata.nextLink"] ?? "");
    const token = next.searchParams.get("$skiptoken");
    expect(await refusal(`/groups/${sales}/members?$select=id,mail&$skiptoken=${token}`)).toBe(
      "400 Request_BadRequest",
    );
  });

  test("other methods and other versions", async () => {
    expect(await refusal("/groups", { method: "DELETE" })).toBe("405 Request_BadRequest");
    expect((await graph("/beta/groups")).status).toBe(400);
  });

  test("whoever has no token, a forged one, or an expired one", async () => {
    const without = await fetch(`${origin}/v1.0/groups`);
    expect([without.status, without.headers.get("www-authenticate")?.slice(0, 15)]).toEqual([401, 'Bearer realm=""']);
    const forged = await graph("/v1.0/groups", { headers: { authorization: `Bearer ${graph.token}x` } });
    expect(forged.status).toBe(401);
    const begin = clock.now();
    clock.advance(3_600_000);
    expect(await refusal("/groups")).toBe("401 InvalidAuthenticationToken");
    clock.set(begin);
  });

  test("what was not granted, per path, and keeps people's properties back", async () => {
    const poor = await connect(origin, tenant, registerApplication(tenant, { roles: ["GroupMember.Read.All"] }));
    const status = async (path: string) => (await poor(`/v1.0${path}`)).status;
    expect(await status("/groups")).toBe(200);
    expect(await status("/users")).toBe(403);
    expect(await status(`/users/${people[0]}/mailboxSettings`)).toBe(403);
    const page = (await (await poor(`/v1.0/groups/${sales}/members?$select=id,mail&$top=1`)).json()) as Listing;
    expect(page.value).toEqual([{ "@odata.type": "#microsoft.graph.user", id: people[0], mail: null }]);
    const none = await connect(origin, tenant, registerApplication(tenant, { roles: [] }));
    const answer = await none("/v1.0/groups");
    expect(((await answer.json()) as Listing).error?.code).toBe("Authorization_RequestDenied");
  });
});

describe("people", () => {
  test("are read by up to 15 ids, and the unknown are left out", async () => {
    const { value } = await get(
      `/users?$filter=id in ('${people[3]}','${crypto.randomUUID()}')&$select=id,mail,jobTitle`,
    );
    expect(value).toEqual([{ id: people[3], mail: "p3@contoso.example", jobTitle: null }]);
  });

  test("have mailbox settings, whole or one property, in both documented shapes", async () => {
    const id = people[0] ?? "";
    tenant.setMailbox(id, {
      kind: "present",
      userPurpose: "shared",
      locale: "fr-CA",
      timeZone: "Eastern Standard Time",
    });
    const path = `/v1.0/users/${id}/mailboxSettings`;
    const read = async (url: string) => (await (await graph(url)).json()) as Record<string, unknown>;
    expect(await read(path)).toMatchObject({ userPurpose: { value: "shared" }, language: { locale: "fr-CA" } });
    tenant.userPurposeShape = "string";
    expect(await read(`${path}?$select=userPurpose,timeZone`)).toMatchObject({
      userPurpose: "shared",
      timeZone: "Eastern Standard Time",
    });
    expect(await read(`${path}/userPurpose`)).toMatchObject({ value: "shared" });
    tenant.userPurposeShape = "object";
  });

  test.each([
    ["notEnabled", "404 MailboxNotEnabledForRESTAPI"],
    ["notDiscovered", "404 ResourceNotFound"],
    ["accessDenied", "403 ErrorAccessDenied"],
    ["extensionError", "403 ExtensionError"],
    ["failing", "403 ErrorInternalServerError"],
  ] as const)("whose mailbox is %s are refused with %s", async (kind, expected) => {
    tenant.setMailbox(people[1] ?? "", { kind });
    expect(await refusal(`/users/${people[1]}/mailboxSettings`)).toBe(expected);
  });
});

test("a fifth request at the same time to one mailbox is throttled, others are not", async () => {
  simulator.faults.add({ kind: "slow", milliseconds: 50, match: "mailboxSettings", times: 5 });
  const ask = async (id = "") => (await graph(`/v1.0/users/${id}/mailboxSettings`)).status;
  const [same, other] = [people[5], people[6]];
  const statuses = await Promise.all([ask(same), ask(same), ask(same), ask(same), ask(same), ask(other)]);
  expect(statuses.sort()).toEqual([200, 200, 200, 200, 200, 429]);
});

test("every answer bears Graph's headers", async () => {
  clock.freeze(Date.UTC(2026, 0, 1, 10));
  tenant.tokenLifetime = 1e9;
  const fresh = await connect(origin, tenant, application);
  const { headers } = await fresh(`/v1.0/groups/${pro}/members?$select=id`, {
    headers: { "client-request-id": "abc" },
  });
  expect(headers.get("request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.get("client-request-id")).toBe("abc");
  expect(headers.get("date")).toBe("Thu, 01 Jan 2026 10:00:00 GMT");
  expect(headers.get("x-ms-resource-unit")).toBe("2");
  expect(headers.get("odata-version")).toBe("4.0");
  expect(headers.get("content-type")).toStartWith("application/json;odata.metadata=minimal");
});
