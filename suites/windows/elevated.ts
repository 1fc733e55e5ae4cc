/**
 * Starts a program "as administrator" under Wine, for which there is no command: run by bun.exe with the program as arguments.
 * Wine starts programs with an administrator's limited token, and can grant one that waits suspended the full token.
 */
import { dlopen } from "bun:ffi";
import { commandLine } from "../../src/platform/windows/command-line.ts";

const ntdll = dlopen("ntdll.dll", { NtSetInformationProcess: { args: ["u64", "u32", "ptr", "u32"], returns: "i32" } });
const kernel32 = dlopen("kernel32.dll", {
  CreateProcessW: {
    args: ["ptr", "ptr", "ptr", "ptr", "i32", "u32", "ptr", "ptr", "ptr", "ptr"],
    returns: "i32",
  },
  GetStdHandle: { args: ["i32"], returns: "u64" },
  SetHandleInformation: { args: ["u64", "u32", "u32"], returns: "i32" },
  ResumeThread: { args: ["u64"], returns: "u32" },
  WaitForSingleObject: { args: ["u64", "u32"], returns: "u32" },
  GetExitCodeProcess: { args: ["u64", "ptr"], returns: "i32" },
});
const { CreateProcessW, GetExitCodeProcess, GetStdHandle, ResumeThread, SetHandleInformation, WaitForSingleObject } =
  kernel32.symbols;

const INHERIT = 1;
const CREATE_SUSPENDED = 4;
const USE_STD_HANDLES = 0x100;
const WINE_GRANT_ADMIN_TOKEN = 1002;
const INFINITE = 0xffff_ffff;

const [program = "", ...args] = process.argv.slice(2);
const line = Buffer.from(`${commandLine(program, args)}\0`, "utf16le");
const startup = new DataView(new ArrayBuffer(104)); // STARTUPINFOW
startup.setUint32(0, startup.byteLength, true);
startup.setUint32(60, USE_STD_HANDLES, true);
for (const [index, name] of [-10, -11, -12].entries()) {
  const handle = GetStdHandle(name);
  SetHandleInformation(handle, INHERIT, INHERIT);
  startup.setBigUint64(80 + index * 8, handle, true);
}
const started = new BigUint64Array(3); // PROCESS_INFORMATION: process, thread, ids
if (
  CreateProcessW(null, line, null, null, 1, CREATE_SUSPENDED, null, null, new Uint8Array(startup.buffer), started) === 0
) {
  throw new Error(`${program} could not be started`);
}
const [child = 0n, thread = 0n] = started;
const status = ntdll.symbols.NtSetInformationProcess(child, WINE_GRANT_ADMIN_TOKEN, null, 0);
if (status !== 0) throw new Error(`Wine did not grant the administrator's token (status ${status})`);
ResumeThread(thread);
WaitForSingleObject(child, INFINITE);
const code = new Uint32Array(1);
GetExitCodeProcess(child, code);
process.exitCode = code[0] ?? 1;
