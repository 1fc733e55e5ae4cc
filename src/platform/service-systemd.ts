/** `tiersync service …` on Linux: a systemd unit. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { AgentError } from "../errors.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { SERVICE_NAME, type ServiceDefinition, type ServiceManager, type ServiceState } from "./service.ts";
import { readUnit, renderUnit } from "./systemd-unit.ts";

const UNIT = `${SERVICE_NAME}.service`;
const UNIT_FILE = `/etc/systemd/system/${UNIT}`;
const OWN_FOLDERS = ["data", "logs", "keys"];

export const systemdServices: ServiceManager = {
  describe: unitOf,

  async install(definition) {
    requireRoot();
    refuseOtherHome(definition.home);
    assertSafePlace(definition);
    const user = userOf(definition);
    const done = ensureUser(user, definition.account === null);
    done.push(...handOverFolders(definition.home, user));
    writeFileAtomic(UNIT_FILE, unitOf(definition));
    systemctl("daemon-reload");
    systemctl("enable", UNIT);
    return [`${UNIT_FILE} written and enabled, account ${user}`, ...done];
  },

  async uninstall() {
    requireRoot();
    requireInstalled();
    systemctl("disable", "--now", UNIT);
    rmSync(UNIT_FILE);
    systemctl("daemon-reload");
  },

  async start() {
    requireRoot();
    requireInstalled();
    const { home, user } = readUnit(readFileSync(UNIT_FILE, "utf8"));
    // What root left there meanwhile (`sudo tiersync sync`) would stop the service from working.
    if (home !== null && user !== null) handOverFolders(home, user);
    systemctl("start", UNIT);
  },

  async stop() {
    requireRoot();
    requireInstalled();
    systemctl("stop", UNIT);
  },

  async status() {
    if (!existsSync(UNIT_FILE)) {
      return { state: "not installed", pid: null, account: null, home: null, exitCode: null };
    }
    const { home, user } = readUnit(readFileSync(UNIT_FILE, "utf8"));
    const shown = systemctl("show", UNIT, "--property=ActiveState,MainPID,ExecMainStatus");
    const facts = new Map(shown.split("\n").map((line) => line.split("=", 2) as [string, string]));
    const state = STATES[facts.get("ActiveState") ?? ""] ?? "stopped";
    const pid = Number(facts.get("MainPID") ?? 0);
    const code = Number(facts.get("ExecMainStatus") ?? 0);
    const over = state === "failed" || state === "stopped";
    return { state, pid: pid === 0 ? null : pid, account: user, home, exitCode: over && code !== 0 ? code : null };
  },
};

const STATES: Readonly<Record<string, ServiceState>> = {
  active: "running",
  reloading: "running",
  activating: "starting",
  deactivating: "stopping",
  inactive: "stopped",
  failed: "failed",
};

function unitOf(definition: ServiceDefinition): string {
  const { home, command } = definition;
  return renderUnit({
    home,
    command: [...command, "run", "--home", home],
    user: userOf(definition),
    systemdVersion: systemdVersion(),
  });
}

function userOf({ account }: ServiceDefinition): string {
  return account ?? SERVICE_NAME;
}

/** The oldest supported one where systemd is not there to be asked (`--print` on another machine). */
function systemdVersion(): number {
  try {
    return Number(/^systemd (\d+)/.exec(run("systemctl", ["--version"]))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Refuses what others than root could swap for a program of their own, or that systemd would hide or empty. */
function assertSafePlace({ home, command: [program] }: ServiceDefinition): void {
  if (/^\/(tmp|var\/tmp|dev|proc|sys|run)(\/|$)/.test(home)) {
    throw new AgentError("ERR_PLATFORM", `${home} does not last: services cannot live there`, {
      hint: `move tiersync to a folder such as /opt/${SERVICE_NAME}`,
    });
  }
  for (const path of [program, ...parents(program), home, ...parents(home)]) {
    const { mode } = statSync(path);
    if ((mode & 0o002) === 0 || (mode & 0o1000) !== 0) continue;
    throw new AgentError("ERR_PLATFORM", `${path} can be written by any user`, { hint: `chmod o-w '${path}'` });
  }
  for (const name of OWN_FOLDERS) {
    const path = join(home, name);
    if (existsSync(path) && lstatSync(path).isSymbolicLink()) {
      throw new AgentError("ERR_PLATFORM", `${path} is a link to another place`, { hint: "use a real folder" });
    }
  }
}

function parents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...parents(parent)];
}

function ensureUser(user: string, mayCreate: boolean): string[] {
  try {
    idsOf(user);
    return [];
  } catch {
    if (!mayCreate) {
      throw new AgentError("ERR_PLATFORM", `the user "${user}" does not exist`, {
        hint: `make it first: useradd --system --no-create-home --shell /usr/sbin/nologin ${user}`,
      });
    }
    run("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", user]);
    return [`system user ${user} created`];
  }
}

function idsOf(user: string): { uid: number; gid: number } {
  return { uid: Number(run("id", ["-u", "--", user])), gid: Number(run("id", ["-g", "--", user])) };
}

/** The folders that the service writes: its user's and nobody else's. Gives a line for each. */
function handOverFolders(home: string, user: string): string[] {
  const { uid, gid } = idsOf(user);
  return OWN_FOLDERS.map((name) => {
    const folder = join(home, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    chownTree(folder, uid, gid);
    return `${folder}: for ${user} only`;
  });
}

function chownTree(path: string, uid: number, gid: number): void {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return; // what it points to is not ours
  chownSync(path, uid, gid);
  if (entry.isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), uid, gid);
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new AgentError("ERR_PLATFORM", "root is needed to change a service", { hint: "start the command with sudo" });
}

function requireInstalled(): void {
  if (existsSync(UNIT_FILE)) return;
  throw new AgentError("ERR_PLATFORM", `the service ${SERVICE_NAME} is not installed`, {
    hint: "install it: `tiersync service install`",
  });
}

function refuseOtherHome(home: string): void {
  const other = existsSync(UNIT_FILE) ? readUnit(readFileSync(UNIT_FILE, "utf8")).home : null;
  if (other === null || other === home) return;
  throw new AgentError("ERR_PLATFORM", `the service ${SERVICE_NAME} is already installed for ${other}`, {
    hint: `remove it first: tiersync --home '${other}' service uninstall`,
  });
}

function systemctl(...args: string[]): string {
  return run("systemctl", args);
}

function run(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 90_000 }).trim();
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    const why = code === "ENOENT" ? "there is no such program" : (stderr ?? String(error)).trim();
    throw new AgentError("ERR_PLATFORM", `${[program, ...args].join(" ")}: ${why}`, { cause: error });
  }
}
