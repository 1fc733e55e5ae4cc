/** The SCIM target against scimmy, in each of the places where a system can keep a tier. */

import { silentLogger } from "../../src/log.ts";
import { createScimTarget } from "../../src/targets/scim/target.ts";
import { SCIM_TOKEN, scimServer } from "../support/scim-server.ts";
import { tenantPeople } from "../support/target-people.ts";
import { describeTarget } from "./contract.ts";

const TIERS = ["Eco", "Advanced", "Pro"];

for (const tierAs of ["entitlements", "roles", "groups"] as const) {
  for (const bulk of tierAs === "groups" ? [false] : [false, true]) {
    describeTarget(`scimmy with tiers as ${tierAs}${bulk ? " and bulk" : ""}`, async () => {
      const server = await scimServer({ bulk });
      const groups = new Map(tierAs === "groups" ? TIERS.map((tier) => [tier, server.addGroup(tier)]) : []);
      const parts = tenantPeople(12);
      const target = createScimTarget({
        url: server.url,
        auth: { kind: "token", read: async () => SCIM_TOKEN },
        tierAs,
        onPurge: tierAs === "roles" ? "deactivate" : "delete",
        onDrift: "report",
        tiers: TIERS,
        fetch: server.fetch,
        clock: { now: () => Date.now() },
        logger: silentLogger,
        accounts: parts.store.accounts,
        remote: parts.store.remote,
        transaction: parts.store.transaction,
      });
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
