/**
 * Stands for the agent where a suite needs a service that behaves in ways the agent does not: slow to start, slow to stop, ending
 * with an error. `service …` is the real command. It answers on a free port, which it writes to data/port of its home.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processIo } from "../../src/cli/io.ts";
import { runProgram } from "../../src/cli/program.ts";
import { terminalPrompter } from "../../src/cli/prompt.ts";
import { toAgentError } from "../../src/errors.ts";
import { SERVICE_NAME, type ServiceBody } from "../../src/platform/service.ts";

const args = process.argv.slice(2);
const home = args[args.indexOf("--home") + 1] ?? "";

const body: ServiceBody = async ({ stop, ready }) => {
  const ended = Promise.withResolvers<number>();
  let drain = 0;
  const slow = join(home, "slow-start");
  if (existsSync(slow)) await Bun.sleep(Number(readFileSync(slow, "utf8")));
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/end") ended.resolve(Number(searchParams.get("code")));
      if (pathname === "/drain") drain = Number(searchParams.get("ms"));
      return new Response("ok\n");
    },
  });
  writeFileSync(join(home, "data", "port"), String(server.port));
  ready();
  stop.addEventListener("abort", async () => {
    await Bun.sleep(drain);
    writeFileSync(join(home, "data", "drained"), "");
    ended.resolve(0);
  });
  const code = await ended.promise;
  await server.stop(true);
  return code;
};

async function protection(direction: string, file: string): Promise<void> {
  const { protect, unprotect } = await import("../../src/platform/windows/dpapi.ts");
  const bytes = readFileSync(file);
  writeFileSync(`${file}.${direction}`, direction === "protect" ? protect(bytes) : unprotect(bytes, file));
}

async function perform(): Promise<number> {
  const [command = "", file = ""] = args;
  if (command === "protect" || command === "unprotect") {
    await protection(command, file);
    return 0;
  }
  if (command !== "run") return await runProgram(args, processIo(terminalPrompter));
  const { runAsService } = await import("../../src/platform/windows/service-host.ts");
  return await runAsService(SERVICE_NAME, body, { drainMs: 3_000, connectMs: 3_000 });
}

try {
  process.exitCode = await perform();
} catch (thrown) {
  const { code, message } = toAgentError(thrown);
  console.error(`${code} ${message}`);
  process.exitCode = 1;
}
