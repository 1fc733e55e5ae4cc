/** A tenant whose licences are in a strict SCIM service, and whole cycles over it. */
import type { DirectorySource } from "../../src/cycle/ports.ts";
import { runCycle } from "../../src/cycle/run-cycle.ts";
import type { ScopedGroup } from "../../src/model/directory.ts";
import type { Tier } from "../../src/model/tier.ts";
import type { GuardLimits } from "../../src/plan/types.ts";
import { ruleSetOf } from "../rules/rule-builders.ts";
import { RULES } from "./home.ts";
import { scimParts } from "./scim-target.ts";
import { silentLogger } from "./silent-logger.ts";
import type { StrictOptions } from "./strict-scim.ts";
import { personId } from "./target-people.ts";

const GROUPS = ["Eco", "Advanced", "Pro", "No_Licence"];
const PAID = ["Eco", "Advanced", "Pro"].map((name): Tier => ({ kind: "paid", name, seats: 2, warnBelow: null }));
const NO_GUARD: GuardLimits = { revoke: null, purge: null, change: null, create: null };

export function scimTenant(more: Parameters<typeof scimParts>[1] = {}, service: StrictOptions = { etag: "enforced" }) {
  const parts = scimParts(service, more);
  /** Group of each person, by number. */
  const members = new Map<number, string>();
  /** User name and address of those who have another than their own. */
  const addresses = new Map<number, string>();
  let now = Date.now();
  const group = (displayName: string): ScopedGroup => {
    const role = displayName === "Parent" ? "parent" : "member";
    return { id: `g-${displayName}`, displayName, visibility: null, role };
  };
  const source: DirectorySource = {
    read: async (mirror) => {
      for (const name of GROUPS) {
        const users = [...members]
          .filter(([, own]) => own === name)
          .map(([number]) => ({
            kind: "user" as const,
            user: {
              id: personId(number),
              properties: {
                userPrincipalName: addresses.get(number) ?? `p${number}@contoso.example`,
                mail: addresses.get(number) ?? `P${number}@contoso.example`,
                displayName: `Person ${number}`,
                accountEnabled: true,
                userType: "Member",
              },
            },
          }));
        mirror.stagePage(`g-${name}`, users, "{}");
      }
      const groups = ["Parent", ...GROUPS].map(group);
      mirror.publishFull({ groups, deleted: [], cursor: null });
      return { kind: "changes", serverTime: now };
    },
    readMailboxes: async function* () {},
    requests: () => ({ token: 0, graph: 0 }),
  };
  let target = parts.target;
  /** `at`: epoch ms; `pauses`: as the agent that stays does it. */
  const cycle = async ({ at = Date.now(), pauses = false, guard = NO_GUARD, purgeAfter = 0 } = {}) => {
    parts.scim.log.length = 0;
    now = at;
    return await runCycle(
      {
        settings: {
          name: "contoso",
          parentGroup: { name: "Parent" },
          tiers: [...PAID, { kind: "revoking", name: "No_Licence", purgeAfter }],
          guard,
          mailboxSettings: false,
        },
        rules: ruleSetOf(RULES),
        ...{ source, target, store: parts.store, log: silentLogger },
        credential: () => null,
        clock: { now: () => at },
        ...{ sawTime: () => undefined, progress: () => undefined },
      },
      { trigger: "cli", full: false, pauses, suspicious: false, signal: AbortSignal.timeout(15_000) },
    );
  };
  const tierAt = (number: number) => {
    const user = [...parts.scim.users.values()].find(({ externalId }) => externalId === personId(number));
    return user === undefined
      ? undefined
      : ((user["entitlements"] ?? []) as { value: string }[]).map(({ value }) => value);
  };
  return {
    ...parts,
    members,
    addresses,
    cycle,
    tierAt,
    restart: () => {
      target = parts.restarted();
    },
    person: (number: number) => parts.views.find(personId(number))[0],
  };
}
