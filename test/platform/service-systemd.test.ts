import { describe, expect, test } from "bun:test";
import { readUnit, renderUnit, type UnitOptions } from "../../src/platform/systemd-unit.ts";

const options: UnitOptions = {
  home: "/opt/tiersync",
  command: ["/opt/tiersync/tiersync", "run", "--home", "/opt/tiersync"],
  user: "tiersync",
  systemdVersion: 257,
};

function value(unit: string, key: string): string | undefined {
  return new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1];
}

describe("the systemd unit", () => {
  test("writes its own folders and nothing else, without any capability", () => {
    const unit = renderUnit(options);
    expect(value(unit, "ReadWritePaths")).toBe("/opt/tiersync/data /opt/tiersync/logs /opt/tiersync/keys");
    expect(value(unit, "ProtectSystem")).toBe("strict");
    expect(value(unit, "NoNewPrivileges")).toBe("yes");
    expect(value(unit, "CapabilityBoundingSet")).toBe("");
    expect(value(unit, "User")).toBe("tiersync");
  });

  test("stops by SIGTERM with 30 seconds to drain", () => {
    const unit = renderUnit(options);
    expect(value(unit, "KillSignal")).toBe("SIGTERM");
    expect(value(unit, "TimeoutStopSec")).toBe("30");
  });

  test("restarts with growing pauses where systemd can, else with one", () => {
    expect(value(renderUnit(options), "RestartSteps")).toBe("2");
    const old = renderUnit({ ...options, systemdVersion: 252 });
    expect(value(old, "RestartSteps")).toBeUndefined();
    expect(value(old, "RestartSec")).toBe("5min");
  });

  test("just-in-time compilation stays allowed", () => {
    expect(renderUnit(options)).not.toContain("MemoryDenyWriteExecute");
  });

  test("paths with spaces, accents, % and $ are written so that systemd reads them as they are", () => {
    const home = "/opt/tier sync é%h$x";
    const unit = renderUnit({ ...options, home, command: [`${home}/tiersync`, "run", "--home", home] });
    expect(value(unit, "ExecStart")).toBe('"/opt/tier sync é%%h$x/tiersync" run --home "/opt/tier sync é%%h$$x"');
    expect(value(unit, "WorkingDirectory")).toBe("/opt/tier sync é%%h$x");
    expect(readUnit(unit)).toEqual({ home, user: "tiersync" });
  });

  test("a home below /home or /root stays readable", () => {
    expect(value(renderUnit({ ...options, home: "/home/ada/tiersync" }), "ProtectHome")).toBe("read-only");
    expect(value(renderUnit({ ...options, home: "/homestead" }), "ProtectHome")).toBe("yes");
  });
});
