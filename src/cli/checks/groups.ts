/** Is every group that the rules name there, below the parent where it must be, and readable? */
import type { Agent } from "../../agent.ts";
import type { TenantConfig } from "../../config/types.ts";
import type { DirectoryGroup, ScopedGroup } from "../../model/directory.ts";
import { formatFinding } from "../../model/finding.ts";
import type { CheckResult } from "../../model/views.ts";
import { bindRules } from "../../rules/bind.ts";
import { errorAt } from "../../rules/findings.ts";
import { directoryNeeds, placesOf } from "../../rules/needs.ts";
import type { RuleSet } from "../../rules/types.ts";
import { fail, failed, ok } from "./result.ts";

const ID = "graph.groups";
/** Nested groups looked at, at most: a doctor does not read the whole directory. */
const MOST = 100;

export interface GroupContext {
  readonly tenant: TenantConfig;
  readonly parent: DirectoryGroup;
  readonly rules: RuleSet;
  readonly probe: ReturnType<Agent["probe"]>;
  readonly signal: AbortSignal;
}

export async function checkGroups(context: GroupContext, mailboxSettings: boolean): Promise<CheckResult[]> {
  const { tenant, parent, rules, probe, signal } = context;
  const members = await probe.memberGroups(parent, signal);
  if (!members.ok) return [failed(ID, tenant.name, members.error)];
  const others = await findOthers(context);
  const groups: ScopedGroup[] = [
    { ...parent, role: "parent" },
    ...members.value.map((group) => ({ ...group, role: "member" as const })),
    ...others.found,
    ...others.standIns,
  ];
  const { remedies } = bindRules(rules, {
    tenant: tenant.name,
    tiers: tenant.tiers,
    groups: groups.map((group) => ({ ...group, visibility: null })), // hidden ones are told below, once
    mailboxSettings,
  });
  const hidden = await hiddenGroups(context, [...members.value, ...others.found]);
  const bad = [
    ...others.failures,
    ...[...remedies].map(([finding, remedy]) => fail(ID, tenant.name, formatFinding(finding), remedy)),
    ...hidden,
  ];
  if (bad.length > 0) return bad;
  const names = members.value.map(({ displayName }) => displayName).sort();
  return [ok(ID, tenant.name, `${parent.displayName} has ${names.length === 0 ? "no groups" : names.join(", ")}`)];
}

interface Others {
  readonly found: readonly ScopedGroup[];
  /** In the place of groups that are told of in `failures`, which must not be reported as missing too. */
  readonly standIns: readonly ScopedGroup[];
  readonly failures: readonly CheckResult[];
}

/** Groups that rules name by id or anywhere in the tenant. What is not found is told with its place by `bindRules`. */
async function findOthers({ tenant, rules, probe, signal }: GroupContext): Promise<Others> {
  const found: ScopedGroup[] = [];
  const standIns: ScopedGroup[] = [];
  const failures: CheckResult[] = [];
  for (const ref of directoryNeeds(rules, tenant.name).others) {
    const group = await probe.group(ref, signal);
    if (group.ok) found.push({ ...group.value, role: "other" });
    else if (group.error.code !== "ERR_GROUP_NOT_FOUND") {
      const name = "id" in ref ? ref.id : ref.name;
      const told = failed(ID, tenant.name, group.error);
      // Of several places the first: the others are mended alike.
      const [at] = group.error.code === "ERR_GROUP_AMBIGUOUS" ? placesOf(rules, tenant.name, name) : [];
      failures.push(at === undefined ? told : { ...told, message: formatFinding(errorAt(at, told.message)) });
      standIns.push({ id: name, displayName: name, visibility: null, role: "other" });
    }
  }
  return { found, standIns, failures };
}

/** A group that hides its members reads as empty, however deep it lies. */
async function hiddenGroups(
  { tenant, probe, signal }: GroupContext,
  from: readonly DirectoryGroup[],
): Promise<CheckResult[]> {
  const seen = new Map(from.map((group) => [group.id, group]));
  const results: CheckResult[] = [];
  for (const group of seen.values()) {
    if (group.visibility === "HiddenMembership") {
      const message = `the group "${group.displayName}" (${group.id}) hides its members: it would read as empty`;
      results.push(fail(ID, tenant.name, message, "use a group whose membership is visible"));
      continue;
    }
    if (seen.size >= MOST) continue;
    const inner = await probe.memberGroups(group, signal);
    if (!inner.ok) return [...results, failed(ID, tenant.name, inner.error)];
    // A map's iteration goes on into what is added to it: the groups are walked breadth first.
    for (const child of inner.value) if (!seen.has(child.id)) seen.set(child.id, child);
  }
  return results;
}
