/** `plan`: what the next cycle would do. Changes nothing anywhere. */
import { selectTenants } from "../config/tenant-choice.ts";
import { AgentError, EXIT, type ExitCode, exitCodeOf, toAgentError } from "../errors.ts";
import { CYCLE_DEADLINE } from "../model/cycle.ts";
import type { PlanView, TenantPlanView } from "../model/views.ts";
import { renderPlan } from "../plan/render.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { loadGoodHome } from "./load-home.ts";
import { commandLogging, logWarnings } from "./logging.ts";
import { createProgress } from "./progress.ts";
import { errorView, reportError } from "./report-error.ts";
import { stepOf } from "./with-home.ts";

export async function plan(options: GlobalOptions, io: CommandIo): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  const good = loadGoodHome(home);
  const names = selectTenants(good.config, options.tenant).map((tenant) => tenant.name);
  const { withPlanner } = await import("../database-copy.ts");
  const { stopSignals } = await import("../platform/signals.ts");
  const logging = commandLogging(home, null, options, io);
  logWarnings(logging, good.warnings);
  const progress = createProgress(io, options.quiet === true || options.json === true);
  const stop = stopSignals();
  try {
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(CYCLE_DEADLINE)]);
    const request = {
      trigger: "cli",
      full: false,
      pauses: false,
      suspicious: false,
      signal,
      deadline: Date.now() + CYCLE_DEADLINE,
    } as const;
    const agentOptions = {
      home,
      env: io.env,
      logging,
      progress: (step: Parameters<typeof stepOf>[0]) => progress.step(stepOf(step)),
    };
    const plans = await withPlanner(good, agentOptions, (agent) =>
      Promise.allSettled(names.map((name) => agent.plan(name, request))),
    );
    progress.dispose();
    const made = plans.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const failed = plans.flatMap((result, at) =>
      result.status === "rejected" ? [{ tenant: names[at] ?? "", error: toAgentError(result.reason) }] : [],
    );
    const [only] = failed;
    if (only !== undefined && names.length === 1) throw only.error;
    const errors = failed.map(({ tenant, error }) => ({ tenant, ...errorView(error) }));
    if (options.json) outJson(io, { tenants: made, errors } satisfies PlanView);
    else io.out(made.map((tenant: TenantPlanView) => renderPlan(tenant, tenant.waiting)).join("\n"));
    for (const { tenant, error } of failed) {
      const { code, message, hint, cause } = error;
      const named = new AgentError(code, `${tenant}: ${message}`, { hint, cause });
      reportError(named, io, { json: false, verbose: options.verbose === true });
    }
    return worst(failed.map(({ error }) => exitCodeOf(error)));
  } finally {
    progress.dispose();
    stop.dispose();
    logging.dispose();
  }
}

/** Of several tenants. */
function worst(codes: readonly ExitCode[]): ExitCode {
  return [EXIT.usage, EXIT.locked, EXIT.failed].find((code) => codes.includes(code)) ?? EXIT.done;
}

export const planCommand = defineCommand({
  name: "plan",
  summary: "what the next cycle would do; changes nothing anywhere",
  details:
    "Per tier: seats bought, used and free, and who would wait. Reads the directory; works while the agent runs.",
  examples: ["plan", "plan --tenant contoso", "plan --json"],
  run: (options, io) => plan(options, io),
});
