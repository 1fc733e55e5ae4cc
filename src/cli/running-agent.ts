/** The agent that runs on a home folder, reached through its status API. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AgentError, ERROR_CODES, type ErrorCode } from "../errors.ts";
import { createFetch } from "../platform/fetch.ts";
import { isAlive } from "../platform/process-alive.ts";
import { readProtectedText } from "../platform/protect.ts";
import { assertVisible } from "../platform/readable.ts";

/** The API listens there whatever `status.host` is. */
const HOST = "127.0.0.1";
/** Longest time for an answer of the agent; ms. */
const PATIENCE = 10_000;

export interface RunningAgentLink {
  readonly pid: number;
  readonly port: number;
  /** ISO 8601 UTC. */
  readonly started: string;
  /** The one that it works on; null: every tenant. */
  readonly tenant: string | null;
  /** Throws the problem that the agent answers as an `AgentError` of its code. */
  text(path: string): Promise<string>;
  json(path: string): Promise<unknown>;
  /** Throws `ERR_LOCKED` as well, where the token does not let this account ask. */
  post(path: string, body: unknown): Promise<unknown>;
}

export type AgentSearch =
  | { readonly agent: RunningAgentLink; readonly absent: null }
  /** Why there is none: for people. `silent`: the process of data/run.json lives, but nothing answers: it may be the agent all the same. */
  | { readonly agent: null; readonly absent: string; readonly silent: Pick<RunningAgentLink, "pid" | "port"> | null };

/**
 * Looks in data/run.json, whether the process lives, and whether what answers at its port is the agent that wrote it. Throws
 * `ERR_PLATFORM` when this account may not look.
 */
export async function findRunningAgent(home: string): Promise<AgentSearch> {
  const run = readRunFile(home);
  if (run === null) return { agent: null, absent: "no agent is running on this home folder", silent: null };
  const stale = (why: string): AgentSearch => ({
    agent: null,
    absent: `no agent is running on this home folder: data/run.json was left behind (${why})`,
    silent: null,
  });
  if (!isAlive(run.pid)) return stale(`process ${run.pid} has ended`);
  // Without the token: it is only shown to what has proved to be an agent.
  const health = await healthOf(run);
  if (health === "it") return { agent: linkTo(home, run), absent: null };
  if (health === "other") return stale(`another program answers at port ${run.port}`);
  const absent = `no agent answers on this home folder: process ${run.pid} of data/run.json is there, but nothing answers at port ${run.port}`;
  return { agent: null, absent, silent: run };
}

/** Throws `ERR_NOT_RUNNING`. */
export async function requireRunningAgent(home: string): Promise<RunningAgentLink> {
  const found = await findRunningAgent(home);
  if (found.agent !== null) return found.agent;
  throw new AgentError(
    "ERR_NOT_RUNNING",
    found.absent,
    found.silent === null ? {} : { hint: whatIfSilent(found.silent) },
  );
}

/**
 * Throws `ERR_LOCKED` while an agent runs on the home, as the lock does. Ask it before the lock is taken: one whose file was deleted keeps
 * nobody out, and taking it would shut the agent out.
 */
export async function assertNoAgent(home: string): Promise<void> {
  const { agent } = await findRunningAgent(home);
  if (agent === null) return;
  throw new AgentError("ERR_LOCKED", `another tiersync is at work on this home folder: process ${agent.pid}`);
}

/** Process ids are used again: it may be any program by now. */
function whatIfSilent({ pid }: Pick<RunningAgentLink, "pid">): string {
  return `if process ${pid} is the agent, it is suspended or hangs: let it go on, or end it and start it anew; else start one: tiersync run`;
}

type RunFile = Pick<RunningAgentLink, "pid" | "port" | "started" | "tenant">;

function readRunFile(home: string): RunFile | null {
  const file = join(home, "data", "run.json");
  assertVisible(file);
  try {
    const { pid, port, started, tenant = null } = JSON.parse(readFileSync(file, "utf8")) as Partial<RunFile>;
    // 0 and below name groups of processes, and there is always one.
    const whole = [pid, port].every((number) => Number.isSafeInteger(number) && Number(number) > 0);
    return whole && typeof started === "string" ? { pid: Number(pid), port: Number(port), started, tenant } : null;
  } catch {
    return null;
  }
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const fetch = createFetch({ proxy: null, caFile: null });
  return await fetch(url, { redirect: "manual", ...init, signal: AbortSignal.timeout(PATIENCE) });
}

/** The agent of another home may have got the port since. */
async function healthOf({ port, started }: RunFile): Promise<"it" | "other" | "silence"> {
  const answer = await ask(`http://${HOST}:${port}/healthz`).catch(() => null);
  if (answer === null) return "silence";
  const body = (await answer.json().catch(() => null)) as { healthy?: unknown; startedAt?: unknown } | null;
  return typeof body?.healthy === "boolean" && body.startedAt === started ? "it" : "other";
}

function linkTo(home: string, run: RunFile): RunningAgentLink {
  const send = async (path: string, init: RequestInit, token: string | null): Promise<Response> => {
    const headers = { ...init.headers, ...(token === null ? {} : { Authorization: `Bearer ${token}` }) };
    return await ask(`http://${HOST}:${run.port}${path}`, { ...init, headers }).catch((cause: unknown) => {
      throw new AgentError("ERR_NOT_RUNNING", `the agent (process ${run.pid}) does not answer at port ${run.port}`, {
        hint: "it may be stopping, or hang: see logs/tiersync.log",
        cause,
      });
    });
  };
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    const { token, unread } = apiToken(home);
    let response = await send(path, init, token);
    if (response.status === 401 && unread !== null) {
      // The agent has made one anew where there was none. It can only say that the token is missing; why it is, is known here.
      const again = apiToken(home);
      if (again.unread !== null) throw again.unread;
      response = await send(path, init, again.token);
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  };
  return {
    ...run,
    text: async (path) => await (await request(path, { headers: { Accept: "text/plain" } })).text(),
    json: async (path) => await (await request(path, { headers: { Accept: "application/json" } })).json(),
    post: async (path, body) => {
      const headers = { "Content-Type": "application/json" };
      const asked = request(path, { method: "POST", headers, body: JSON.stringify(body) });
      return await (await asked.catch(notAsked)).json();
    },
  };
}

/** It is at work, and what was wanted of it is not done. */
function notAsked(thrown: unknown): never {
  if (!(thrown instanceof AgentError) || (thrown.code !== "ERR_SECRET" && thrown.code !== "ERR_UNAUTHORIZED"))
    throw thrown;
  const { message, hint } = thrown;
  const what = "an agent is at work on this home folder and cannot be asked";
  throw new AgentError("ERR_LOCKED", `${what}: ${message}`, { hint, cause: thrown });
}

/** Most reading needs none, so what is wrong with it counts only once the agent asks for it. */
function apiToken(home: string): { readonly token: string | null; readonly unread: unknown } {
  try {
    return { token: readProtectedText(join(home, "keys", "api.token")).trim(), unread: null };
  } catch (unread) {
    return { token: null, unread };
  }
}

async function problemOf(response: Response): Promise<AgentError> {
  const body = (await response.json().catch(() => ({}))) as { code?: unknown; detail?: unknown; hint?: unknown };
  const code = typeof body.code === "string" && body.code in ERROR_CODES ? (body.code as ErrorCode) : "ERR_INTERNAL";
  const detail = typeof body.detail === "string" ? body.detail : `the agent answered ${response.status}`;
  return new AgentError(code, detail, typeof body.hint === "string" ? { hint: body.hint } : {});
}
