import { expect, test } from "bun:test";
import { scimTenant } from "../support/scim-tenant.ts";

/** Accounts that somebody made by hand and shut. */
function shut(parts: ReturnType<typeof scimTenant>, tierAs: string, tiers: readonly (string | null)[]): void {
  const ids = tiers.map((value, index) => {
    const held = value === null || tierAs === "groups" ? {} : { [tierAs]: [{ value }] };
    return parts.scim.add({ userName: `p${index + 1}@contoso.example`, active: false, ...held });
  });
  for (const tier of ["Eco", "Advanced", "Pro"]) {
    parts.scim.addGroup(tier, tierAs === "groups" ? ids.filter((_, index) => tiers[index] === tier) : []);
  }
}

test.each(["entitlements", "groups"] as const)(
  "an account that is taken over for a licence is active, whether it holds one already or not (%s)",
  async (tierAs) => {
    const parts = scimTenant({ tierAs });
    shut(parts, tierAs, ["Pro", null, "Eco", "Eco"]);
    parts.members.set(1, "Pro").set(2, "Pro").set(3, "Advanced").set(4, "No_Licence");
    // The first cycle takes nothing from anybody by itself.
    expect(await parts.cycle()).toMatchObject({ outcome: "held", held: { revoke: 1 }, failures: [] });
    expect([1, 2, 3].map((number) => parts.person(number)?.state)).toEqual(["licensed", "licensed", "licensed"]);
    const active = [...parts.scim.users.values()].map((user) => user["active"]);
    expect(active).toEqual([true, true, true, false]);
    expect(await parts.cycle()).toMatchObject({ requests: { target: 0 } });
  },
);
