import { VERSION } from "../platform/runtime.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { type CommandIo, outJson } from "./io.ts";

export async function version(options: GlobalOptions, io: CommandIo): Promise<undefined> {
  const { runtime } = io;
  const facts = {
    version: VERSION,
    runtime: `${runtime.name} ${runtime.version}`,
    platform: runtime.platform,
    compiled: runtime.compiled,
  };
  if (options.json) outJson(io, facts);
  else
    io.out(`tiersync ${VERSION} (${facts.runtime}, ${facts.platform}, ${facts.compiled ? "executable" : "source"})\n`);
}

export const versionCommand = defineCommand({
  name: "version",
  summary: "print version, runtime and platform",
  noTenant: "it is about the program",
  examples: ["version", "version --json"],
  run: (options, io) => version(options, io),
});
