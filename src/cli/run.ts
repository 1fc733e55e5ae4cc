/** `run`: a cycle at once, then on the schedule, and the status API, until stopped. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Option } from "@commander-js/extra-typings";
import { CONFIG_FILE } from "../config/paths.ts";
import { EXIT, type ExitCode, toAgentError } from "../errors.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { cycleLines } from "./cycle-text.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { commandLogging } from "./logging.ts";
import { assertNoAgent } from "./running-agent.ts";

/** Time for a cycle to stop at a safe place, and for answers under way. */
const STOP_WITHIN = 4000;

export interface RunOptions extends GlobalOptions {
  /** Started by the Windows service manager. */
  readonly service?: boolean;
  /** Go on with a database that another machine made. */
  readonly takeOver?: boolean;
}

export async function run(options: RunOptions, io: CommandIo): Promise<ExitCode> {
  if (options.service) {
    const { runAsService } = await import("../platform/service.ts");
    return (await runAsService((host) => keepRunning(options, io, host))) === EXIT.done ? EXIT.done : EXIT.failed;
  }
  const { stopSignals } = await import("../platform/signals.ts");
  const stop = stopSignals(() => {
    if (!options.quiet) io.err("stopping …\n");
  });
  try {
    return await keepRunning(options, io, { stop: stop.signal, ready() {} });
  } finally {
    stop.dispose();
  }
}

async function keepRunning(
  options: RunOptions,
  io: CommandIo,
  host: { readonly stop: AbortSignal; readonly ready: () => void },
): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  const { loadConfig } = await import("../config/load.ts");
  const { DATABASE_FILE } = await import("../home-database.ts");
  const { startAgent } = await import("../running.ts");
  const { openSystemEventLog } = await import("../platform/event-log.ts");
  const events = await openSystemEventLog();
  // A folder that is none of ours, because --home is mistyped, gets no logs/ either.
  const ours = [CONFIG_FILE, DATABASE_FILE].some((file) => existsSync(join(home, file)));
  const logging = commandLogging(home, ours ? (loadConfig(home).value ?? DEFAULT_LOG) : null, options, io, events);
  try {
    await assertNoAgent(home);
    const running = await startAgent({
      home,
      env: io.env,
      logging,
      takeOver: options.takeOver === true,
      ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
      listen: (event) => {
        if (event.type === "finished" && !options.json && !options.quiet) io.out(cycleLines(event.cycle, io));
      },
    });
    host.ready();
    if (options.json) outJson(io, { port: running.port, home });
    else if (!options.quiet) {
      const about = running.only === null ? home : `${home} for ${running.only} alone`;
      io.out(`tiersync runs on ${about}; look at it: curl http://127.0.0.1:${running.port}/\n`);
    }
    await aborted(host.stop);
    await running.stop(STOP_WITHIN);
    // Whatever still hangs (a connection that will not close) must not keep a stopped agent alive.
    setTimeout(() => process.exit(EXIT.done), 500).unref();
    return EXIT.done;
  } catch (thrown) {
    // A service has no console on which `reportError` could tell it.
    if (options.service)
      logging.logger("agent").error("the agent ended: {message}", { message: toAgentError(thrown).message });
    throw thrown;
  } finally {
    logging.dispose();
  }
}

const DEFAULT_LOG = { log: { level: "info", maxSize: 20_000_000, maxFiles: 10 } } as const;

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

export const runCommand = defineCommand({
  name: "run",
  summary: "a cycle at once, then on the schedule, and the status API, until stopped",
  details:
    "Edits of tiersync.yaml and rules/ are seen within two seconds and applied at the next cycle. With --tenant the other tenants stay as they are.",
  examples: ["run", "run --home /srv/tiersync", "run --tenant contoso"],
  configure: (command) =>
    command
      .option("--take-over", "go on here with a database that another machine made; what it would take is held")
      .addOption(new Option("--service", "started by the Windows service manager").hideHelp()),
  run: (options, io) => run(options, io),
});
