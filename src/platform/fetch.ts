/** `fetch` through the company's proxy and with its root certificates, the same on Bun and Deno. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { getCACertificates } from "node:tls";
import { AgentError } from "../errors.ts";
import { deno } from "./runtime.ts";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface FetchOptions {
  /** `http://user:password@proxy:8080`; null: HTTPS_PROXY and HTTP_PROXY of the environment. NO_PROXY counts for both. */
  readonly proxy: string | null;
  /** Absolute path of a PEM file with root certificates to trust beside the usual ones; null: none. */
  readonly caFile: string | null;
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
    return (input, init) => fetch(input, { ...init, client } as RequestInit);
  }
  const extra = {
    // Bun's `ca` takes the place of the usual roots: give those again.
    ...(ca === null ? {} : { tls: { ca: [...getCACertificates("default"), ca] } }),
    ...(options.proxy === null ? {} : { proxy: options.proxy }),
  };
  return (input, init) => fetch(input, { ...init, ...extra } as RequestInit);
}

/** Both runtimes honour NO_PROXY, whether the proxy comes from the environment or from the call. */
export function keepLoopbackDirect(env: Record<string, string | undefined>): void {
  const given = (env["no_proxy"] ?? env["NO_PROXY"] ?? "").split(",").map((entry) => entry.trim());
  const list = [...new Set([...given.filter((entry) => entry !== ""), ...DIRECT])].join(",");
  env["NO_PROXY"] = list;
  env["no_proxy"] = list;
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
