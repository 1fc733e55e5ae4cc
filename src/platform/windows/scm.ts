/** Windows' service control manager, call by call: handles and structures stay in this file. */
import { dlopen, ptr } from "bun:ffi";
import { ERROR, lastError, platformError, textAt, wide } from "./win32.ts";

const advapi32 = dlopen("advapi32.dll", {
  OpenSCManagerW: { args: ["ptr", "ptr", "u32"], returns: "u64" },
  CloseServiceHandle: { args: ["u64"], returns: "i32" },
  OpenServiceW: { args: ["u64", "ptr", "u32"], returns: "u64" },
  CreateServiceW: {
    args: ["u64", "ptr", "ptr", "u32", "u32", "u32", "u32", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr"],
    returns: "u64",
  },
  ChangeServiceConfigW: {
    args: ["u64", "u32", "u32", "u32", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr"],
    returns: "i32",
  },
  ChangeServiceConfig2W: { args: ["u64", "u32", "ptr"], returns: "i32" },
  DeleteService: { args: ["u64"], returns: "i32" },
  StartServiceW: { args: ["u64", "u32", "ptr"], returns: "i32" },
  ControlService: { args: ["u64", "u32", "ptr"], returns: "i32" },
  QueryServiceStatusEx: { args: ["u64", "u32", "ptr", "u32", "ptr"], returns: "i32" },
  QueryServiceConfigW: { args: ["u64", "ptr", "u32", "ptr"], returns: "i32" },
}).symbols;

const MANAGER = { connect: 1, create: 2 } as const;
const SERVICE = { queryConfig: 1, changeConfig: 2, queryStatus: 4, start: 0x10, stop: 0x20, delete: 0x1_0000 } as const;
const OWN_PROCESS = 0x10;
const AUTO_START = 2;
const ERROR_NORMAL = 1;
const CONFIG = { description: 1, failureActions: 2, delayedAutoStart: 3, failureActionsFlag: 4 } as const;
const ACTION_RESTART = 1;
const CONTROL_STOP = 1;

export interface ServiceConfig {
  readonly commandLine: string;
  readonly account: string;
  readonly displayName: string;
  readonly description: string;
  /** Pauses before the restarts after the first, second, third and every further failure; ms. */
  readonly restartAfter: readonly number[];
}

export interface RawStatus {
  /** SERVICE_STOPPED 1, START_PENDING 2, STOP_PENDING 3, RUNNING 4. */
  readonly state: number;
  readonly win32ExitCode: number;
  readonly serviceExitCode: number;
  readonly pid: number;
}

export interface PutResult {
  readonly created: boolean;
  /** Settings that this Windows does not have (Wine lacks some). */
  readonly unsupported: readonly string[];
}

/** Creates the service, or changes the one there is. Throws `ERR_PLATFORM`, and then leaves none that it created. */
export function putService(name: string, config: ServiceConfig): PutResult {
  return withManager(MANAGER.connect | MANAGER.create, (manager) => {
    const rights = SERVICE.queryConfig | SERVICE.changeConfig | SERVICE.start | SERVICE.delete;
    const existing = advapi32.OpenServiceW(manager, wide(name), rights);
    const service = existing === 0n ? create(manager, name, rights, config) : existing;
    try {
      if (existing !== 0n) change(service, name, config);
      return { created: existing === 0n, unsupported: configure(service, name, config) };
    } catch (error) {
      if (existing === 0n) advapi32.DeleteService(service);
      throw error;
    } finally {
      advapi32.CloseServiceHandle(service);
    }
  });
}

function create(manager: bigint, name: string, rights: number, config: ServiceConfig): bigint {
  const [display, command, account] = [wide(config.displayName), wide(config.commandLine), wide(config.account)];
  const service = advapi32.CreateServiceW(
    manager,
    wide(name),
    display,
    rights,
    OWN_PROCESS,
    AUTO_START,
    ERROR_NORMAL,
    command,
    null,
    null,
    null,
    account,
    null,
  );
  if (service === 0n) throw platformError(`the service ${name} cannot be created`, lastError());
  return service;
}

function change(service: bigint, name: string, config: ServiceConfig): void {
  const [display, command, account] = [wide(config.displayName), wide(config.commandLine), wide(config.account)];
  const done = advapi32.ChangeServiceConfigW(
    service,
    OWN_PROCESS,
    AUTO_START,
    ERROR_NORMAL,
    command,
    null,
    null,
    null,
    account,
    null,
    display,
  );
  if (done === 0) throw platformError(`the service ${name} cannot be changed`, lastError());
}

/** Description, delayed start, and restarts, also when the service ends with an error code rather than a crash. */
function configure(service: bigint, name: string, config: ServiceConfig): string[] {
  const description = wide(config.description);
  const actions = new Uint32Array(config.restartAfter.flatMap((pause) => [ACTION_RESTART, pause]));
  const forgetAfter = 24 * 60 * 60; // seconds without a failure
  // SERVICE_FAILURE_ACTIONSW: reset period, reboot message, command, number of actions, actions
  const failure = new BigUint64Array([
    BigInt(forgetAfter),
    0n,
    0n,
    BigInt(config.restartAfter.length),
    BigInt(ptr(actions)),
  ]);
  const unsupported: string[] = [];
  set(CONFIG.description, new BigUint64Array([BigInt(ptr(description))]), "description");
  set(CONFIG.failureActions, failure, "recovery");
  set(CONFIG.failureActionsFlag, new Uint32Array([1]), "recovery after an error code");
  set(CONFIG.delayedAutoStart, new Uint32Array([1]), "delayed start");
  return unsupported;

  function set(level: number, value: NodeJS.TypedArray, what: string): void {
    if (advapi32.ChangeServiceConfig2W(service, level, value) !== 0) return;
    const code = lastError();
    if (code !== ERROR.INVALID_LEVEL) throw platformError(`the ${what} of the service ${name} cannot be set`, code);
    unsupported.push(what);
  }
}

/** Gives false when there is no such service. */
export function deleteService(name: string): boolean {
  return (
    withService(name, SERVICE.delete, (service) => {
      if (advapi32.DeleteService(service) !== 0) return true;
      const code = lastError();
      if (code === ERROR.SERVICE_MARKED_FOR_DELETE) return true;
      throw platformError(`the service ${name} cannot be removed`, code);
    }) ?? false
  );
}

/** Gives false when there is no such service. */
export function startService(name: string): boolean {
  return (
    withService(name, SERVICE.start, (service) => {
      if (advapi32.StartServiceW(service, 0, null) !== 0) return true;
      const code = lastError();
      if (code === ERROR.SERVICE_ALREADY_RUNNING) return true;
      throw platformError(`the service ${name} cannot be started`, code);
    }) ?? false
  );
}

/** Asks it to stop, without waiting. Gives false when there is no such service. */
export function stopService(name: string): boolean {
  return (
    withService(name, SERVICE.stop, (service) => {
      if (advapi32.ControlService(service, CONTROL_STOP, new Uint32Array(7)) !== 0) return true;
      const code = lastError();
      if (code === ERROR.SERVICE_NOT_ACTIVE) return true;
      throw platformError(`the service ${name} cannot be stopped`, code);
    }) ?? false
  );
}

/** Undefined when there is no such service. */
export function queryStatus(name: string): RawStatus | undefined {
  return withService(name, SERVICE.queryStatus, (service) => {
    const status = new Uint32Array(9); // SERVICE_STATUS_PROCESS
    const needed = new Uint32Array(1);
    if (advapi32.QueryServiceStatusEx(service, 0, status, status.byteLength, needed) === 0) {
      throw platformError(`the state of the service ${name} cannot be read`, lastError());
    }
    const [, state = 0, , win32ExitCode = 0, serviceExitCode = 0, , , pid = 0] = status;
    return { state, win32ExitCode, serviceExitCode, pid };
  });
}

/** Undefined when there is no such service. */
export function queryConfig(name: string): Pick<ServiceConfig, "commandLine" | "account"> | undefined {
  return withService(name, SERVICE.queryConfig, (service) => {
    const config = new BigUint64Array(1024); // QUERY_SERVICE_CONFIGW and its texts: 8 KB is what Windows allows
    const needed = new Uint32Array(1);
    if (advapi32.QueryServiceConfigW(service, config, config.byteLength, needed) === 0) {
      throw platformError(`the configuration of the service ${name} cannot be read`, lastError());
    }
    // Three numbers and padding (16 bytes), then: path, load order group, tag id, dependencies, account, display name
    return { commandLine: textAt(config[2] ?? 0n), account: textAt(config[6] ?? 0n) };
  });
}

function withManager<Result>(rights: number, use: (manager: bigint) => Result): Result {
  const manager = advapi32.OpenSCManagerW(null, null, rights);
  if (manager === 0n) throw platformError("the service manager cannot be opened", lastError());
  try {
    return use(manager);
  } finally {
    advapi32.CloseServiceHandle(manager);
  }
}

function withService<Result>(name: string, rights: number, use: (service: bigint) => Result): Result | undefined {
  return withManager(MANAGER.connect, (manager) => {
    const service = advapi32.OpenServiceW(manager, wide(name), rights);
    if (service === 0n) {
      const code = lastError();
      if (code === ERROR.SERVICE_DOES_NOT_EXIST) return undefined;
      throw platformError(
        `the service ${name} cannot be opened`,
        code,
        code === ERROR.ACCESS_DENIED ? ELEVATE : undefined,
      );
    }
    try {
      return use(service);
    } finally {
      advapi32.CloseServiceHandle(service);
    }
  });
}

/** What to do when administrator rights are missing. */
export const ELEVATE = 'start the console with "Run as administrator", and try again';
