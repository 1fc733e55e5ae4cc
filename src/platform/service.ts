/** What the operating system's service manager does for the agent: the same words on Windows and Linux. */
import process from "node:process";
import { AgentError } from "../errors.ts";
import { deno, type Runtime } from "./runtime.ts";

/** The service's name on every system. */
export const SERVICE_NAME = "tiersync";
export const SERVICE_DESCRIPTION = "Makes each person's licence tier follow their Microsoft Entra groups";

/** A service's whole life: from the start until it ends, which gives the exit code. */
export type ServiceBody = (host: {
  /** Aborts when the service manager asks to stop, or the computer shuts down. */
  readonly stop: AbortSignal;
  /** To be called once the service answers. */
  readonly ready: () => void;
}) => Promise<number>;

export interface ServiceDefinition {
  /** Absolute. */
  readonly home: string;
  /** Absolute path of the program, and its first arguments: the executable alone, or a runtime and `main.ts`. */
  readonly command: readonly [program: string, ...args: string[]];
  /** Account that the service runs as; null: the system's default (`NT SERVICE\tiersync`, or the user `tiersync`). */
  readonly account: string | null;
}

/** How this very program is started: what a service definition names. */
export function ownCommand(runtime: Pick<Runtime, "compiled" | "name">): ServiceDefinition["command"] {
  if (runtime.compiled) return [process.execPath];
  const main = process.argv[1] ?? "src/main.ts";
  return runtime.name === "deno" ? [process.execPath, "run", "-A", main] : [process.execPath, main];
}

const SERVICE_STATES = ["not installed", "stopped", "starting", "running", "stopping", "failed"] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];

export interface ServiceStatus {
  readonly state: ServiceState;
  readonly pid: number | null;
  readonly account: string | null;
  /** Home folder that it was installed with. */
  readonly home: string | null;
  /** Exit code of the last run where the system knows one and it was not 0. */
  readonly exitCode: number | null;
}

/** Every method throws `AgentError` `ERR_PLATFORM`, among others when rights are missing. */
export interface ServiceManager {
  /** What `install` would set up, as text for a person; changes nothing and needs no rights. */
  describe(definition: ServiceDefinition): string;
  /** Installs, or brings an installed one up to date; does not start it. Gives a line for each thing done. */
  install(definition: ServiceDefinition): Promise<readonly string[]>;
  /** Stops and removes it; the home folder stays. */
  uninstall(): Promise<void>;
  /** Returns when it runs. One that runs already is no error. */
  start(): Promise<void>;
  /** Returns when it has stopped. One that is stopped already is no error. */
  stop(): Promise<void>;
  status(): Promise<ServiceStatus>;
}

/** The service manager of this system. Throws `ERR_PLATFORM` where there is none that the agent knows. */
export async function serviceManager(): Promise<ServiceManager> {
  if (process.platform === "win32") {
    requireBun();
    return (await import("./windows/service-control.ts")).windowsServices;
  }
  if (process.platform === "linux") return (await import("./service-systemd.ts")).systemdServices;
  throw new AgentError("ERR_PLATFORM", `services are not supported on ${process.platform}`, {
    hint: "start `tiersync run` by the system's own means",
  });
}

/**
 * Runs `body` as the Windows service that the service manager has started (`run --service`), and gives the exit code.
 * Throws `ERR_PLATFORM` when the process was not started by the service manager.
 */
export async function runAsService(body: ServiceBody): Promise<number> {
  if (process.platform !== "win32") {
    throw new AgentError("ERR_PLATFORM", "`--service` is for the Windows service manager", {
      hint: "use `tiersync run`",
    });
  }
  requireBun();
  return (await import("./windows/service-host.ts")).runAsService(SERVICE_NAME, body);
}

/** The calls into Windows are Bun's; the executable has it built in. */
function requireBun(): void {
  if (deno === undefined) return;
  throw new AgentError("ERR_PLATFORM", "Windows services need the executable: Deno cannot host one", {
    hint: "use tiersync.exe",
  });
}
