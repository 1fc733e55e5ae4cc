/** Security descriptors as text (SDDL): who may change a folder, and what the agent's own folders shall say. Pure. */
import { createHash } from "node:crypto";

/** Rights of Microsoft's SDDL for files and folders, as bits of an access mask. */
const RIGHTS: Readonly<Record<string, number>> = {
  CC: 0x1,
  DC: 0x2,
  LC: 0x4,
  SW: 0x8,
  RP: 0x10,
  WP: 0x20,
  DT: 0x40,
  LO: 0x80,
  CR: 0x100,
  SD: 0x1_0000,
  RC: 0x2_0000,
  WD: 0x4_0000,
  WO: 0x8_0000,
  GA: 0x1000_0000,
  GX: 0x2000_0000,
  GW: 0x4000_0000,
  GR: 0x8000_0000,
  FA: 0x1f_01ff,
  FR: 0x12_0089,
  FW: 0x12_0116,
  FX: 0x12_00a0,
};

/** Delete a child, change the rights, take the folder over, everything: whoever may do this to a folder can replace what is in it. */
const REPLACE = 0x40 | 0x4_0000 | 0x8_0000 | 0x1000_0000;
/** Add a file, add a folder, write, and delete or rename the folder itself. */
const WRITE = REPLACE | 0x2 | 0x4 | 0x1_0000 | 0x4000_0000;

/** The system, administrators (built-in, domain, enterprise), TrustedInstaller; creator and owner stand for the owner, who is looked at apart. */
const TRUSTED: ReadonlySet<string> = new Set([
  "SY",
  "BA",
  "LA",
  "DA",
  "EA",
  "CO",
  "OW",
  "S-1-5-18",
  "S-1-5-32-544",
  "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
]);

export interface WriterQuestion {
  /** write: may put something into the folder, or rename it. replace: may swap what is in it for something else. */
  readonly ability: "write" | "replace";
  /** Also what is only passed on to the folder's content. Default false. */
  readonly inherited?: boolean;
  /** SIDs that count as administrators besides the well-known ones. */
  readonly trusted?: readonly string[];
}

/** Who, of those that are no administrators, may do so: SIDs or SDDL's two-letter names, each once. */
export function ordinaryWriters(sddl: string, question: WriterQuestion): string[] {
  const trusted = new Set([...TRUSTED, ...(question.trusted ?? [])]);
  const wanted = question.ability === "write" ? WRITE : REPLACE;
  const found = new Set<string>();
  const owner = /^O:(S-[\d-]+|[A-Z]{2})/.exec(sddl)?.[1];
  if (owner !== undefined) found.add(owner);
  const list = /D:([^(]*)((?:\(.*?\))*)/.exec(sddl);
  if (list === null || list[1]?.includes("NO_ACCESS_CONTROL") === true) found.add("WD"); // no list: everyone may do everything
  for (const [, type, flags = "", rights = "", sid = ""] of sddl.matchAll(ENTRY)) {
    const passedOnOnly = /^(..)*IO/.test(flags);
    if (type === "D" || (passedOnOnly && question.inherited !== true)) continue;
    if ((accessMask(rights) & wanted) !== 0) found.add(sid);
  }
  return [...found].filter((sid) => !trusted.has(sid));
}

/** One entry: type, flags, rights, two GUIDs that folders do not use, SID. Audit entries have other types. */
const ENTRY = /\((A|OA|XA|D);([^;]*);([^;]*);[^;]*;[^;]*;([^;()]+)/g;

function accessMask(rights: string): number {
  if (/^0x/i.test(rights)) return Number(rights);
  return [...rights.matchAll(/../g)].reduce((mask, [name]) => mask | (RIGHTS[name] ?? 0), 0);
}

export type Grant = "read" | "modify";

/** FILE_GENERIC_READ | FILE_GENERIC_EXECUTE, and the same with write and delete: what icacls calls RX and M. */
const MASK: Readonly<Record<Grant, string>> = { read: "0x1200a9", modify: "0x1301bf" };

/** For a folder: system and administrators everything, the service's account as granted, nobody else anything. */
export function closedFolder(serviceSid: string, grant: Grant): string {
  return `O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;${MASK[grant]};;;${serviceSid})`;
}

/** For something in such a folder: the same, besides what its folder passes on. */
export function openToService(serviceSid: string, grant: Grant, kind: "file" | "folder"): string {
  const flags = kind === "folder" ? "OICI" : "";
  return `O:BAD:(A;${flags};FA;;;SY)(A;${flags};FA;;;BA)(A;${flags};${MASK[grant]};;;${serviceSid})`;
}

/** A folder's own list with reading added for the service's account. */
export function withReader(sddl: string, serviceSid: string): string {
  const own = sddl.replace(/^.*?D:/s, "D:").replace(/S:.*$/s, "");
  const entry = `(A;OICI;${MASK.read};;;${serviceSid})`;
  if (own.includes(entry)) return own;
  return own.includes("(") ? own.replace("(", `${entry}(`) : `${own}${entry}`;
}

/** The SID of a service's virtual account: S-1-5-80 and the SHA-1 of its upper-case name in UTF-16, as five numbers. */
export function serviceAccountSid(serviceName: string): string {
  const digest = createHash("sha1").update(Buffer.from(serviceName.toUpperCase(), "utf16le")).digest();
  const parts = [0, 4, 8, 12, 16].map((offset) => digest.readUInt32LE(offset));
  return `S-1-5-80-${parts.join("-")}`;
}
