/** `service install | uninstall | start | stop | status`: the agent as a Windows service or a systemd unit. */
import { existsSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { CONFIG_FILE } from "../config/paths.ts";
import { AgentError, EXIT, type ExitCode } from "../errors.ts";
import { ownCommand, type ServiceManager, type ServiceStatus, serviceManager } from "../platform/service.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";

export interface ServiceInstallOptions extends GlobalOptions {
  readonly account?: string;
  readonly print?: boolean;
}

export async function serviceInstall(
  options: ServiceInstallOptions,
  io: CommandIo,
  manager: ServiceManager,
): Promise<undefined> {
  const home = resolveHome(options.home, io);
  const definition = { home, command: ownCommand(io.runtime), account: options.account ?? null };
  if (options.print) {
    const text = manager.describe(definition);
    if (options.json) outJson(io, { definition: text });
    else io.out(text);
    return;
  }
  if (!existsSync(home)) {
    throw new AgentError("ERR_CONFIG", `the home folder ${home} does not exist`, { hint: "make it: `tiersync init`" });
  }
  const done = [...(await manager.install(definition))];
  if (!existsSync(join(home, CONFIG_FILE))) done.push(`${home} has no tiersync.yaml yet: tiersync init`);
  if (options.json) outJson(io, { done, ...(await manager.status()) });
  else io.out(`${done.join("\n")}\n\nNext: tiersync service start\n`);
}

export interface ServiceUninstallOptions extends GlobalOptions {
  readonly purge?: boolean;
  readonly yes?: boolean;
}

/** What `--purge` removes; configuration, rules and keys stay. */
const PURGED = ["data", "logs"];

export async function serviceUninstall(
  options: ServiceUninstallOptions,
  io: CommandIo,
  manager: ServiceManager,
): Promise<undefined> {
  const installed = await manager.status();
  // What is removed is what the service worked on, wherever the command is called from.
  const home = installed.home ?? resolveHome(options.home, io);
  if (options.purge && !options.yes) await confirmPurge(home, io);
  await manager.uninstall();
  const removed = options.purge ? PURGED.map((name) => join(home, name)).filter(existsSync) : [];
  for (const folder of removed) rmSync(folder, { recursive: true, force: true });
  if (options.json) outJson(io, { home, removed });
  else io.out([`service removed; ${home} stays`, ...removed.map((folder) => `${folder} deleted`), ""].join("\n"));
}

async function confirmPurge(home: string, io: CommandIo): Promise<void> {
  const word = basename(home);
  if (io.prompter === null) {
    throw new AgentError("ERR_USAGE", "`--purge` asks before it deletes, and nobody is at a terminal", {
      hint: "add --yes to delete without being asked",
    });
  }
  io.err(
    `This deletes ${PURGED.join("/ and ")}/ in ${home} for good: accounts of the ledger, history, waiting list.\n`,
  );
  const typed = await io.prompter.text(`Type ${word} to delete them`);
  if (typed.trim() !== word) throw new AgentError("ERR_STOPPED", "not confirmed", { hint: "nothing was changed" });
}

async function serviceStart(options: GlobalOptions, io: CommandIo, manager: ServiceManager): Promise<undefined> {
  await manager.start();
  await tell(options, io, manager);
}

async function serviceStop(options: GlobalOptions, io: CommandIo, manager: ServiceManager): Promise<undefined> {
  await manager.stop();
  await tell(options, io, manager);
}

/** Exit code 1 unless it runs. */
export async function serviceStatus(options: GlobalOptions, io: CommandIo, manager: ServiceManager): Promise<ExitCode> {
  const { state } = await tell(options, io, manager);
  return state === "running" ? EXIT.done : EXIT.failed;
}

async function tell(options: GlobalOptions, io: CommandIo, manager: ServiceManager): Promise<ServiceStatus> {
  const status = await manager.status();
  if (options.json) outJson(io, status);
  else io.out(describe(status));
  return status;
}

function describe({ state, pid, account, home, exitCode }: ServiceStatus): string {
  const facts = [
    `service  ${state}${pid === null ? "" : ` (process ${pid})`}${exitCode === null ? "" : `, exit code ${exitCode}`}`,
    ...(account === null ? [] : [`account  ${account}`]),
    ...(home === null ? [] : [`home     ${home}`]),
  ];
  return `${facts.join("\n")}\n`;
}

const WHOLE_HOME = "the service works on every tenant of the home folder";

const installCommand = defineCommand({
  name: "install",
  summary: "set up the service; asks nothing, and brings one that is there up to date",
  noTenant: WHOLE_HOME,
  details:
    "Windows: the account NT SERVICE\\tiersync, delayed automatic start, restart after a failure, access rights on the home folder, source in the Event Log. Linux: a hardened systemd unit and the system user tiersync. Needs administrator rights (root). Does not start it.",
  examples: ["service install", "service install --account 'CONTOSO\\svc-tiersync$'", "service install --print"],
  configure: (command) =>
    command
      .option("--account <account>", "account that the service runs as")
      .option("--print", "show what would be set up, and change nothing"),
  run: async (options, io) => serviceInstall(options, io, await serviceManager()),
});

const uninstallCommand = defineCommand({
  name: "uninstall",
  summary: "stop and remove the service; the home folder stays",
  noTenant: WHOLE_HOME,
  examples: ["service uninstall", "service uninstall --purge"],
  configure: (command) =>
    command
      .option("--purge", "also delete data/ and logs/, after a typed confirmation")
      .option("--yes", "delete without being asked"),
  run: async (options, io) => serviceUninstall(options, io, await serviceManager()),
});

const startCommand = defineCommand({
  name: "start",
  summary: "start the service, and wait until it runs",
  noTenant: WHOLE_HOME,
  examples: ["service start"],
  run: async (options, io) => serviceStart(options, io, await serviceManager()),
});

const stopCommand = defineCommand({
  name: "stop",
  summary: "stop the service, and wait until it has",
  noTenant: WHOLE_HOME,
  examples: ["service stop"],
  run: async (options, io) => serviceStop(options, io, await serviceManager()),
});

const statusCommand = defineCommand({
  name: "status",
  summary: "whether the service is installed and runs (exit code 1: it does not)",
  noTenant: WHOLE_HOME,
  examples: ["service status", "service status --json"],
  run: async (options, io) => serviceStatus(options, io, await serviceManager()),
});

export const serviceCommand = defineCommand({
  name: "service",
  summary: "run the agent as a Windows service or a systemd unit",
  examples: ["service install", "service start", "service status"],
  subcommands: [installCommand, uninstallCommand, startCommand, stopCommand, statusCommand],
});
