/** The SCIM target against scimmy, in each of the places where a system can keep a tier. */

import { expect, test } from "bun:test";
import type { LicenceTarget } from "../../src/cycle/ports.ts";
import type { ScimOptions } from "../../src/targets/scim/options.ts";
import { createScimTarget } from "../../src/targets/scim/target.ts";
import { SCIM_TOKEN, type ScimServer, scimServer } from "../support/scim-server.ts";
import { silentLogger } from "../support/silent-logger.ts";
import { applyAll, item, personId, profileOf, type TenantPeople, tenantPeople } from "../support/target-people.ts";
import { describeTarget } from "./contract.ts";

const TIERS = ["Eco", "Advanced", "Pro"];

type TierAs = ScimOptions["tierAs"];

function targetOf(server: ScimServer, tierAs: TierAs, { store }: TenantPeople): LicenceTarget {
  return createScimTarget({
    url: server.url,
    auth: { kind: "token", read: async () => SCIM_TOKEN },
    tierAs,
    onPurge: tierAs === "roles" ? "deactivate" : "delete",
    onDrift: "report",
    tiers: TIERS,
    fetch: server.fetch,
    clock: { now: () => Date.now() },
    logger: silentLogger,
    accounts: store.accounts,
    remote: store.remote,
    transaction: store.transaction,
  });
}

for (const tierAs of ["entitlements", "roles", "groups"] as const) {
  for (const bulk of tierAs === "groups" ? [false] : [false, true]) {
    describeTarget(`scimmy with tiers as ${tierAs}${bulk ? " and bulk" : ""}`, async () => {
      const server = await scimServer({ bulk });
      const groups = new Map(tierAs === "groups" ? TIERS.map((tier) => [tier, server.addGroup(tier)]) : []);
      const parts = tenantPeople(12);
      const target = targetOf(server, tierAs, parts);
      const listed = (attribute: unknown): string[] =>
        ((attribute ?? []) as { value: string }[]).map(({ value }) => value);
      const tiersOf = (id: string): string[] => {
        if (tierAs !== "groups") return listed(server.users.get(id)?.[tierAs]);
        return TIERS.filter((tier) => listed(server.groups.get(groups.get(tier) ?? "")?.["members"]).includes(id));
      };
      return {
        ...parts,
        target,
        accounts: () =>
          [...server.users.values()].map(({ id, emails }) => {
            const tiers = tiersOf(id);
            if (tiers.length > 1) throw new Error(`${id} holds ${tiers.join(" and ")}`);
            return { id, address: listed(emails)[0] ?? "", tier: tiers[0] ?? null };
          }),
        makeAccount: (userName, tier) => {
          const value = tier === null || tierAs === "groups" ? {} : { [tierAs]: [{ value: tier }] };
          const id = server.addUser({ userName, ...value });
          const group = tierAs === "groups" && tier !== null ? server.groups.get(groups.get(tier) ?? "") : undefined;
          if (group !== undefined) group["members"] = [{ value: id }];
        },
      };
    });
  }
}

test("scimmy's filters find accounts that somebody made by hand, several people at once", async () => {
  const server = await scimServer();
  // More pages than it takes filters.
  for (let number = 1; number <= 30; number += 1) server.addUser({ userName: `stranger${number}@x.example` });
  const parts = tenantPeople(12);
  const target = targetOf(server, "entitlements", parts);
  const signal = AbortSignal.timeout(15_000);
  await target.refresh([], signal);
  const known = [1, 2].map((number) => item(parts.store, number, "create"));
  await applyAll({ store: parts.store, target }, known, signal);
  await target.refresh([], signal);
  const newcomers = [3, 4, 5].map((number) => ({ user: personId(number), ...profileOf(number) }));
  expect(await target.look(newcomers, signal)).toBe(false);
  server.addUser({ userName: "hand.made.3", externalId: personId(3) });
  server.addUser({ userName: "hand.made.4", emails: [{ value: "p4@contoso.example" }] });
  const before = target.requests();
  expect(await target.look(newcomers, signal)).toBe(true);
  expect(target.requests()).toBe(before + 1);
  expect(parts.store.remote.of(personId(3))).toMatchObject({ tier: null });
  expect(parts.store.accounts.unbound(["p4@contoso.example", "p5@contoso.example"])).toHaveLength(1);
});
