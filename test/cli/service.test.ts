import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { CommandIo } from "../../src/cli/io.ts";
import type { Prompter } from "../../src/cli/prompt.ts";
import { serviceInstall, serviceStatus, serviceUninstall } from "../../src/cli/service.ts";
import { currentRuntime } from "../../src/platform/runtime.ts";
import type { ServiceDefinition, ServiceManager, ServiceStatus } from "../../src/platform/service.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ABSENT: ServiceStatus = { state: "not installed", pid: null, account: null, home: null, exitCode: null };

/** A service manager that remembers what it was told. */
function memoryManager(status: ServiceStatus = ABSENT) {
  const installed: ServiceDefinition[] = [];
  const calls: string[] = [];
  const manager: ServiceManager = {
    describe: ({ home }) => `a unit for ${home}\n`,
    async install(definition) {
      installed.push(definition);
      return ["service tiersync created"];
    },
    async uninstall() {
      calls.push("uninstall");
    },
    async start() {
      calls.push("start");
    },
    async stop() {
      calls.push("stop");
    },
    status: async () => status,
  };
  return { manager, installed, calls };
}

function memoryIo(typed: string | null = null) {
  let out = "";
  const unused = async (): Promise<never> => {
    throw new Error("not asked for here");
  };
  const prompter: Prompter = { text: async () => typed ?? "", secret: unused, confirm: unused, select: unused };
  const io: CommandIo = {
    out: (text) => {
      out += text;
    },
    err() {},
    readStdin: async () => "",
    prompter: typed === null ? null : prompter,
    terminal: { out: false, err: false, columns: 80 },
    paint: (_style, text) => text,
    env: {},
    cwd: "/",
    runtime: currentRuntime(),
  };
  return { io, out: () => out };
}

describe("service install", () => {
  test("hands over home, program and account, and says what is still missing", async () => {
    const home = tempFolder();
    const { manager, installed } = memoryManager();
    const { io, out } = memoryIo();
    await serviceInstall({ home, account: "svc" }, io, manager);
    expect(installed).toMatchObject([{ home, account: "svc" }]);
    expect(installed[0]?.command[0]).toBe(process.execPath);
    expect(out()).toContain("service tiersync created");
    expect(out()).toContain("no tiersync.yaml yet");
  });

  test("--print shows the definition and installs nothing", async () => {
    const { manager, installed } = memoryManager();
    const { io, out } = memoryIo();
    await serviceInstall({ home: "/srv/x", print: true }, io, manager);
    expect(out()).toBe("a unit for /srv/x\n");
    expect(installed).toEqual([]);
  });

  test("a home that does not exist is refused", async () => {
    const { manager, installed } = memoryManager();
    const home = join(tempFolder(), "nowhere");
    await expect(serviceInstall({ home }, memoryIo().io, manager)).rejects.toMatchObject({ code: "ERR_CONFIG" });
    expect(installed).toEqual([]);
  });
});

describe("service uninstall", () => {
  function homeWithData(): string {
    const home = tempFolder();
    for (const name of ["data", "logs", "keys"]) mkdirSync(join(home, name));
    writeFileSync(join(home, "data", "tiersync.db"), "");
    return home;
  }
  const left = (home: string) => ["data", "logs", "keys"].filter((name) => existsSync(join(home, name)));

  test("keeps the home folder", async () => {
    const home = homeWithData();
    const { manager, calls } = memoryManager({ ...ABSENT, state: "running", home });
    await serviceUninstall({}, memoryIo().io, manager);
    expect(calls).toEqual(["uninstall"]);
    expect(left(home)).toEqual(["data", "logs", "keys"]);
  });

  test("--purge deletes data and logs of the service's own home, once its name was typed", async () => {
    const home = homeWithData();
    const { manager, calls } = memoryManager({ ...ABSENT, state: "running", home });
    await serviceUninstall({ purge: true, home: "/elsewhere" }, memoryIo(basename(home)).io, manager);
    expect(calls).toEqual(["uninstall"]);
    expect(left(home)).toEqual(["keys"]);
  });

  test("--purge with another word typed changes nothing", async () => {
    const home = homeWithData();
    const { manager, calls } = memoryManager({ ...ABSENT, state: "running", home });
    const asked = serviceUninstall({ purge: true }, memoryIo("yes").io, manager);
    await expect(asked).rejects.toMatchObject({ code: "ERR_STOPPED" });
    expect(calls).toEqual([]);
    expect(left(home)).toEqual(["data", "logs", "keys"]);
  });

  test("--purge with nobody at a terminal needs --yes", async () => {
    const home = homeWithData();
    const { manager, calls } = memoryManager({ ...ABSENT, state: "stopped", home });
    await expect(serviceUninstall({ purge: true }, memoryIo().io, manager)).rejects.toMatchObject({
      code: "ERR_USAGE",
    });
    expect(calls).toEqual([]);
    await serviceUninstall({ purge: true, yes: true }, memoryIo().io, manager);
    expect(left(home)).toEqual(["keys"]);
  });
});

describe("service status", () => {
  test("says what runs, exit code 0", async () => {
    const { manager } = memoryManager({ state: "running", pid: 42, account: "svc", home: "/srv/x", exitCode: null });
    const { io, out } = memoryIo();
    expect(await serviceStatus({}, io, manager)).toBe(0);
    expect(out()).toBe("service  running (process 42)\naccount  svc\nhome     /srv/x\n");
  });

  test("is exit code 1 when it does not run, and --json gives the facts", async () => {
    const failed: ServiceStatus = { state: "failed", pid: null, account: "svc", home: "/srv/x", exitCode: 2 };
    const { io, out } = memoryIo();
    expect(await serviceStatus({ json: true }, io, memoryManager(failed).manager)).toBe(1);
    expect(JSON.parse(out())).toEqual(failed);
  });
});
