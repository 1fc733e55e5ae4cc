/** What others wrote is data in every output: no formula, no terminal escape, no forged line. */
import { describe, expect, test } from "bun:test";
import { exported, openHome, type TestHome } from "../support/home.ts";

const NAMES = {
  formula: "=cmd|' /C calc'!A0",
  at: "@SUM(1+1)*cmd",
  plus: "+1+2",
  escape: "Red \u001b[31mname\u001b]0;title\u0007",
  lines: "First\r\nX-Forged: yes\nerror: forged [ERR_FORGED]",
  bidi: "abc\u202etxt.exe",
  html: "<script>alert(1)</script>",
  quote: 'He said "hi", then; left',
} as const;

function crowd(): TestHome {
  const home = openHome({ seats: { Pro: 3 } });
  for (const [i, displayName] of Object.values(NAMES).entries()) {
    home.person(`person${i}`, ["Pro"], { displayName });
  }
  return home;
}

const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe("names that others chose", () => {
  test("are no formulas and no lines of their own in the CSV", async () => {
    const home = crowd();
    await home.run("sync");
    const { out } = await home.run("export");
    const lines = out.split("\r\n");
    expect(lines.pop()).toBe("");
    expect(lines).toHaveLength(1 + Object.keys(NAMES).length);
    for (const line of lines) {
      expect(line).not.toMatch(UNSAFE);
      for (const cell of line.split(",")) expect(cell.replace(/^"/, "")).not.toMatch(/^\s*[=+@-]/);
    }
    expect(out).toContain(`'${NAMES.formula}`);
    expect(out).toContain('"He said ""hi"", then; left"');
  });

  test("come whole out of the JSON", async () => {
    const home = crowd();
    await home.run("sync");
    expect(new Set(Object.keys(await exported(home)))).toEqual(new Set(Object.values(NAMES)));
  });

  test("steer no terminal and forge no line in any text", async () => {
    const home = crowd();
    const outputs: string[] = [];
    const run = async (...argv: string[]): Promise<string> => {
      const { out, err } = await home.run(...argv);
      outputs.push(out, err);
      return out;
    };
    await run("plan");
    await run("sync");
    for (let i = 0; i < Object.keys(NAMES).length; i += 1) await run("explain", `person${i}@contoso.example`);
    await run("plan");
    for (const output of outputs) {
      for (const line of output.split("\n")) expect(line).not.toMatch(UNSAFE);
      expect(output).not.toMatch(/^(X-Forged|error: forged)/m);
    }
  });

  test("are harmless as addresses in holds", async () => {
    const home = openHome({ mailboxSettings: false });
    const people = Array.from({ length: 9 }, (_, i) =>
      home.person(`Person ${i}`, ["Pro"], { mail: `\u001b[2Jp${i}\n@contoso.example` }),
    );
    await home.run("sync");
    for (const person of people.slice(0, 5)) {
      home.tenant.removeMember(home.groups["Pro"] as string, person);
      home.tenant.addMember(home.groups["No_Licence"] as string, person);
    }
    expect(await home.run("sync")).toMatchObject({ code: 3 });
    const { out } = await home.run("holds");
    expect(out).toContain("5 revoke");
    for (const line of out.split("\n")) expect(line).not.toMatch(UNSAFE);
  });
});

test("group names and what is typed are harmless in errors and checks", async () => {
  const home = openHome();
  home.person("Ana", ["Pro"]);
  await home.run("sync");
  home.tenant.renameGroup(home.groups["Pro"] as string, "Pro\u001b[31m\nerror: forged");
  const outputs = [
    await home.run("sync", "--full"),
    await home.run("plan"),
    await home.run("check"),
    await home.run("explain", "x\u001b[2J\r\nerror: forged"),
    await home.run("holds", "approve", "x\u001b[2J"),
    await home.run("sync", "--tenant", "x\u001b[2J"),
  ];
  for (const { out, err } of outputs) {
    for (const line of (out + err).split("\n")) expect(line).not.toMatch(UNSAFE);
    expect(out + err).not.toMatch(/^error: forged/m);
  }
});
