/** An address that was changed, and changed back in Entra before anybody knew whether the first change had been made. */
import { describe, expect, test } from "bun:test";
import { scimTenant } from "../support/scim-tenant.ts";
import { scimError } from "../support/strict-scim.ts";
import { personId } from "../support/target-people.ts";

const WRONG = "wrong@contoso.example";

async function ready(count = 1): Promise<ReturnType<typeof scimTenant>> {
  const parts = scimTenant();
  for (let number = 1; number <= count; number += 1) parts.members.set(number, "Pro");
  await parts.cycle();
  return parts;
}

/** What the licence system has. */
function names({ scim }: ReturnType<typeof scimTenant>): unknown[] {
  return [...scim.users.values()].map(({ userName, emails }) => {
    const [first, ...others] = emails as { value: string }[];
    return [userName, first?.value, others.length];
  });
}

const own = (number: number): unknown => [`p${number}@contoso.example`, `P${number}@contoso.example`, 0];

describe("a change of address that was taken back", () => {
  test.each([
    ["was lost", null],
    ["said that the service failed", () => scimError(500)],
    ["came from a gateway", () => scimError(504)],
  ])("is taken back in the licence system, too, where its answer %s", async (_, lie) => {
    const parts = await ready();
    parts.addresses.set(1, WRONG);
    parts.scim.recording.loseAnswer = ({ method }) => lie === null && method === "PATCH";
    parts.scim.lie = ({ method }) => (lie !== null && method === "PATCH" ? lie() : null);
    await parts.cycle();
    expect(names(parts)).toEqual([[WRONG, WRONG, 0]]);
    parts.scim.recording.loseAnswer = () => false;
    parts.scim.lie = () => null;
    parts.addresses.clear();
    parts.restart();
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", actions: { update: 1 } });
    expect(names(parts)).toEqual([own(1)]);
    expect(await parts.cycle()).toMatchObject({ actions: { update: 0 }, requests: { target: 0 } });
  });

  test("is not sent again where nothing was lost but a licence", async () => {
    const parts = await ready();
    parts.members.set(1, "Eco");
    parts.scim.recording.loseAnswer = ({ method }) => method === "PATCH";
    await parts.cycle();
    parts.scim.recording.loseAnswer = () => false;
    expect(await parts.cycle()).toMatchObject({ outcome: "succeeded", actions: { update: 0, change: 0 } });
  });

  test.each([
    [1, "to aside"],
    [2, "of the other"],
    [3, "from aside"],
  ])("in an exchange that was cut at write %p (%s) leaves nobody beside their address", async (cut) => {
    const parts = await ready(2);
    for (const lost of [true, false]) {
      let patches = 0;
      const isCut = (method: string): boolean => {
        if (method === "PATCH") patches += 1;
        return method === "PATCH" && patches === cut + 1;
      };
      parts.scim.lie = ({ method }) => (lost && isCut(method) ? scimError(504) : null);
      parts.scim.fault = ({ method }) => (!lost && isCut(method) ? scimError(503) : null);
      parts.addresses.set(1, "p2@contoso.example");
      parts.addresses.set(2, "p1@contoso.example");
      expect(await parts.cycle()).toMatchObject({ outcome: "failed" });
      parts.scim.lie = () => null;
      parts.scim.fault = () => null;
      parts.addresses.clear();
      parts.restart();
      for (const _ of [1, 2, 3]) await parts.cycle();
      expect(names(parts)).toEqual([own(1), own(2)]);
      expect([1, 2].map((number) => parts.person(number)?.state)).toEqual(["licensed", "licensed"]);
    }
  });

  test("in an exchange that was refused leaves the copy as the service is", async () => {
    const parts = await ready(2);
    const second = parts.store.remote.of(personId(2))?.remoteId ?? "";
    parts.scim.fault = ({ method, path }) => (method === "PATCH" && path.endsWith(second) ? scimError(422) : null);
    parts.addresses.set(1, "p2@contoso.example");
    parts.addresses.set(2, "p1@contoso.example");
    expect((await parts.cycle()).failures).toHaveLength(2);
    parts.scim.fault = () => null;
    parts.addresses.clear();
    expect(await parts.cycle()).toMatchObject({ actions: { update: 0 }, failures: [] });
    expect(names(parts)).toEqual([own(1), own(2)]);
  });
});
