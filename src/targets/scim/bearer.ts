/** The access token of every request: a fixed one, or one of OAuth client credentials (RFC 6749 §4.4). */
import { Buffer } from "node:buffer";
import type { Clock } from "../../cycle/ports.ts";
import { AgentError } from "../../errors.ts";
import { shortText, unreachable } from "./errors.ts";
import type { Exchange, Reply } from "./exchange.ts";
import type { ScimAuth } from "./options.ts";

/** A token is renewed this long before it expires, or half-way through a shorter life; ms. */
const EARLY = 60_000;
const WHAT = "getting a token for the licence system";

export interface Bearer {
  get(signal: AbortSignal): Promise<string>;
  /** A token other than `refused`; null: there is no other. */
  renew(refused: string, signal: AbortSignal): Promise<string | null>;
  /** A fixed token is read afresh from here on. */
  begin(): void;
}

type OAuth = ScimAuth & { readonly kind: "oauth" };

export function createBearer(auth: ScimAuth, exchange: Exchange, clock: Clock): Bearer {
  let cached: { readonly token: string; readonly renewAt: number } | null = null;
  let inFlight: Promise<string> | null = null;
  /** How the client's secret is sent: every server must take the first (RFC 6749 §2.3.1), some take only the second. */
  let style: "basic" | "body" = "basic";

  const ask = async (oauth: OAuth, signal: AbortSignal): Promise<Reply> => {
    const secret = await oauth.readSecret();
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    if (oauth.scope !== null) form.set("scope", oauth.scope);
    const headers: Record<string, string> = {
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
    };
    if (style === "basic") {
      const pair = `${formEncode(oauth.clientId)}:${formEncode(secret)}`;
      headers["authorization"] = `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
    } else {
      form.set("client_id", oauth.clientId);
      form.set("client_secret", secret);
    }
    return exchange.send(oauth.tokenUrl, { method: "POST", headers, body: form.toString() }, WHAT, signal);
  };

  const acquire = async (signal: AbortSignal): Promise<string> => {
    if (auth.kind === "token") {
      const token = (await auth.read()).trim();
      cached = { token, renewAt: Number.POSITIVE_INFINITY };
      return token;
    }
    let reply = await ask(auth, signal);
    if (style === "basic" && (reply.status === 400 || reply.status === 401)) {
      style = "body";
      reply = await ask(auth, signal);
      if (reply.status !== 200) style = "basic";
    }
    const token = tokenOf(reply);
    const seconds = Number(reply.body?.["expires_in"]);
    const lifetime = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
    cached = { token, renewAt: clock.now() + Math.max(lifetime - EARLY, lifetime / 2) };
    return token;
  };
  const once = (signal: AbortSignal): Promise<string> => {
    inFlight ??= acquire(signal).finally(() => {
      inFlight = null;
    });
    return inFlight;
  };

  return {
    get: async (signal) => (cached !== null && clock.now() < cached.renewAt ? cached.token : once(signal)),
    renew: async (refused, signal) => {
      // Whoever comes second gets the token that the first has fetched.
      if (cached?.token === refused) cached = null;
      const token = cached?.token ?? (await once(signal));
      return token === refused ? null : token;
    },
    begin: () => {
      if (auth.kind === "token") cached = null;
    },
  };
}

function tokenOf({ status, body }: Reply): string {
  const token = body?.["access_token"];
  if (status === 200 && typeof token === "string" && token !== "") return token;
  if (status >= 500 || status === 429) throw unreachable(`${WHAT} was answered ${status}`, { statusCode: status });
  const said = [shortText(body?.["error"]), shortText(body?.["error_description"])].filter((text) => text !== "");
  const why = status === 200 ? "without a token" : said.join(": ");
  throw new AgentError("ERR_TARGET_FORBIDDEN", `${WHAT} was answered ${status}${why === "" ? "" : ` ${why}`}`, {
    hint: "check `target.oauth` in tiersync.yaml: tokenUrl, clientId, clientSecret and scope",
    facts: { statusCode: status },
  });
}

/** As RFC 6749 §2.3.1 asks for both halves of the Basic credentials. */
function formEncode(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}
