import { describe, expect, test } from "bun:test";
import { writes } from "../support/recording-fetch.ts";
import { scimParts } from "../support/scim-target.ts";
import { applyAll, item, personId, told } from "../support/target-people.ts";

describe("bulk", () => {
  const bulk = { maxOperations: 4, maxPayloadSize: 100_000 };

  test("creates many at once, within what the service takes", async () => {
    const parts = scimParts({ bulk });
    await parts.refresh();
    parts.scim.log.length = 0;
    const people = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const items = people.flatMap((n) => [item(parts.store, n, "create"), item(parts.store, n, "assign", null, "Pro")]);
    expect((await applyAll(parts, items)).every(({ ok }) => ok)).toBe(true);
    expect(writes(parts.scim.log)).toEqual(["POST /Bulk", "POST /Bulk", "POST /Bulk"]);
    expect(parts.scim.users.size).toBe(10);
    expect([...parts.store.accounts.usage()]).toEqual([["Pro", 10]]);
  });

  test("does alone what was refused in it, so that a refusal is one person's", async () => {
    const parts = scimParts({ bulk });
    parts.scim.add({ userName: "p2@contoso.example", externalId: personId(2) });
    await parts.refresh();
    parts.store.remote.remove(parts.store.remote.of(personId(2))?.key ?? 0);
    parts.scim.fault = ({ path, body }) =>
      path === "/Users" && body?.["userName"] === "p3@contoso.example"
        ? Response.json({ detail: "no such domain" }, { status: 400 })
        : null;
    const items = [1, 2, 3].flatMap((n) => [
      item(parts.store, n, "create"),
      item(parts.store, n, "assign", null, "Eco"),
    ]);
    expect(told(await applyAll(parts, items)).sort()).toEqual([
      "assign 1 ok",
      "assign 2 ok",
      "create 1 ok",
      "create 2 ok",
      "create 3 ERR_TARGET_REFUSED",
    ]);
    expect([...parts.scim.users.values()].map(({ entitlements }) => entitlements)).toEqual([
      [{ value: "Eco" }],
      [{ value: "Eco" }],
    ]);
  });

  test("asks again alone for what the service had no time for", async () => {
    const parts = scimParts({ bulk });
    await parts.refresh();
    parts.scim.fault = ({ method, body }) =>
      method === "BULK POST" && body?.["externalId"] === personId(2) ? Response.json({}, { status: 429 }) : null;
    const results = await applyAll(
      parts,
      [1, 2, 3].map((number) => item(parts.store, number, "create")),
    );
    expect(told(results).sort()).toEqual(["create 1 ok", "create 2 ok", "create 3 ok"]);
  });

  test("is given up where the service turns it down as a whole", async () => {
    const parts = scimParts({ bulk });
    await parts.refresh();
    parts.scim.fault = ({ path }) => (path === "/Bulk" ? Response.json({}, { status: 413 }) : null);
    parts.scim.log.length = 0;
    const people = [1, 2, 3, 4, 5, 6];
    const results = await applyAll(
      parts,
      people.map((number) => item(parts.store, number, "create")),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(writes(parts.scim.log).filter((line) => line === "POST /Bulk")).toHaveLength(1);
    expect(parts.scim.users.size).toBe(6);
  });
});
