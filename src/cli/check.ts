/** `check`: the doctor. One line per check, and how to mend each failure. Changes nothing. */
import { selectTenants } from "../config/tenant-choice.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import { plainText } from "../model/plain-text.ts";
import type { CheckResult } from "../model/views.ts";
import { redactText } from "../platform/redaction.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import type { GoodHome } from "./load-home.ts";
import { commandLogging } from "./logging.ts";
import { createProgress } from "./progress.ts";

export interface CheckOptions extends GlobalOptions {
  readonly sendTest?: boolean;
}

export async function check(options: CheckOptions, io: CommandIo): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  const { checkFiles } = await import("./checks/files.ts");
  const { checkDatabase } = await import("./checks/database.ts");
  const { checkHomeFolder } = await import("./checks/home-folder.ts");
  const { checkAgent } = await import("./checks/agent-port.ts");
  const { checks: files, config, rules } = checkFiles(home, Date.now());
  const checks = [...files, ...checkHomeFolder(home), checkDatabase(home)];
  checks.push(...(await checkAgent(home, config?.status ?? null)));
  const broken = config === null || rules === null;
  if (!broken) checks.push(...(await checkTenants(home, { config, rules, warnings: [] }, options, io)));
  const results = checks.map(safe);
  const ok = results.every(({ level }) => level !== "fail");
  if (options.json) outJson(io, { ok, checks: results });
  else io.out(checkText(results, options.quiet === true, io));
  if (broken) return EXIT.usage;
  return ok ? EXIT.done : EXIT.failed;
}

async function checkTenants(
  home: string,
  good: GoodHome,
  options: CheckOptions,
  io: CommandIo,
): Promise<CheckResult[]> {
  const tenants = selectTenants(good.config, options.tenant);
  const { openAgent } = await import("../agent.ts");
  const { stopSignals } = await import("../platform/signals.ts");
  const { checkCredential } = await import("./checks/credential.ts");
  const { checkDirectory } = await import("./checks/directory.ts");
  const { checkNotify } = await import("./checks/notify.ts");
  const { checkSecrets } = await import("./checks/secrets.ts");
  const { checkTarget } = await import("./checks/target.ts");
  const { checkTenant } = await import("./checks/tenant.ts");
  const logging = commandLogging(home, null, { ...options, quiet: !options.verbose }, io);
  const progress = createProgress(io, options.quiet === true || options.json === true || !io.terminal.err);
  const stop = stopSignals();
  // Nothing is kept: the checks ask Entra and Graph, not the agent's memory.
  const agent = openAgent(good, { home, env: io.env, logging, databaseFile: ":memory:" });
  try {
    const context = { agent, config: good.config, env: io.env, stop: stop.signal };
    progress.step(`asking Entra and Graph about ${tenants.map(({ name }) => name).join(", ")}`);
    const results = await Promise.all(
      tenants.map(async (tenant) => [
        ...checkTenant(tenant),
        ...(await checkSecrets(tenant, { home, env: io.env })),
        ...checkCredential(tenant, Date.now()),
        ...(await checkDirectory(tenant, context)),
        ...(await checkTarget(tenant, context)),
        ...(await checkNotify(tenant.name, { agent, sendTest: options.sendTest === true, stop: stop.signal })),
      ]),
    );
    return results.flat();
  } finally {
    progress.dispose();
    stop.dispose();
    agent.close();
    logging.dispose();
  }
}

/** Names of groups and the like are others' text. */
function safe(result: CheckResult): CheckResult {
  const text = (value: string): string => plainText(redactText(value));
  return { ...result, message: text(result.message), hint: result.hint === null ? null : text(result.hint) };
}

const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const;

function checkText(results: readonly CheckResult[], quiet: boolean, io: Pick<CommandIo, "paint">): string {
  const shown = quiet ? results.filter(({ level }) => level !== "ok") : results;
  const width = Math.max(0, ...shown.map(({ id }) => id.length));
  const lines = shown.flatMap(({ id, tenant, level, message, hint }, index) => [
    `${io.paint(COLOURS[level], level.padEnd(4))}  ${id.padEnd(width)}  ${tenant === null ? "" : `${tenant}: `}${message}`,
    // What mends several findings in a row stands once, below the last of them.
    ...(hint === null || hint === shown[index + 1]?.hint ? [] : [`${" ".repeat(6)}-> ${hint}`]),
  ]);
  const count = (level: CheckResult["level"]): number => results.filter((result) => result.level === level).length;
  lines.push(`${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failed`);
  return `${lines.join("\n")}\n`;
}

export const checkCommand = defineCommand({
  name: "check",
  summary: "find out what is wrong, and how to mend it; changes nothing",
  details:
    "Configuration, rules and their tests, access rights, credential, clock, permissions, groups, mail server, port. One line per check; exit code 1 when one fails, 2 when configuration or rules are broken.",
  examples: ["check", "check --tenant contoso", "check --send-test", "check --json"],
  configure: (command) => command.option("--send-test", "send a test message by e-mail and web hook"),
  run: (options, io) => check(options, io),
});
