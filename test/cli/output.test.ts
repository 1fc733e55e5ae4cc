import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { resolveHome } from "../../src/cli/home.ts";
import { showsColours } from "../../src/cli/io.ts";
import { createProgress } from "../../src/cli/progress.ts";
import { renderTable } from "../../src/cli/table.ts";
import { captureIo } from "./captured-io.ts";

describe("home is", () => {
  const runtime = captureIo().io.runtime;
  const compiled = { ...runtime, compiled: true, executableFolder: resolve("/opt/tiersync") };
  test.each([
    ["what --home says", "/a", { TIERSYNC_HOME: "/b" }, compiled, "/a"],
    ["below the current folder when --home is relative", "sub", {}, compiled, "/work/sub"],
    ["what TIERSYNC_HOME says", undefined, { TIERSYNC_HOME: "/b" }, compiled, "/b"],
    ["the executable's folder", undefined, { TIERSYNC_HOME: "" }, compiled, "/opt/tiersync"],
    ["the current folder when run from source", undefined, {}, runtime, "/work"],
  ])("%s", (_, option, env, runtimeOf, expected) => {
    expect(resolveHome(option, { env, cwd: resolve("/work"), runtime: runtimeOf })).toBe(resolve(expected));
  });
});

test("a home that is a file is refused by name", () => {
  const { io } = captureIo();
  for (const path of [import.meta.path, `${import.meta.path}/below`]) {
    expect(() => resolveHome(path, io)).toThrow(`the home folder ${path} is a file`);
  }
});

describe("a table", () => {
  test("aligns its columns without lines or trailing spaces", () => {
    const text = renderTable(
      [{ title: "tier" }, { title: "used", align: "right" }],
      [
        ["Advanced", 7],
        ["日本", 12],
        ["Eco", null],
      ],
    );
    expect(text.split("\n")).toEqual(["tier      used", "Advanced     7", "日本        12", "Eco          -", ""]);
  });

  test("shows what others wrote without escapes and line breaks", () => {
    const text = renderTable([{ title: "name" }], [["a\u001b[31mb\nc\u202ed"]]);
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text.trimEnd().split("\n")).toHaveLength(2);
  });
});

describe("progress", () => {
  test("is plain lines on stderr where there is no terminal", () => {
    const { io, stdout, stderr } = captureIo();
    const progress = createProgress(io);
    progress.step("reading groups");
    progress.done("12 groups");
    progress.dispose();
    expect(stderr()).toBe("reading groups\n12 groups\n");
    expect(stdout()).toBe("");
  });

  test("moves on one line at a terminal and leaves it clean", () => {
    const { io, stdout, stderr } = captureIo({ terminal: { out: true, err: true, columns: 40 } });
    const progress = createProgress(io);
    progress.step("reading groups");
    progress.step("reading people");
    progress.dispose();
    expect(stderr()).toContain("✔ reading groups\n");
    expect(stderr().endsWith("\r\u001b[2K")).toBe(true);
    expect(stdout()).toBe("");
  });

  const counted = (count: string, of = "contoso") => ({ text: `${of}: reading`, of, count });

  test("of one step that counts is one line at a terminal, also where tenants take turns", () => {
    const { io, stderr } = captureIo({ terminal: { out: true, err: true, columns: 40 } });
    const progress = createProgress(io);
    for (const count of ["20 of 60", "40 of 60", "60 of 60"]) {
      progress.step(counted(count));
      progress.step(counted(count, "fabrikam"));
    }
    expect(stderr()).not.toContain("✔");
    progress.step({ text: "contoso: planning", of: "contoso" });
    progress.dispose();
    expect(stderr().match(/✔.*/g)).toEqual(["✔ contoso: reading (60 of 60)"]);
  });

  test("of one step that counts is a line every ten seconds elsewhere", () => {
    let now = 0;
    const { io, stderr } = captureIo();
    const progress = createProgress(io, false, () => now);
    for (const done of [20, 40, 60, 80]) {
      progress.step(counted(`${done} of 80`));
      now += 4000;
    }
    expect(stderr()).toBe("contoso: reading (20 of 80)\ncontoso: reading (80 of 80)\n");
  });

  test("moves nothing on a dumb terminal", () => {
    const { io, stderr } = captureIo({ terminal: { out: true, err: true, columns: 40 }, env: { TERM: "dumb" } });
    createProgress(io).step("reading groups");
    expect(stderr()).toBe("reading groups\n");
  });

  test("is silent under --quiet", () => {
    const { io, stderr } = captureIo();
    createProgress(io, true).step("reading groups");
    expect(stderr()).toBe("");
  });
});

test.each([
  [{}, true],
  [{ NO_COLOR: "1" }, false],
  [{ NO_COLOR: "" }, true],
  [{ TERM: "dumb" }, false],
])("with %p colours are shown: %p", (env, expected) => {
  expect(showsColours(env)).toBe(expected);
});
