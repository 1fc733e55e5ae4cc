/** Reading and setting who may do what with a file or folder, and who we are. */
import { dlopen, ptr } from "bun:ffi";
import { lastError, localFree, platformError, textAt, wide } from "./win32.ts";

const advapi32 = dlopen("advapi32.dll", {
  GetNamedSecurityInfoW: { args: ["ptr", "u32", "u32", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "u32" },
  SetNamedSecurityInfoW: { args: ["ptr", "u32", "u32", "u64", "u64", "u64", "u64"], returns: "u32" },
  ConvertSecurityDescriptorToStringSecurityDescriptorW: { args: ["u64", "u32", "u32", "ptr", "ptr"], returns: "i32" },
  ConvertStringSecurityDescriptorToSecurityDescriptorW: { args: ["ptr", "u32", "ptr", "ptr"], returns: "i32" },
  GetSecurityDescriptorDacl: { args: ["u64", "ptr", "ptr", "ptr"], returns: "i32" },
  GetSecurityDescriptorOwner: { args: ["u64", "ptr", "ptr"], returns: "i32" },
  ConvertSidToStringSidW: { args: ["u64", "ptr"], returns: "i32" },
  LookupAccountNameW: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  OpenProcessToken: { args: ["i64", "u32", "ptr"], returns: "i32" },
  GetTokenInformation: { args: ["u64", "u32", "ptr", "u32", "ptr"], returns: "i32" },
}).symbols;
const shell32 = dlopen("shell32.dll", { IsUserAnAdmin: { args: [], returns: "i32" } }).symbols;
const kernel32 = dlopen("kernel32.dll", { CloseHandle: { args: ["u64"], returns: "i32" } }).symbols;

const FILE_OBJECT = 1;
const OWNER = 1;
const DACL = 4;
const PROTECTED = 0x8000_0000;
const UNPROTECTED = 0x2000_0000;
const SDDL_REVISION = 1;

/** A place for Windows to put an address or a handle. */
function slot(): BigUint64Array {
  return new BigUint64Array(1);
}

/** Owner and access list of a file or folder as SDDL. Throws `ERR_PLATFORM`. */
export function readSecurity(path: string): string {
  const descriptor = slot();
  const asked = advapi32.GetNamedSecurityInfoW(
    wide(path),
    FILE_OBJECT,
    OWNER | DACL,
    null,
    null,
    null,
    null,
    descriptor,
  );
  if (asked !== 0) throw platformError(`the rights on ${path} cannot be read`, asked);
  const text = slot();
  const address = descriptor[0] ?? 0n;
  const converted = advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW(
    address,
    SDDL_REVISION,
    OWNER | DACL,
    text,
    null,
  );
  const code = converted === 0 ? lastError() : 0;
  localFree(address);
  if (code !== 0) throw platformError(`the rights on ${path} cannot be read`, code);
  const sddl = textAt(text[0] ?? 0n);
  localFree(text[0] ?? 0n);
  return sddl;
}

/** Sets the access list, and the owner where the SDDL names one. `D:P…` stops inheriting from above. Throws `ERR_PLATFORM`. */
export function writeSecurity(path: string, sddl: string): void {
  const descriptor = slot();
  if (
    advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(wide(sddl), SDDL_REVISION, descriptor, null) === 0
  ) {
    throw platformError(`the rights "${sddl}" are not understood`, lastError());
  }
  const address = descriptor[0] ?? 0n;
  const dacl = slot();
  const owner = slot();
  const flag = new Int32Array(2);
  advapi32.GetSecurityDescriptorDacl(address, flag, dacl, flag.subarray(1));
  advapi32.GetSecurityDescriptorOwner(address, owner, flag);
  const what = DACL + (owner[0] === 0n ? 0 : OWNER) + (/D:\w*P/.test(sddl) ? PROTECTED : UNPROTECTED);
  const code = advapi32.SetNamedSecurityInfoW(wide(path), FILE_OBJECT, what, owner[0] ?? 0n, 0n, dacl[0] ?? 0n, 0n);
  localFree(address);
  if (code !== 0) throw platformError(`the rights on ${path} cannot be set`, code);
}

/** The SID of an account by its name: `CONTOSO\svc$`, `.\bob`, `NT AUTHORITY\LocalService`. Throws `ERR_PLATFORM`. */
export function sidOfAccount(name: string): string {
  const sid = new Uint8Array(256);
  const domain = new Uint8Array(512);
  const sizes = new Uint32Array([sid.length, domain.length / 2, 0]);
  const local = wide(name.replace(/^\.\\/, ""));
  if (advapi32.LookupAccountNameW(null, local, sid, sizes, domain, sizes.subarray(1), sizes.subarray(2)) === 0) {
    throw platformError(`the account "${name}" was not found`, lastError(), "write it as DOMAIN\\name");
  }
  return sidText(BigInt(ptr(sid)));
}

function sidText(address: bigint): string {
  const text = slot();
  if (advapi32.ConvertSidToStringSidW(address, text) === 0) throw platformError("a SID cannot be read", lastError());
  const sid = textAt(text[0] ?? 0n);
  localFree(text[0] ?? 0n);
  return sid;
}

const CURRENT_PROCESS = -1n;
const TOKEN_QUERY = 8;
const TOKEN_USER = 1;
const TOKEN_ELEVATION_TYPE = 18;
/** An administrator's token without the rights, as programs get it that were not started "as administrator". */
const LIMITED = 3;

/** Who runs this process, and whether with administrator rights (elevated). */
export function currentUser(): { readonly sid: string; readonly elevated: boolean } {
  const token = slot();
  if (advapi32.OpenProcessToken(CURRENT_PROCESS, TOKEN_QUERY, token) === 0) {
    throw platformError("this process's own account cannot be read", lastError());
  }
  const handle = token[0] ?? 0n;
  const user = new BigUint64Array(64);
  const elevation = new Uint32Array(1);
  const length = new Uint32Array(1);
  const known = advapi32.GetTokenInformation(handle, TOKEN_USER, user, user.byteLength, length);
  const code = known === 0 ? lastError() : 0;
  advapi32.GetTokenInformation(handle, TOKEN_ELEVATION_TYPE, elevation, 4, length);
  kernel32.CloseHandle(handle);
  if (code !== 0) throw platformError("this process's own account cannot be read", code);
  return { sid: sidText(user[0] ?? 0n), elevated: elevation[0] !== LIMITED && shell32.IsUserAnAdmin() !== 0 };
}
