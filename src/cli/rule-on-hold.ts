/** `holds approve` and `holds reject`: through the running agent where there is one, else here and now. */
import type { Agent } from "../agent.ts";
import { AgentError, EXIT, type ExitCode } from "../errors.ts";
import type { Reader } from "../home-database.ts";
import { type Hold, WHERE_HOLDS_ARE } from "../model/cycle.ts";
import { plainText } from "../model/plain-text.ts";
import { type HoldView, holdView, kindCounts } from "../model/views.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { cycleLines } from "./cycle-text.ts";
import { chosenTenant } from "./export.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { findRunningAgent } from "./running-agent.ts";
import { exitOf } from "./sync.ts";
import { withHome } from "./with-home.ts";

export interface ApproveOptions extends GlobalOptions {
  /** Object ids, UPNs or mails; absent: everybody in the hold. */
  readonly only?: readonly string[];
}

/** Lets the pairs through and runs the cycle that carries them out; its exit code. A running agent begins that cycle itself. */
export async function approve(options: ApproveOptions, io: CommandIo, id: string): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  const { agent: running } = await findRunningAgent(home);
  if (running !== null) {
    await assertHoldOf(home, id, options.tenant);
    const body = options.only === undefined ? {} : { only: options.only };
    const hold = (await running.post(`/holds/${encodeURIComponent(id)}/approve`, body)) as HoldView;
    const remark = "the running agent carries it out now: see `tiersync status`";
    tell(options, io, hold, `approved ${who(hold, options.only)}; ${remark}`);
    return EXIT.done;
  }
  return await withHome(home, options, io, async ({ agent, cycles, progress }) => {
    const { tenant } = openHold(agent.views, id, options.tenant);
    const only = options.only === undefined ? null : await objectIds(agent, options.only, tenant);
    const hold = agent.approve(tenant, id, only);
    const records = await cycles([tenant], false);
    progress.dispose();
    if (options.json) outJson(io, { cycles: records });
    else {
      io.out(`approved ${who(holdView(hold), options.only)}\n`);
      io.out(records.map((record) => cycleLines(record, io)).join(""));
    }
    return exitOf(records);
  });
}

/** Nothing is done for these people until their groups, or attributes that rules look at, change. */
export async function reject(options: GlobalOptions, io: CommandIo, id: string): Promise<undefined> {
  const home = resolveHome(options.home, io);
  const { agent: running } = await findRunningAgent(home);
  const said = "nothing is done for these people until their groups, or attributes that rules look at, change";
  if (running !== null) {
    await assertHoldOf(home, id, options.tenant);
    const hold = (await running.post(`/holds/${encodeURIComponent(id)}/reject`, {})) as HoldView;
    tell(options, io, hold, `rejected ${who(hold, undefined)}; ${said}`);
    return;
  }
  await withHome(home, options, io, async ({ agent }) => {
    const { tenant } = openHold(agent.views, id, options.tenant);
    const hold = holdView(agent.reject(tenant, id));
    tell(options, io, hold, `rejected ${who(hold, undefined)}; ${said}`);
    return EXIT.done;
  });
}

function tell(options: GlobalOptions, io: CommandIo, hold: HoldView, text: string): void {
  if (options.json) outJson(io, hold);
  else io.out(`${plainText(text)}\n`);
}

function who(hold: HoldView, only: readonly string[] | undefined): string {
  if (only !== undefined) return `${only.join(", ")} of hold ${hold.id}`;
  const kinds = Object.entries(kindCounts(hold.actions)).map(([kind, count]) => `${count} ${kind}`);
  return `hold ${hold.id} (${kinds.join(", ")})`;
}

/** The agent knows a hold by its id alone. Throws as `openHold`. */
async function assertHoldOf(home: string, id: string, tenant: string | undefined): Promise<void> {
  if (tenant === undefined) return;
  const { openReader } = await import("../home-database.ts");
  const reader = openReader(home);
  try {
    if (reader !== null) openHold(reader.views, id, tenant);
  } finally {
    reader?.close();
  }
}

/** The open hold and its tenant. Throws `ERR_NOT_FOUND`, and `ERR_USAGE` where there is no such tenant. */
function openHold(views: Reader["views"], id: string, typed: string | undefined): Hold {
  const found = views.holds(chosenTenant(views, typed)).find((hold) => hold.id === id);
  if (found !== undefined) return found;
  throw new AgentError("ERR_NOT_FOUND", `there is no open hold "${id}"`, {
    hint: WHERE_HOLDS_ARE,
  });
}

/** All or none: whoever is not found is said before anything is approved. */
async function objectIds(agent: Agent, users: readonly string[], tenant: string): Promise<readonly string[]> {
  const { onePerson } = await import("../console.ts");
  return users.map((user) => onePerson(agent.views.find(user, tenant), user).id);
}

export const approveCommand = defineCommand({
  name: "approve",
  summary: "let through what a hold keeps back, and nothing else",
  details:
    "For exactly these people and actions. A running agent carries it out at once; else one cycle of the tenant is run here, and the exit code is that cycle's.",
  examples: ["holds approve 3f9a0c11d2", "holds approve 3f9a0c11d2 --only ada@contoso.example bob@contoso.example"],
  configure: (command) =>
    command
      .argument("<id>", "the hold's id, as `tiersync holds` shows it")
      .option("--only <user...>", "only these people: object id, user principal name or mail"),
  run: (options, io, id) => approve(options as ApproveOptions, io, id),
});

export const rejectCommand = defineCommand({
  name: "reject",
  summary: "drop what a hold keeps back, until the people's groups, or attributes that rules look at, change",
  examples: ["holds reject 3f9a0c11d2"],
  configure: (command) => command.argument("<id>", "the hold's id, as `tiersync holds` shows it"),
  run: (options, io, id) => reject(options, io, id),
});
