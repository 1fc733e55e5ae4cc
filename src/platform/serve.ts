/** One HTTP server on the loopback addresses, the same on Bun and Deno. */
import { setTimeout as delay } from "node:timers/promises";
import { AgentError } from "../errors.ts";
import { isLoopback } from "../model/loopback.ts";
import { deno } from "./runtime.ts";

export interface RequestContext {
  /** Address of the caller: `127.0.0.1`, `::1`. */
  readonly remote: string;
  /** Aborts when the server stops: long answers (server-sent events) end themselves on it. */
  readonly shutdown: AbortSignal;
}

export type FetchHandler = (request: Request, context: RequestContext) => Response | Promise<Response>;

export interface LoopbackServer {
  /** The port it got; that of the options unless it was 0. */
  readonly port: number;
  /** Takes no new requests, lets those in flight finish, and cuts what is left after `deadline` milliseconds. */
  stop(deadline: number): Promise<void>;
}

export interface LoopbackOptions {
  /** `127.0.0.1`, `::1` and `localhost` listen on both families; any other loopback address on itself only. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

interface Listener {
  readonly port: number;
  drain(): Promise<void>;
  cut(): void;
}

/** Throws `AgentError` `ERR_PLATFORM` (port taken or forbidden) and `ERR_CONFIG` (not a loopback host). */
export async function serveLoopback(handler: FetchHandler, options: LoopbackOptions): Promise<LoopbackServer> {
  if (!isLoopback(options.host)) {
    throw new AgentError("ERR_CONFIG", `status.host "${options.host}" is not a loopback address`, {
      hint: "use 127.0.0.1; reach it from elsewhere through ssh or a reverse proxy",
    });
  }
  const closing = new AbortController();
  const answer = async (request: Request, remote: string): Promise<Response> =>
    await handler(request, { remote, shutdown: closing.signal });
  const listeners = await listenAll(answer, options);
  return {
    port: listeners[0]?.port ?? options.port,
    async stop(deadline) {
      closing.abort();
      const drained = Promise.all(listeners.map((listener) => listener.drain()));
      const cutting = new AbortController();
      const late = delay(deadline, "late" as const, { signal: cutting.signal }).catch(() => "cancelled" as const);
      const first = await Promise.race([drained, late]);
      cutting.abort();
      if (first === "late") for (const listener of listeners) listener.cut();
    },
  };
}

type Answer = (request: Request, remote: string) => Promise<Response>;

async function listenAll(answer: Answer, { host, port }: LoopbackOptions): Promise<Listener[]> {
  const both = ["127.0.0.1", "::1", "[::1]", "localhost"].includes(host.toLowerCase());
  if (!both) return [listen(answer, host, port)];
  // With port 0 the second family may find the first one's port taken by a stranger: try another pair.
  for (let attempt = 1; ; attempt += 1) {
    const first = listen(answer, "127.0.0.1", port);
    try {
      const second = listenIfAvailable(answer, "::1", first.port);
      return second === null ? [first] : [first, second];
    } catch (error) {
      first.cut();
      if (port !== 0 || attempt === 5) throw error;
    }
  }
}

function listenIfAvailable(answer: Answer, hostname: string, port: number): Listener | null {
  try {
    return listen(answer, hostname, port);
  } catch (error) {
    if (error instanceof AgentError && error.facts["errno"] === "EADDRINUSE") throw error;
    return null; // IPv6 is switched off on this computer
  }
}

function listen(answer: Answer, hostname: string, port: number): Listener {
  try {
    return deno === undefined ? listenBun(answer, hostname, port) : listenDeno(deno, answer, hostname, port);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    const inUse = errno === "EADDRINUSE";
    const why = inUse ? "another program uses this port" : `the operating system refused: ${errno}`;
    throw new AgentError("ERR_PLATFORM", `cannot listen on ${hostname} port ${port}: ${why}`, {
      hint: inUse
        ? "choose another `status.port` in tiersync.yaml (0: any free one), or stop the program that has it"
        : "choose another `status.port` in tiersync.yaml",
      facts: { errno, port },
      cause: error,
    });
  }
}

function listenBun(answer: Answer, hostname: string, port: number): Listener {
  const server = Bun.serve({
    hostname,
    port,
    idleTimeout: 0, // otherwise Bun cuts a stream that is silent for 10 seconds
    fetch: (request, self) => answer(request, self.requestIP(request)?.address ?? ""),
    error: internalError,
  });
  return {
    port: server.port ?? port,
    drain: async () => await server.stop(false),
    cut: () => void server.stop(true),
  };
}

function listenDeno(api: DenoServe, answer: Answer, hostname: string, port: number): Listener {
  const server = api.serve({ hostname, port, onListen() {}, onError: internalError }, (request, info) =>
    answer(request, info.remoteAddr.hostname),
  );
  const stopped = () => server.shutdown();
  // Deno has no way to cut connections after `shutdown()` without an uncatchable error: the process ends them.
  return { port: server.addr.port, drain: stopped, cut: () => void stopped() };
}

type DenoServe = Pick<NonNullable<typeof deno>, "serve">;

/** Neither runtime's default page: that one would show the stack. */
function internalError(): Response {
  return new Response("internal error\n", { status: 500 });
}
