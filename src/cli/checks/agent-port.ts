/** Does an agent run here, and can the status API have its port? */
import { createServer } from "node:net";
import type { AgentConfig } from "../../config/types.ts";
import type { CheckResult } from "../../model/views.ts";
import { findRunningAgent } from "../running-agent.ts";
import { fail, failed, ok, warn } from "./result.ts";

export async function checkAgent(home: string, status: AgentConfig["status"] | null): Promise<CheckResult[]> {
  const search = await findRunningAgent(home).catch((error: unknown) => failed("agent.running", null, error));
  // Whose the port is cannot be said then either.
  if ("level" in search) return [search];
  const { agent, absent } = search;
  const checks =
    agent === null
      ? [ok("agent.running", null, absent)]
      : [ok("agent.running", null, `process ${agent.pid} at port ${agent.port}, since ${agent.started}`)];
  if (status === null) return checks;
  const { host, port } = status;
  if (port === 0) return [...checks, ok("api.port", null, "any free port")];
  if (agent?.port === port) return [...checks, ok("api.port", null, `port ${port} is the running agent's`)];
  const errno = await tryPort(host, port);
  if (errno === null) return [...checks, ok("api.port", null, `port ${port} is free`)];
  const hint = "set another `status.port` in tiersync.yaml, or 0 for any free one";
  if (errno === "EADDRINUSE") return [...checks, fail("api.port", null, `another program has port ${port}`, hint)];
  return [...checks, warn("api.port", null, `whether port ${port} is free cannot be said (${errno})`, hint)];
}

/** Null: it is free. */
function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
