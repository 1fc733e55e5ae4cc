/**
 * Who may ask. The API listens on loopback only, so three doors are left to close: a web page whose name was re-bound to
 * 127.0.0.1 (its `Host` gives it away), a web page that posts across origins (`Origin`), and other accounts of this computer
 * (the token, which only the agent's account can read).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { isLoopback } from "../model/loopback.ts";
import { problem } from "./problem.ts";

/** A host as `Host` has it: IPv6 in brackets, and a port or none. */
const HOST = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/;

/** Whether a `Host` header (or the host of a URL) means this computer: `localhost`, 127.0.0.0/8 or `[::1]`, with any port. */
export function isLoopbackHost(host: string): boolean {
  return isLoopback(HOST.exec(host)?.[1] ?? "");
}

function hostOf(c: Context): string {
  return c.req.header("Host") ?? URL.parse(c.req.url)?.host ?? ""; // HTTP/1.0 may leave the header out
}

export function loopbackHostOnly(): MiddlewareHandler {
  return async (c, next) => {
    if (isLoopbackHost(hostOf(c))) return next();
    return problem(c, 403, "ERR_HOST", "the Host header of the request is not a loopback name");
  };
}

/** Refuses what a browser sends on behalf of a page that is not ours. Programs send neither header. */
export function sameOriginPosts(): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method !== "POST") return next();
    const origin = c.req.header("Origin");
    const site = c.req.header("Sec-Fetch-Site");
    const ours = origin === undefined || origin.toLowerCase() === `http://${hostOf(c).toLowerCase()}`;
    if (ours && (site === undefined || site === "same-origin" || site === "none")) return next();
    const detail = "the request comes from a web page of another origin";
    return problem(c, 403, "ERR_HOST", detail, "send it from a program such as curl, without an Origin header");
  };
}

export interface TokenOptions {
  /** The token that must be presented, read afresh for each request. */
  readonly token: () => string;
  readonly protectReads: boolean;
  /** Paths that stay open to reading for monitors. */
  readonly open: ReadonlySet<string>;
  /** The answer to a request without a valid token. */
  readonly refuse: (c: Context) => Response | Promise<Response>;
}

export function bearerToken(options: TokenOptions): MiddlewareHandler {
  return async (c, next) => {
    const reads = c.req.method === "GET" || c.req.method === "HEAD";
    const needed = c.req.method === "POST" || (reads && options.protectReads && !options.open.has(c.req.path));
    if (!needed) return next();
    const presented = /^Bearer +(\S+) *$/i.exec(c.req.header("Authorization") ?? "")?.[1];
    // Also of whoever presents none: one that was deleted is made anew, for them to read.
    const expected = options.token().trim();
    if (presented !== undefined && sameSecret(presented, expected)) return next();
    return options.refuse(c);
  };
}

/** Compares digests, so that neither the place of the first difference nor the length shows in the time. */
function sameSecret(presented: string, expected: string): boolean {
  if (expected === "") return false;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(presented), digest(expected));
}
