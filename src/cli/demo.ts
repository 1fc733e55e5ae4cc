/** `demo`: the whole thing against a built-in simulated tenant. Needs no account, no set-up, and leaves nothing behind. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import rulesTemplate from "../../rules/secure-exchanges.yaml" with { type: "text" };
import { CONFIG_FILE } from "../config/paths.ts";
import { createCertificate } from "../entra/self-signed.ts";
import { AgentError, type ExitCode } from "../errors.ts";
import { writeProtected } from "../platform/protect.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { demoReport } from "./demo-report.ts";
import { type CommandIo, outJson } from "./io.ts";
import { commandLogging } from "./logging.ts";
import { createProgress } from "./progress.ts";
import { exitOf } from "./sync.ts";
import { stepOf } from "./with-home.ts";

export interface DemoOptions extends GlobalOptions {
  readonly once?: boolean;
  readonly port?: number;
}

/** Someone in the simulated tenant comes, moves or leaves this often, and a cycle follows. */
const LIFE_EVERY = 5000;
const USUAL_PORT = 8321;
const STOP_WITHIN = 4000;
const CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001";

export async function demo(options: DemoOptions, io: CommandIo): Promise<ExitCode> {
  const { createDemoTenant } = await import("../simulator/demo-tenant.ts");
  const { createSimulator } = await import("../simulator/app.ts");
  const { serveLoopback } = await import("../platform/serve.ts");
  const { startAgent } = await import("../running.ts");
  const { stopSignals } = await import("../platform/signals.ts");
  const quiet = options.quiet === true || options.json === true;
  const say = (text: string): void => (quiet ? undefined : io.out(text));
  const home = mkdtempSync(join(tmpdir(), "tiersync-demo-"));
  const stop = stopSignals();
  const progress = createProgress(io, quiet);
  const tenant = createDemoTenant();
  const simulator = createSimulator([tenant]);
  const graph = await serveLoopback((request) => simulator.app.fetch(request), { host: "127.0.0.1", port: 0 });
  const logging = commandLogging(home, null, options, io);
  try {
    say("tiersync demo: a simulated Microsoft Entra tenant of some 200 people, and the real agent against it\n\n");
    progress.step("making a certificate and a home folder");
    tenant.register({
      clientId: CLIENT_ID,
      certificates: [await writeHome(home, tenant.id, graph.port, options.port ?? (await usualPort()))],
    });
    let shown = false;
    const running = await startAgent({
      home,
      env: {},
      logging,
      listen: (event) => {
        if (event.type === "step" && !shown)
          progress.step(stepOf({ tenant: event.tenant, step: event.step, done: event.done ?? 0, of: event.total }));
      },
    });
    try {
      const records = await running.firstCycles;
      shown = true;
      progress.dispose();
      if (options.json) outJson(io, { cycles: records, home, port: running.port });
      else say(demoReport(running, records, io, { home, once: options.once === true }));
      if (!options.once) await live(tenant, running, say, stop.signal);
      return exitOf(records);
    } finally {
      await running.stop(STOP_WITHIN);
    }
  } finally {
    progress.dispose();
    stop.dispose();
    logging.dispose();
    await graph.stop(500);
    rmSync(home, { recursive: true, force: true });
  }
}

/** The agent's usual port, or any free one where something has it already: a demo is not to fail for that. */
async function usualPort(): Promise<number> {
  const { serveLoopback } = await import("../platform/serve.ts");
  try {
    const server = await serveLoopback(() => new Response(), { host: "127.0.0.1", port: USUAL_PORT });
    await server.stop(0);
    return USUAL_PORT;
  } catch (error) {
    if (error instanceof AgentError && error.facts["errno"] === "EADDRINUSE") return 0;
    throw error;
  }
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65535) throw new InvalidArgumentError("Use 0 to 65535.");
  return number;
}

/** Returns the certificate to register. */
async function writeHome(home: string, tenantId: string, graphPort: number, port: number): Promise<string> {
  const { DEMO_SEATS, DEMO_PARENT } = await import("../simulator/demo-tenant.ts");
  const made = await createCertificate({ commonName: "tiersync demo", bits: 2048, days: 2, now: Date.now() });
  const origin = `http://127.0.0.1:${graphPort}`;
  mkdirSync(join(home, "rules"), { recursive: true });
  writeProtected(join(home, "keys", "demo.pem"), `${made.privateKeyPem}\n${made.certificatePem}`);
  writeFileSync(join(home, "rules", "secure-exchanges.yaml"), rulesTemplate);
  writeFileSync(
    join(home, CONFIG_FILE),
    `# The demo's own: it goes away when the demo ends.
schedule: "*/5 * * * *"
tenants:
  - name: demo
    tenantId: ${tenantId}
    clientId: ${CLIENT_ID}
    credential: {certificate: keys/demo.pem}
    parentGroup: ${DEMO_PARENT}
    cloud: {authority: "${origin}", graph: "${origin}"}
tiers:
  Eco: {seats: ${DEMO_SEATS.Eco}}
  Advanced: {seats: ${DEMO_SEATS.Advanced}}
  Pro: {seats: ${DEMO_SEATS.Pro}}
  No_Licence: {revokes: true, purgeAfter: 24h}
guard: {change: {count: 1000, percent: 100}}   # life in the demo is faster than anywhere else
status: {port: ${port}}
`,
  );
  return made.certificatePem;
}

/** The simulated tenant keeps living, and a cycle follows each event, until stopped. */
async function live(
  tenant: Parameters<typeof import("../simulator/demo-life.ts").liveOn>[0],
  running: { sync(): void },
  say: (text: string) => void,
  stopped: AbortSignal,
): Promise<void> {
  const { liveOn } = await import("../simulator/demo-life.ts");
  const { seededRandom } = await import("../simulator/random.ts");
  const random = seededRandom(2);
  say("\nThe tenant lives on: people come, move and leave. Ctrl+C ends the demo.\n");
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      say(`  ${liveOn(tenant, random).text}\n`);
      running.sync();
    }, LIFE_EVERY);
    const end = (): void => {
      clearInterval(timer);
      resolve();
    };
    if (stopped.aborted) end();
    else stopped.addEventListener("abort", end, { once: true });
  });
}

export const demoCommand = defineCommand({
  name: "demo",
  summary: "the whole thing against a built-in simulated tenant: no account, no set-up",
  noTenant: "it brings a simulated tenant of its own",
  details:
    "Runs the real agent against a simulated Microsoft Entra and Graph in this process, and keeps nothing afterwards.",
  examples: ["demo", "demo --once", "demo --port 0"],
  configure: (command) =>
    command
      .option("--once", "end after one cycle")
      .option("--port <port>", "port of the status API; 0: any free one (default: 8321 if it is free)", port),
  run: (options, io) => demo(options, io),
});
