import { describe, expect, test } from "bun:test";
import { writes } from "../support/recording-fetch.ts";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import { type StrictOptions, scimError } from "../support/strict-scim.ts";
import { applyAll, item, personId, told } from "../support/target-people.ts";

async function ready(service: StrictOptions = {}, more: Parameters<typeof scimParts>[1] = {}): Promise<ScimParts> {
  const parts = scimParts(service, more);
  await parts.refresh();
  parts.scim.log.length = 0;
  return parts;
}

const create = ({ store }: ScimParts, number = 1) => item(store, number, "create");
const unreachable = { code: "ERR_TARGET_UNREACHABLE" };

describe("an answer that was lost", () => {
  test("of a creation: the account is found by its object id and bound, not made again", async () => {
    const parts = await ready();
    parts.scim.recording.loseAnswer = ({ method }) => method === "POST";
    await expect(applyAll(parts, [create(parts)])).rejects.toMatchObject(unreachable);
    parts.scim.recording.loseAnswer = () => false;
    expect(parts.store.journal.unsettled()).toEqual([personId(1)]);
    await parts.refresh(parts.store.journal.unsettled());
    const account = parts.store.people.person(personId(1))?.account;
    expect(account?.key).toBeNumber();
    expect(parts.scim.users.size).toBe(1);
  });

  test("of a creation, where the next cycle creates again: what is there is taken", async () => {
    const parts = await ready();
    parts.scim.recording.loseAnswer = ({ method }) => method === "POST";
    await expect(applyAll(parts, [create(parts)])).rejects.toMatchObject(unreachable);
    parts.scim.recording.loseAnswer = () => false;
    const again = [create(parts), item(parts.store, 1, "assign", null, "Pro")];
    expect(told(await applyAll(parts, again))).toEqual(["create 1 ok", "assign 1 ok"]);
    expect([...parts.scim.users.values()]).toMatchObject([{ entitlements: [{ value: "Pro" }] }]);
  });

  test("of a creation, where the service cannot filter: everything is read again", async () => {
    const parts = await ready({ filter: false });
    parts.scim.recording.loseAnswer = ({ method }) => method === "POST";
    await expect(applyAll(parts, [create(parts)])).rejects.toMatchObject(unreachable);
    await parts.refresh(parts.store.journal.unsettled());
    expect(parts.store.people.person(personId(1))?.account?.key).toBeNumber();
  });

  test("of a purge: it is done again, and the event log goes", async () => {
    const parts = await ready();
    await applyAll(parts, [create(parts), item(parts.store, 1, "assign", null, "Pro")]);
    await applyAll(parts, [item(parts.store, 1, "revoke", "Pro", null)]);
    parts.scim.recording.loseAnswer = ({ method }) => method === "DELETE";
    await expect(applyAll(parts, [item(parts.store, 1, "purge")])).rejects.toMatchObject(unreachable);
    parts.scim.recording.loseAnswer = () => false;
    await parts.refresh(parts.store.journal.unsettled());
    expect(told(await applyAll(parts, [item(parts.store, 1, "purge")]))).toEqual(["purge 1 ok"]);
    const { items } = parts.views.events("contoso", personId(1), { limit: 9 });
    expect(items.map(({ type }) => type)).toEqual(["purged"]);
  });

  test("stops the batch, and what was done before it is recorded", async () => {
    const parts = await ready();
    const people = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    let posts = 0;
    parts.scim.fault = ({ method }) => {
      if (method !== "POST") return null;
      posts += 1;
      return posts > 5 ? scimError(503) : null;
    };
    await expect(
      applyAll(
        parts,
        people.map((n) => create(parts, n)),
      ),
    ).rejects.toMatchObject(unreachable);
    expect(parts.store.accounts.count()).toBe(5);
    expect(posts).toBeLessThan(10);
    expect(parts.store.journal.unsettled()).toHaveLength(5);
  });
});

describe("an account in the way of a new one", () => {
  test("that is nobody's is taken into the copy, so that the next cycle adopts it", async () => {
    const parts = await ready();
    parts.scim.add({ userName: "P1@contoso.example", emails: [{ value: "info@contoso.example" }] });
    const [result] = await applyAll(parts, [create(parts)]);
    expect(result).toMatchObject({ ok: false, message: "an account id-1 of this name is there already" });
    expect(parts.store.accounts.unbound(["p1@contoso.example"])).toMatchObject([{ boundTo: null }]);
    expect(parts.scim.users.size).toBe(1);
  });

  test.each([
    ["says that it cannot filter", { filter: false }, () => null],
    ["refuses every filter", {}, ({ path }: { path: string }) => (path === "/Users" ? scimError(400) : null)],
  ] as const)("is found where the service %s, also right after a start", async (_, service, refuse) => {
    const parts = await ready(service);
    parts.scim.add({ userName: "P1@contoso.example", emails: [] });
    const started = { ...parts, target: parts.restarted() };
    parts.scim.fault = (request) => (request.query.includes("filter=") ? refuse(request) : null);
    const [result] = await applyAll(started, [create(parts)]);
    expect(result).toMatchObject({ ok: false, message: "an account id-1 of this name is there already" });
    expect(parts.store.accounts.unbound(["p1@contoso.example"])).toMatchObject([{ boundTo: null }]);
  });

  test("that bears another object id stays the other's, and the next cycle says so", async () => {
    const parts = await ready();
    parts.scim.add({ userName: "p1@contoso.example", externalId: personId(77) });
    const [result] = await applyAll(parts, [create(parts)]);
    expect(result).toMatchObject({
      ok: false,
      code: "ERR_TARGET_REFUSED",
      message: "creating the account was answered 409 uniqueness: the user name is taken",
    });
    expect(parts.store.accounts.unbound(["p1@contoso.example"])).toMatchObject([{ boundTo: personId(77) }]);
  });

  test("is not let in by a name with quotes and filter words in it", async () => {
    const parts = await ready();
    parts.scim.add({ userName: "boss@contoso.example" });
    const userName = 'x" or userName sw "';
    parts.scim.fault = ({ method }) => (method === "POST" ? scimError(409, "uniqueness") : null);
    const profile = { ...item(parts.store, 1, "create").profile, userName } as never;
    await applyAll(parts, [item(parts.store, 1, "create", null, null, { profile })]);
    expect(parts.scim.log.map(({ path }) => path)).toContain(`/Users?filter=userName eq ${JSON.stringify(userName)}`);
    expect(parts.store.accounts.count()).toBe(0);
  });
});

describe("one person's refusal", () => {
  test("says status, scimType and detail, on one line, cut, and never more of the body", async () => {
    const parts = await ready();
    const detail = `no\r\n${"\u202e"}seat ${"x".repeat(500)}`;
    parts.scim.fault = ({ method }) => (method === "POST" ? scimError(400, "invalidValue", detail) : null);
    const [result] = await applyAll(parts, [create(parts)]);
    const message = result?.ok === false ? result.message : "";
    expect(message).toStartWith("creating the account was answered 400 invalidValue: no \u{fffd}seat xxx");
    expect(message.length).toBeLessThan(300);
  });

  test("does not stop the others, nor does an account that makes the service fail", async () => {
    const parts = await ready();
    parts.scim.fault = ({ method, body }) =>
      method === "POST" && body?.["externalId"] === personId(2)
        ? scimError(500, undefined, "NullPointerException")
        : null;
    const results = await applyAll(
      parts,
      [1, 2, 3].map((number) => create(parts, number)),
    );
    expect(told(results).sort()).toEqual(["create 1 ok", "create 2 ERR_TARGET_REFUSED", "create 3 ok"]);
  });

  test("of an account that may not be touched is one person's where the credential may write", async () => {
    const parts = await ready();
    parts.scim.fault = ({ body }) =>
      body?.["externalId"] === personId(1) ? scimError(403, undefined, "protected") : null;
    const results = await applyAll(
      parts,
      [1, 2].map((number) => create(parts, number)),
    );
    expect(told(results).sort()).toEqual(["create 1 ERR_TARGET_REFUSED", "create 2 ok"]);
  });

  test("of the only one who is written is theirs where the credential wrote before and reads", async () => {
    const parts = await ready();
    await applyAll(parts, [create(parts, 2)]);
    const started = { ...parts, target: parts.restarted() };
    parts.scim.fault = ({ method }) => (method === "POST" ? scimError(403, undefined, "protected") : null);
    expect(told(await applyAll(started, [create(parts)]))).toEqual(["create 1 ERR_TARGET_REFUSED"]);
    const forbidden = { code: "ERR_TARGET_FORBIDDEN" };
    const both = { ...parts, target: parts.restarted() };
    await expect(applyAll(both, [create(parts), create(parts, 3)])).rejects.toMatchObject(forbidden);
    parts.scim.fault = () => scimError(403);
    const shut = { ...parts, target: parts.restarted() };
    await expect(applyAll(shut, [create(parts)])).rejects.toMatchObject(forbidden);
  });

  test("is forgotten with the account when that is gone", async () => {
    const parts = await ready();
    await applyAll(parts, [create(parts), item(parts.store, 1, "assign", null, "Pro")]);
    parts.scim.users.clear();
    const results = await applyAll(parts, [
      item(parts.store, 1, "update"),
      item(parts.store, 1, "change", "Pro", "Eco"),
    ]);
    expect(told(results)).toEqual(["update 1 ERR_TARGET_REFUSED"]);
    expect(parts.store.people.person(personId(1))?.account).toBeNull();
  });

  test("ends an exchange of seats before anybody gets one that is not free", async () => {
    const parts = await ready();
    for (const [number, tier] of [
      [1, "Pro"],
      [2, "Eco"],
    ] as const) {
      await applyAll(parts, [create(parts, number), item(parts.store, number, "assign", null, tier)]);
    }
    const first = parts.store.remote.of(personId(1))?.remoteId ?? "";
    parts.scim.fault = ({ method, path }) => (method === "PATCH" && path.endsWith(first) ? scimError(422) : null);
    const results = await applyAll(parts, [
      item(parts.store, 1, "change", "Pro", "Eco", { swap: 1 }),
      item(parts.store, 2, "change", "Eco", "Pro", { swap: 1 }),
    ]);
    expect(told(results)).toEqual(["change 1 ERR_TARGET_REFUSED"]);
  });
});

describe("a service in trouble", () => {
  test("that asks to wait is waited for, by all requests", async () => {
    const parts = await ready();
    let left = 2;
    parts.scim.fault = ({ method }) => {
      if (method !== "POST" || left === 0) return null;
      left -= 1;
      return scimError(429, undefined, undefined, { "retry-after": "7" });
    };
    expect(told(await applyAll(parts, [create(parts)]))).toEqual(["create 1 ok"]);
    expect(parts.waits.every((seconds) => seconds >= 6 && seconds <= 14)).toBe(true);
    expect(parts.waits).toHaveLength(2);
  });

  test.each([
    ["asks to wait too long", () => scimError(429, undefined, undefined, { "retry-after": "3600" })],
    ["asks to wait again and again", () => scimError(503, undefined, undefined, { "retry-after": "0" })],
    ["fails", () => scimError(500)],
    ["is a proxy that fails", () => new Response("<html>", { status: 502 })],
    ["sends one elsewhere", () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:9/" } })],
  ])("that %s ends the batch", async (_, fault) => {
    const parts = await ready();
    parts.scim.fault = fault;
    await expect(applyAll(parts, [create(parts)])).rejects.toMatchObject(unreachable);
    expect(Math.max(0, ...parts.waits)).toBeLessThanOrEqual(60);
  });

  test("that gives no answer in time, or is not there, ends the batch", async () => {
    const parts = await ready();
    const never: typeof parts.scim.fetch = (_, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    const slow = parts.restarted({ fetch: never, requestTimeout: 30 });
    await expect(applyAll({ ...parts, target: slow }, [create(parts)])).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining("no answer within"),
    });
    const gone = parts.restarted({ fetch: (input, init) => fetch(input.replace(/:\d+\//, ":1/"), init) });
    await expect(applyAll({ ...parts, target: gone }, [create(parts)])).rejects.toMatchObject(unreachable);
  });

  test("is left when the agent is told to stop, with the reason it was given", async () => {
    const parts = await ready();
    const stop = new AbortController();
    parts.scim.fault = ({ method }) => {
      if (method === "POST") stop.abort(new Error("enough"));
      return null;
    };
    const applying = applyAll(
      parts,
      [1, 2, 3, 4, 5, 6, 7, 8].map((n) => create(parts, n)),
      stop.signal,
    );
    await expect(applying).rejects.toMatchObject({ code: "ERR_STOPPED" });
    expect(writes(parts.scim.log).length).toBeLessThan(8);
  });
});

describe("a credential", () => {
  test("that is refused fails the cycle", async () => {
    const parts = scimParts({}, { auth: { kind: "token", read: async () => "wrong" } });
    await expect(parts.refresh()).rejects.toMatchObject({ code: "ERR_TARGET_FORBIDDEN" });
    const readOnly = await ready();
    readOnly.scim.fault = ({ method }) => (method === "GET" ? null : scimError(403));
    await expect(applyAll(readOnly, [create(readOnly)])).rejects.toMatchObject({ code: "ERR_TARGET_FORBIDDEN" });
  });

  test("that was changed is read again, within a cycle too", async () => {
    let token = "first";
    const parts = scimParts({ token: () => token }, { auth: { kind: "token", read: async () => token } });
    await parts.refresh();
    token = "second";
    expect(told(await applyAll(parts, [create(parts)]))).toEqual(["create 1 ok"]);
  });
});
