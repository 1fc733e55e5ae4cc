/**
 * The executable as a native Windows service. `StartServiceCtrlDispatcherW` blocks for as long as the service lives, so it gets
 * a thread of its own: it has the signature of a thread's start routine, and `CreateThread` takes it as one. Windows calls the
 * service-main and the control handler on threads of its choice; both are thread-safe callbacks that only leave a message for
 * the JavaScript thread, which does the rest. (Hence the plain control handler: the Ex form has to return a value.)
 */
import { dlopen, JSCallback, ptr } from "bun:ffi";
import process from "node:process";
import { AgentError } from "../../errors.ts";
import type { ServiceBody } from "../service.ts";
import { ERROR, lastError, platformError, wide } from "./win32.ts";

const kernel32 = dlopen("kernel32.dll", {
  CreateThread: { args: ["ptr", "u64", "u64", "ptr", "u32", "ptr"], returns: "u64" },
  GetModuleHandleW: { args: ["ptr"], returns: "u64" },
  GetProcAddress: { args: ["u64", "ptr"], returns: "u64" },
  WaitForSingleObject: { args: ["u64", "u32"], returns: "u32" },
  CloseHandle: { args: ["u64"], returns: "i32" },
}).symbols;
const advapi32 = dlopen("advapi32.dll", {
  RegisterServiceCtrlHandlerW: { args: ["ptr", "u64"], returns: "u64" },
  SetServiceStatus: { args: ["u64", "ptr"], returns: "i32" },
}).symbols;

const OWN_PROCESS = 0x10;
const STATE = { stopped: 1, startPending: 2, stopPending: 3, running: 4 } as const;
const ACCEPT_STOP_AND_SHUTDOWN = 1 | 4;
const CONTROL = { stop: 1, interrogate: 4, shutdown: 5 } as const;
const WAIT_OBJECT_0 = 0;

/** How often a pending state is confirmed, and how long Windows shall wait for the next confirmation; ms. */
const TICK = 1_000;
const WAIT_HINT = 5_000;

export interface ServiceHostOptions {
  /** How long the body may take to end after the request to stop; then the process ends with exit code 1. Default 20 s. */
  readonly drainMs?: number;
  /** How long to wait for Windows to call; default 30 s, which is what Windows itself allows. */
  readonly connectMs?: number;
}

/**
 * Runs `body` as the service `name` until it ends, and gives its exit code. Reports START_PENDING until `ready` is called,
 * RUNNING until Windows asks to stop (`stop` aborts) and STOP_PENDING until the body has ended. An exit code other than 0 counts
 * as a failure for the recovery actions. Throws `ERR_PLATFORM` when the process was not started by the service manager.
 */
export async function runAsService(name: string, body: ServiceBody, options: ServiceHostOptions = {}): Promise<number> {
  const serviceName = wide(name);
  const stopping = new AbortController();
  const called = Promise.withResolvers<void>();
  const entry = new JSCallback(() => called.resolve(), { args: ["u32", "ptr"], returns: "void", threadsafe: true });
  const handler = new JSCallback((control: number) => onControl(control), {
    args: ["u32"],
    returns: "void",
    threadsafe: true,
  });

  const dispatcher = startDispatcher(serviceName, entry);
  const report = reporter();
  try {
    await untilCalled(dispatcher, called.promise, options.connectMs ?? 30_000);
    report.connect(advapi32.RegisterServiceCtrlHandlerW(serviceName, BigInt(handler.ptr ?? 0)));
    report.pending(STATE.startPending);
    const code = await lived(body, stopping.signal, report, options.drainMs ?? 20_000);
    report.stopped(code);
    return code;
  } finally {
    report.end();
    // The dispatcher returns once the service has stopped; the callbacks must outlive it.
    if (kernel32.WaitForSingleObject(dispatcher.thread, 1_000) === WAIT_OBJECT_0) {
      entry.close();
      handler.close();
    }
    kernel32.CloseHandle(dispatcher.thread);
  }

  function onControl(control: number): void {
    if (control === CONTROL.interrogate) report.again();
    const asked = control === CONTROL.stop || control === CONTROL.shutdown;
    if (!asked || stopping.signal.aborted) return;
    report.pending(STATE.stopPending);
    stopping.abort();
  }
}

interface Dispatcher {
  readonly thread: bigint;
  /** Memory that Windows reads while the thread lives: held here so that it is not collected. */
  readonly memory: readonly [name: Buffer, table: BigUint64Array];
}

function startDispatcher(serviceName: Buffer, entry: JSCallback): Dispatcher {
  const routine = kernel32.GetProcAddress(
    kernel32.GetModuleHandleW(wide("advapi32.dll")),
    Buffer.from("StartServiceCtrlDispatcherW\0"),
  );
  if (routine === 0n) throw platformError("the service dispatcher was not found", lastError());
  const table = new BigUint64Array([BigInt(ptr(serviceName)), BigInt(entry.ptr ?? 0), 0n, 0n]);
  const thread = kernel32.CreateThread(null, 0n, routine, table, 0, null);
  if (thread === 0n) throw platformError("no thread for the service dispatcher", lastError());
  return { thread, memory: [serviceName, table] };
}

/** Resolves once Windows has called the service-main; throws when the dispatcher gives up before. */
async function untilCalled(dispatcher: Dispatcher, called: Promise<void>, limitMs: number): Promise<void> {
  const givenUp = Promise.withResolvers<never>();
  const deadline = performance.now() + limitMs;
  const poll = setInterval(() => {
    const ended = kernel32.WaitForSingleObject(dispatcher.thread, 0) === WAIT_OBJECT_0;
    if (!ended && performance.now() < deadline) return;
    givenUp.reject(
      new AgentError("ERR_PLATFORM", "this process was not started by the Windows service manager", {
        hint: "`--service` is for the service manager: use `tiersync service start`, or `tiersync run` at a console",
      }),
    );
  }, 25);
  try {
    await Promise.race([called, givenUp.promise]);
  } finally {
    clearInterval(poll);
  }
}

/** The body's exit code; 1 when it throws. One that does not end in time is left behind: the process ends. */
async function lived(body: ServiceBody, stop: AbortSignal, report: Reporter, drainMs: number): Promise<number> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  stop.addEventListener("abort", () => {
    timer = setTimeout(() => {
      report.stopped(1);
      process.exit(1); // whatever hangs would keep the process alive, and the service from starting again
    }, drainMs);
  });
  const ready = (): void => {
    if (!stop.aborted) report.running();
  };
  try {
    return await body({ stop, ready });
  } catch {
    return 1; // the body logs its own failures; Windows is told that it was one
  } finally {
    clearTimeout(timer);
  }
}

type Reporter = ReturnType<typeof reporter>;

/** Tells the service manager the state; a pending one again and again, with a growing checkpoint, so that it is not taken for hung. */
function reporter() {
  let handle = 0n;
  let checkpoint = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  let last = new Uint32Array(7);

  function send(state: number, fields: { exit?: number; specific?: number; checkpoint?: number; hint?: number }): void {
    // SERVICE_STATUS: type, state, accepted controls, Win32 exit code, service exit code, checkpoint, wait hint
    const accepted = state === STATE.running ? ACCEPT_STOP_AND_SHUTDOWN : 0;
    const { exit = 0, specific = 0, checkpoint = 0, hint = 0 } = fields;
    last = new Uint32Array([OWN_PROCESS, state, accepted, exit, specific, checkpoint, hint]);
    if (handle !== 0n) advapi32.SetServiceStatus(handle, last);
  }

  return {
    connect(status: bigint): void {
      if (status === 0n) throw platformError("the service's control handler was refused", lastError());
      handle = status;
    },
    pending(state: number): void {
      clearInterval(timer);
      checkpoint = 0;
      const tick = (): void => {
        checkpoint += 1;
        send(state, { checkpoint, hint: WAIT_HINT });
      };
      tick();
      timer = setInterval(tick, TICK);
    },
    running(): void {
      clearInterval(timer);
      send(STATE.running, {});
    },
    stopped(code: number): void {
      clearInterval(timer);
      send(STATE.stopped, code === 0 ? {} : { exit: ERROR.SERVICE_SPECIFIC_ERROR, specific: code });
    },
    again(): void {
      if (handle !== 0n) advapi32.SetServiceStatus(handle, last);
    },
    end(): void {
      clearInterval(timer);
    },
  };
}
