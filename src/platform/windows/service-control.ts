/** `tiersync service …` on Windows. */
import { setTimeout as delay } from "node:timers/promises";
import { AgentError } from "../../errors.ts";
import {
  SERVICE_DESCRIPTION,
  SERVICE_NAME,
  type ServiceDefinition,
  type ServiceManager,
  type ServiceState,
  type ServiceStatus,
} from "../service.ts";
import { currentUser, sidOfAccount } from "./access.ts";
import { commandLine, splitCommandLine } from "./command-line.ts";
import { registerEventSource, unregisterEventSource } from "./event-log.ts";
import { assertSafePlace, setHomeRights } from "./home-rights.ts";
import { deleteService, ELEVATE, putService, queryConfig, queryStatus, startService, stopService } from "./scm.ts";
import { serviceAccountSid } from "./security-descriptor.ts";
import { ERROR } from "./win32.ts";

const DEFAULT_ACCOUNT = `NT SERVICE\\${SERVICE_NAME}`;
const MINUTE = 60_000;
const RESTART_AFTER = [1 * MINUTE, 5 * MINUTE, 15 * MINUTE];

export const windowsServices: ServiceManager = {
  describe(definition) {
    return [
      `service          ${SERVICE_NAME}`,
      `description      ${SERVICE_DESCRIPTION}`,
      `command          ${serviceCommand(definition)}`,
      `account          ${accountName(definition)}`,
      "start            automatic (delayed)",
      "on failure       restart after 1, 5 and 15 minutes, also after an error code",
      `rights           ${definition.home}: the account reads; data, logs and keys: it modifies; keys: nobody else but administrators`,
      "event log        Application, source tiersync",
      "",
    ].join("\n");
  },

  async install(definition) {
    const administrator = requireElevation();
    refuseOtherHome(definition.home);
    const account = accountName(definition);
    const rights = {
      home: definition.home,
      program: definition.command[0],
      service: account === DEFAULT_ACCOUNT ? serviceAccountSid(SERVICE_NAME) : accountSid(account),
      administrator,
    };
    assertSafePlace(rights);
    const { created, unsupported } = putService(SERVICE_NAME, {
      commandLine: serviceCommand(definition),
      account,
      displayName: SERVICE_NAME,
      description: SERVICE_DESCRIPTION,
      restartAfter: RESTART_AFTER,
    });
    try {
      const done = setHomeRights(rights);
      registerEventSource(SERVICE_NAME);
      return [
        `service ${SERVICE_NAME} ${created ? "created" : "updated"}, account ${account}`,
        ...unsupported.map((what) => `this Windows cannot set the ${what}: left out`),
        ...done,
        `event log source ${SERVICE_NAME} registered`,
        ...remark(account),
      ];
    } catch (error) {
      if (created) deleteService(SERVICE_NAME);
      throw error;
    }
  },

  async uninstall() {
    requireElevation();
    if (queryStatus(SERVICE_NAME) === undefined) throw notInstalled();
    await windowsServices.stop();
    deleteService(SERVICE_NAME);
    unregisterEventSource(SERVICE_NAME);
    // Windows keeps it, marked for deletion, until the last program that looks at it (services.msc) lets go.
    for (const deadline = performance.now() + 5_000; performance.now() < deadline; await delay(100)) {
      if (queryStatus(SERVICE_NAME) === undefined) return;
    }
  },

  async start() {
    requireElevation();
    if (!startService(SERVICE_NAME)) throw notInstalled();
    const state = await settled(["running", "stopped", "failed"], 60_000);
    if (state.state !== "running") {
      const why = state.exitCode === null ? "" : ` (exit code ${state.exitCode})`;
      throw new AgentError("ERR_PLATFORM", `the service ${SERVICE_NAME} ended while it started${why}`, {
        hint: "see logs/tiersync.log and the Windows Event Log; `tiersync check` finds most causes",
      });
    }
  },

  async stop() {
    requireElevation();
    // While it starts it takes no requests to stop.
    const before = await settled(["running", "stopping", "stopped", "failed", "not installed"], 30_000);
    if (before.state === "not installed") throw notInstalled();
    if (before.state === "running") stopService(SERVICE_NAME);
    await settled(["stopped", "failed"], 30_000);
  },

  async status() {
    return currentStatus();
  },
};

function serviceCommand({ home, command: [program, ...args] }: ServiceDefinition): string {
  return commandLine(program, [...args, "run", "--service", "--home", home]);
}

/** Windows' own spelling of the built-in accounts: `LocalSystem`, `NT AUTHORITY\LocalService`. */
function accountName({ account }: ServiceDefinition): string {
  if (account === null || account.toLowerCase() === DEFAULT_ACCOUNT.toLowerCase()) return DEFAULT_ACCOUNT;
  const builtIn = /^(?:NT AUTHORITY\\)?(LocalService|NetworkService|Local Service|Network Service)$/i.exec(
    account,
  )?.[1];
  if (builtIn !== undefined) return `NT AUTHORITY\\${/^local/i.test(builtIn) ? "LocalService" : "NetworkService"}`;
  if (/^(NT AUTHORITY\\System|LocalSystem)$/i.test(account)) return "LocalSystem";
  return account.includes("\\") || account.includes("@") ? account : `.\\${account}`;
}

const BUILT_IN: Readonly<Record<string, string>> = {
  LocalSystem: "S-1-5-18",
  "NT AUTHORITY\\LocalService": "S-1-5-19",
  "NT AUTHORITY\\NetworkService": "S-1-5-20",
};

function accountSid(account: string): string {
  return BUILT_IN[account] ?? sidOfAccount(account);
}

/** Virtual, built-in and group managed accounts have no password that anyone knows; others need theirs. */
function remark(account: string): string[] {
  if (account === DEFAULT_ACCOUNT || account in BUILT_IN || account.endsWith("$")) return [];
  return [
    `set the password of ${account} in services.msc (Log On): that also gives it the right to log on as a service`,
  ];
}

function requireElevation(): string {
  const { sid, elevated } = currentUser();
  if (!elevated)
    throw new AgentError("ERR_PLATFORM", "administrator rights are needed to change a service", { hint: ELEVATE });
  return sid;
}

function refuseOtherHome(home: string): void {
  const other = currentStatus().home;
  if (other === null || other.toLowerCase() === home.toLowerCase()) return;
  throw new AgentError("ERR_PLATFORM", `the service ${SERVICE_NAME} is already installed for ${other}`, {
    hint: `remove it first: tiersync --home "${other}" service uninstall`,
  });
}

function notInstalled(): AgentError {
  return new AgentError("ERR_PLATFORM", `the service ${SERVICE_NAME} is not installed`, {
    hint: "install it: `tiersync service install`",
  });
}

/** Waits for one of the states. Throws when none comes in time. */
async function settled(states: readonly ServiceState[], limitMs: number): Promise<ServiceStatus> {
  for (const deadline = performance.now() + limitMs; ; await delay(200)) {
    const status = currentStatus();
    if (states.includes(status.state)) return status;
    if (performance.now() > deadline) {
      throw new AgentError(
        "ERR_PLATFORM",
        `the service ${SERVICE_NAME} is still ${status.state} after ${limitMs / 1000} s`,
        {
          hint: "see logs/tiersync.log",
        },
      );
    }
  }
}

const STATES: Readonly<Record<number, ServiceState>> = { 1: "stopped", 2: "starting", 3: "stopping", 4: "running" };
/** Windows' exit code of a service that was installed but never started. */
const NEVER_STARTED = 1077;

function currentStatus(): ServiceStatus {
  const raw = queryStatus(SERVICE_NAME);
  const config = raw === undefined ? undefined : queryConfig(SERVICE_NAME);
  if (raw === undefined || config === undefined) {
    return { state: "not installed", pid: null, account: null, home: null, exitCode: null };
  }
  const state = STATES[raw.state] ?? "running"; // pause states do not happen
  const code = raw.win32ExitCode === ERROR.SERVICE_SPECIFIC_ERROR ? raw.serviceExitCode : raw.win32ExitCode;
  const failed = state === "stopped" && code !== 0 && code !== NEVER_STARTED;
  return {
    state: failed ? "failed" : state,
    pid: raw.pid === 0 ? null : raw.pid,
    account: config.account,
    home: homeIn(splitCommandLine(config.commandLine)),
    exitCode: failed ? code : null,
  };
}

function homeIn(args: readonly string[]): string | null {
  const flag = args.lastIndexOf("--home");
  return flag === -1 ? null : (args[flag + 1] ?? null);
}
