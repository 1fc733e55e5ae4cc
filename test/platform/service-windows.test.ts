import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { commandLine, quoteArgument, splitCommandLine } from "../../src/platform/windows/command-line.ts";
import {
  closedFolder,
  openToService,
  ordinaryWriters,
  serviceAccountSid,
  withReader,
} from "../../src/platform/windows/security-descriptor.ts";

const ADMIN = "S-1-5-21-1-2-3-1001";

describe("command lines of a Windows service", () => {
  test.each([
    ["plain", "plain"],
    ["", '""'],
    ["C:\\Pro grammes é", '"C:\\Pro grammes é"'],
    ["C:\\with space\\", '"C:\\with space\\\\"'],
    ['say "hi"', '"say \\"hi\\""'],
  ])("%p is quoted as %p", (argument, quoted) => {
    expect(quoteArgument(argument)).toBe(quoted);
  });

  test("the program's path is always in quotes", () => {
    expect(commandLine("C:\\tiersync\\tiersync.exe", ["run"])).toBe('"C:\\tiersync\\tiersync.exe" run');
  });

  test("any arguments are read back as they were", () => {
    const argument = fc.string({ unit: fc.constantFrom("a", "é", " ", "\\", '"', "\t", "-") });
    fc.assert(
      fc.property(fc.array(argument), (args) => {
        expect(splitCommandLine(commandLine("C:\\x y\\t.exe", args))).toEqual(["C:\\x y\\t.exe", ...args]);
      }),
    );
  });
});

describe("who may write into a folder", () => {
  // As Windows Server gives them out, shortened to what counts.
  const PROGRAM_FILES =
    "O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464D:PAI(A;;FA;;;S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464)(A;CIIO;GA;;;S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464)(A;;0x1301bf;;;SY)(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;BA)(A;OICIIO;GA;;;BA)(A;;0x1200a9;;;BU)(A;OICIIO;GXGR;;;BU)(A;OICIIO;GA;;;CO)(A;;0x1200a9;;;AC)";
  const DRIVE_ROOT =
    "O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464D:PAI(A;OICIIO;SDGXGWGR;;;AU)(A;;LC;;;AU)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)";
  const DIRECTLY_IN_C =
    "O:BAD:AI(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)(A;OICIIOID;SDGXGWGR;;;AU)";
  const PROGRAM_DATA = "O:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)(A;CI;DCLCRPCR;;;BU)";
  const PROFILE = `O:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;${ADMIN})`;

  test.each([
    ["nobody ordinary into Program Files", PROGRAM_FILES, []],
    ["authenticated users into the root of a drive", DRIVE_ROOT, ["AU"]],
    ["authenticated users into a folder directly in C:\\", DIRECTLY_IN_C, ["AU"]],
    ["users into ProgramData", PROGRAM_DATA, ["BU"]],
    ["its owner into a profile", PROFILE, [ADMIN]],
    ["everyone where there is no list", "O:BAD:NO_ACCESS_CONTROL", ["WD"]],
    ["nobody where the list is empty", "O:BAD:P", []],
    ["whoever owns it, because the owner may change the list", "O:S-1-5-21-9D:(A;;FA;;;SY)", ["S-1-5-21-9"]],
    ["those who are denied: they do not count", "O:BAD:(D;;FA;;;BU)(A;;FA;;;BA)", []],
    ["whoever may take it over", "O:BAD:(A;;WO;;;BU)", ["BU"]],
    ["whoever may only read and run: they do not count", "O:BAD:(A;OICI;0x1200a9;;;BU)(A;;FRFX;;;WD)", []],
  ])("%s", (_title, sddl, expected) => {
    expect(ordinaryWriters(sddl, { ability: "write" })).toEqual(expected);
  });

  test("in the root of a drive nobody ordinary can replace what is there", () => {
    expect(ordinaryWriters(DRIVE_ROOT, { ability: "replace" })).toEqual([]);
    expect(ordinaryWriters("O:BAD:(A;;DT;;;AU)", { ability: "replace" })).toEqual(["AU"]);
  });

  test("what is only passed on counts when asked for", () => {
    const sddl = "O:BAD:P(A;;FA;;;SY)(A;OICIIO;GA;;;BU)";
    expect(ordinaryWriters(sddl, { ability: "write" })).toEqual([]);
    expect(ordinaryWriters(sddl, { ability: "write", inherited: true })).toEqual(["BU"]);
  });

  test("the administrator at work counts as one", () => {
    expect(ordinaryWriters(PROFILE, { ability: "write", trusted: [ADMIN] })).toEqual([]);
  });
});

describe("the rights that an installed service gets", () => {
  const service = serviceAccountSid("tiersync");

  test("a service's SID is Windows' own: TrustedInstaller's is well known", () => {
    const known = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
    expect(serviceAccountSid("TrustedInstaller")).toBe(known);
    expect(serviceAccountSid("trustedinstaller")).toBe(known);
  });

  test("a closed folder inherits nothing and lets nobody ordinary write", () => {
    const sddl = closedFolder(service, "modify");
    expect(sddl).toStartWith("O:BAD:P(");
    expect(ordinaryWriters(sddl, { ability: "write", inherited: true })).toEqual([service]);
  });

  test("the service cannot write what it only reads", () => {
    for (const sddl of [closedFolder(service, "read"), openToService(service, "read", "file")]) {
      expect(ordinaryWriters(sddl, { ability: "write", inherited: true })).toEqual([]);
    }
  });

  test("a folder that is safe already keeps its list, with reading for the service added once", () => {
    const before = "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)S:AI(AU;SA;FA;;;WD)";
    const after = withReader(before, service);
    expect(after).toBe(`D:PAI(A;OICI;0x1200a9;;;${service})(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)`);
    expect(withReader(after, service)).toBe(after);
  });
});
