import { describe, expect, test } from "bun:test";
import { type ScimParts, scimParts } from "../support/scim-target.ts";
import { scimError } from "../support/strict-scim.ts";
import { applyAll, item, personId, profileOf, told } from "../support/target-people.ts";

/** People 1 to `count` with accounts. */
async function housed(count: number): Promise<ScimParts> {
  const parts = scimParts();
  await parts.refresh();
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  await applyAll(
    parts,
    numbers.map((number) => item(parts.store, number, "create")),
  );
  return parts;
}

/** The person of that number takes the address of another. */
function move({ store }: ScimParts, number: number, to: number) {
  const { userName, address } = profileOf(to);
  return item(store, number, "update", null, null, { profile: profileOf(number, { userName, address }) });
}

/** Who has which user name at the service: `1 p2@contoso.example`. */
function names({ scim }: ScimParts): string[] {
  return [...scim.users.values()]
    .map(({ externalId, userName }) => `${Number(String(externalId).slice(-12))} ${userName}`)
    .sort();
}

describe("people who exchange addresses", () => {
  test.each([[2], [3]])("get them where the service keeps user names apart (%p of them)", async (count) => {
    const parts = await housed(count);
    const ring = Array.from({ length: count }, (_, index) => move(parts, index + 1, ((index + 1) % count) + 1));
    expect(told(await applyAll(parts, ring)).sort()).toEqual(ring.map((_, index) => `update ${index + 1} ok`));
    expect(names(parts)).toEqual(ring.map((_, index) => `${index + 1} p${((index + 1) % count) + 1}@contoso.example`));
    for (const { emails } of parts.scim.users.values()) expect(emails).toHaveLength(1);
  });

  test("keep their own when one of them is refused", async () => {
    const parts = await housed(2);
    const second = parts.store.remote.of(personId(2))?.remoteId ?? "";
    parts.scim.fault = ({ method, path }) => (method === "PATCH" && path.endsWith(second) ? scimError(422) : null);
    const results = await applyAll(parts, [move(parts, 1, 2), move(parts, 2, 1)]);
    expect(told(results).sort()).toEqual(["update 1 ERR_TARGET_REFUSED", "update 2 ERR_TARGET_REFUSED"]);
    expect(names(parts)).toEqual(["1 p1@contoso.example", "2 p2@contoso.example"]);
  });

  test("get them in the next cycle when this one is cut in the middle", async () => {
    const parts = await housed(2);
    parts.scim.fault = ({ method, body }) =>
      method === "PATCH" && JSON.stringify(body).includes("p1@contoso.example") ? scimError(502) : null;
    const both = [move(parts, 1, 2), move(parts, 2, 1)];
    await expect(applyAll(parts, both)).rejects.toMatchObject({ code: "ERR_TARGET_UNREACHABLE" });
    parts.scim.fault = () => null;
    await parts.refresh(parts.store.journal.unsettled());
    expect(told(await applyAll(parts, both)).sort()).toEqual(["update 1 ok", "update 2 ok"]);
    expect(names(parts)).toEqual(["1 p2@contoso.example", "2 p1@contoso.example"]);
  });

  test("are refused one by one where the address is somebody else's", async () => {
    const parts = await housed(2);
    parts.scim.add({ userName: "p3@contoso.example" });
    const results = await applyAll(parts, [move(parts, 1, 3), move(parts, 2, 1)]);
    expect(told(results).sort()).toEqual(["update 1 ERR_TARGET_REFUSED", "update 2 ERR_TARGET_REFUSED"]);
    expect(names(parts)).toEqual(["1 p1@contoso.example", "2 p2@contoso.example", "NaN p3@contoso.example"]);
  });
});
