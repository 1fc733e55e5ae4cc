/** `rules test`: runs the `tests:` of the rule files; nothing is read from Entra. */
import { EXIT, type ExitCode } from "../errors.ts";
import { plainText } from "../model/plain-text.ts";
import type { RuleTestResult } from "../rules/rule-tests.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";

export async function rulesTest(options: GlobalOptions, io: CommandIo): Promise<ExitCode> {
  const { selectTenants } = await import("../config/tenant-choice.ts");
  const { loadGoodHome } = await import("./load-home.ts");
  const { runRuleTests } = await import("../rules/rule-tests.ts");
  const { config, rules } = loadGoodHome(resolveHome(options.home, io));
  const tenants = selectTenants(config, options.tenant);
  const tests = runRuleTests(rules, { tenants, mailboxSettings: config.mailboxSettings, now: Date.now() });
  const failed = tests.filter(({ passed }) => !passed).length;
  if (options.json) outJson(io, { ok: failed === 0, tests });
  else if (tests.length === 0) io.out("no tests: write some under `tests:` in a rule file\n");
  else {
    for (const result of tests) if (!result.passed || !options.quiet) io.out(`${resultLine(result, io)}\n`);
    io.out(`${tests.length - failed} passed, ${failed} failed\n`);
  }
  return failed === 0 ? EXIT.done : EXIT.failed;
}

function resultLine(result: RuleTestResult, io: CommandIo): string {
  const { name, file, line, passed, expected, actual, tenant, detail } = result;
  if (passed) return `${io.paint("green", "pass")}  ${plainText(name)}`;
  const came = `expected ${expected ?? "no tier"}, got ${actual ?? "no tier"} in ${tenant} (${detail})`;
  return `${io.paint("red", "FAIL")}  ${plainText(name)}: ${plainText(came)}\n      ${plainText(file)}:${line}`;
}

export const rulesTestCommand = defineCommand({
  name: "test",
  summary: "run the tests in the rule files",
  details: "A test names a person's groups and attributes, and the tier that must come out.",
  examples: ["rules test", "rules test --tenant contoso --json"],
  run: (options, io) => rulesTest(options, io),
});
