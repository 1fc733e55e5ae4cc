/** `fetch` through the company's proxy and with its root certificates, the same on Bun and Deno. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { getCACertificates } from "node:tls";
import { AgentError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { deno } from "./runtime.ts";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface FetchOptions {
  /** `http://user:password@proxy:8080`; null: HTTPS_PROXY and HTTP_PROXY of the environment. NO_PROXY counts for both. */
  readonly proxy: string | null;
  /** Absolute path of a PEM file with root certificates to trust beside the usual ones; null: none. */
  readonly caFile: string | null;
  /** Told of each request at level debug: method, host, path, status, time; never the query, and no address of a person. */
  readonly logger?: Pick<Logger, "debug">;
  /** The path is a secret, as that of a chat's web hook: it is not logged. Default false. */
  readonly secretPath?: boolean;
}

const DIRECT = ["localhost", "127.0.0.1", "::1", "[::1]"];

/**
 * A `fetch` for every call that leaves this computer. Loopback addresses never go through a proxy.
 * Throws `AgentError` `ERR_SECRET` when `caFile` cannot be read or holds no certificate.
 */
export function createFetch(options: FetchOptions): Fetch {
  const ca = options.caFile === null ? null : readCertificates(options.caFile);
  keepLoopbackDirect(process.env);
  if (deno !== undefined) {
    const client = deno.createHttpClient({
      ...(ca === null ? {} : { caCerts: [ca] }),
      ...(options.proxy === null ? {} : { proxy: { url: options.proxy } }),
    });
    return traced((input, init) => fetch(input, { ...init, client } as RequestInit), options);
  }
  const extra = {
    // Bun's `ca` takes the place of the usual roots: give those again.
    ...(ca === null ? {} : { tls: { ca: [...getCACertificates("default"), ca] } }),
    ...(options.proxy === null ? {} : { proxy: options.proxy }),
  };
  return traced((input, init) => fetch(input, { ...init, ...extra } as RequestInit), options);
}

function traced(send: Fetch, { logger, secretPath }: FetchOptions): Fetch {
  if (logger === undefined) return send;
  return async (input, init) => {
    const began = performance.now();
    const { host, pathname } = new URL(input instanceof Request ? input.url : input);
    const about = {
      method: init?.method ?? (input instanceof Request ? input.method : "GET"),
      url: `${host}${secretPath === true ? "" : pathname.replace(/[^/]*(?:@|%40)[^/]*/gi, "…")}`,
    };
    const ms = (): number => Math.round(performance.now() - began);
    try {
      const response = await send(input, init);
      logger.debug("{method} {url}: {status} in {ms} ms", { ...about, status: response.status, ms: ms() });
      return response;
    } catch (error) {
      logger.debug("{method} {url}: no answer after {ms} ms", { ...about, ms: ms() });
      throw error;
    }
  };
}

/** Which proxy a call to this address goes through; null: none. `proxy`: the configured one, null: the environment's. */
export function proxyOf(
  url: URL,
  proxy: string | null,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const given = proxy ?? env["https_proxy"] ?? env["HTTPS_PROXY"] ?? "";
  const direct = [...DIRECT, ...noProxy(env)].map((entry) => entry.replace(/^\*?\./, "").toLowerCase());
  const exempt = direct.some((entry) =>
    [url.hostname, url.host].some((host) => entry === "*" || host === entry || host.endsWith(`.${entry}`)),
  );
  return given === "" || exempt ? null : given;
}

/** Both runtimes honour NO_PROXY, whether the proxy comes from the environment or from the call. */
export function keepLoopbackDirect(env: Record<string, string | undefined>): void {
  const list = [...new Set([...noProxy(env), ...DIRECT])].join(",");
  env["NO_PROXY"] = list;
  env["no_proxy"] = list;
}

/** What the environment says is reached without a proxy. */
function noProxy(env: Readonly<Record<string, string | undefined>>): string[] {
  return (env["no_proxy"] ?? env["NO_PROXY"] ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

function readCertificates(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new AgentError("ERR_SECRET", `caFile ${file} cannot be read (${errno})`, {
      hint: "correct `caFile:` in tiersync.yaml; it names a PEM file with your company's root certificates",
      cause: error,
    });
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new AgentError("ERR_SECRET", `caFile ${file} holds no PEM certificate`, {
      hint: "export the root certificate as Base-64 (PEM), not as DER",
    });
  }
  return text;
}
