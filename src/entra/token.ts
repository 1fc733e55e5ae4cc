/** Access tokens by client credentials: cached until shortly before they expire, one request in flight. */
import { AgentError } from "../errors.ts";
import { networkProblem } from "../model/network-problem.ts";
import { retryAfter } from "../model/retry-after.ts";
import { signAssertion } from "./assertion.ts";
import { type Call, type Pause, stopped, withTimeout } from "./call.ts";
import { readCertificate } from "./certificate.ts";
import { isRecord, tokenRefusal } from "./entra-errors.ts";
import { type AskWith, createSuccession, type Grant, type Offer, offer } from "./next-certificate.ts";
import type { EntraOptions } from "./options.ts";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** A token is renewed this long before it expires, or half-way through a shorter life; ms. */
const EARLY = 300_000;
/** Tries after the first when the endpoint cannot serve. */
const RETRIES = 2;
/** Longest wait for an answer about the next certificate: the present one is good meanwhile; ms. */
const NEXT_TIMEOUT = 10_000;

export interface TokenSource {
  /** A new cycle begins: the next certificate, if there is one, is tried before the next token is given. */
  begin(): void;
  /** Asks Entra about the next certificate; changes nothing. */
  offerNext(call: Call): Promise<Offer>;
  /** A token that is good for some minutes. Throws `ERR_CREDENTIAL`, `ERR_CLOCK` or `ERR_TOKEN`. */
  get(call: Call): Promise<string>;
  /** A token other than `refused`: whoever comes second gets the one that the first has fetched. */
  renew(refused: string, call: Call): Promise<string>;
  /** HTTP requests made. */
  requests(): number;
  /** Entra's clock minus this computer's, as the last answer's `Date` told; ms, null when none did. */
  skew(): number | null;
}

export function createTokenSource(
  options: EntraOptions,
  limits: { readonly requestTimeout: number },
  pause: Pause,
): TokenSource {
  const { clock } = options;
  const url = `${options.cloud.authority}/${encodeURIComponent(options.tenantId)}/oauth2/v2.0/token`;
  let cached: { readonly token: string; readonly renewAt: number } | null = null;
  let inFlight: Promise<string> | null = null;
  let requests = 0;
  let skew: number | null = null;
  const next = options.credential.kind === "certificate" ? options.credential.next : undefined;
  const succession = createSuccession(next, options.logger);
  let succeeded: Promise<void> = Promise.resolve();
  let begun = false;

  async function form(text: string): Promise<string> {
    const fields = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: options.clientId,
      scope: `${options.cloud.graph}/.default`,
    });
    if (options.credential.kind === "secret") {
      fields.set("client_secret", text);
    } else {
      const certificate = readCertificate(text);
      const { algorithm } = options.credential;
      const assertion = { certificate, algorithm, clientId: options.clientId, tokenUrl: url, now: clock.now() };
      fields.set("client_assertion_type", ASSERTION_TYPE);
      fields.set("client_assertion", await signAssertion(assertion));
    }
    return fields.toString();
  }

  async function ask(
    call: Call,
    body: string,
    timeout = limits.requestTimeout,
  ): Promise<{ status: number; body: unknown; headers: Headers }> {
    requests += 1;
    return withTimeout(timeout, call, async (signal) => {
      const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
      const response = await options.fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
      const text = await response.text();
      const date = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(date)) skew = date - clock.now();
      return { status: response.status, body: parseJson(text), headers: response.headers };
    });
  }

  function askNext(call: Call): AskWith {
    return async (pem) => {
      const body = await form(pem);
      const answer = await ask(call, body, Math.min(NEXT_TIMEOUT, limits.requestTimeout)).catch((cause: unknown) => {
        throw call.signal.aborted ? stopped(call) : unreachable(url, cause);
      });
      if (answer.status === 200) return { grant: parseGrant(answer.body) };
      return { refusal: tokenRefusal(answer.status, answer.body, answer.headers.get("date")).error };
    };
  }

  /** Once a cycle, however many want a token. */
  function succeed(call: Call): Promise<void> {
    if (begun) {
      begun = false;
      succeeded = succession.attempt(askNext(call)).then((grant) => {
        if (grant !== null) keep(grant);
      });
    }
    return succeeded;
  }

  async function acquire(call: Call): Promise<string> {
    for (let attempt = 0; ; attempt += 1) {
      const body = await form(await options.credential.read());
      const outcome = await ask(call, body).then(
        (answer) => ({ answer }),
        (cause: unknown) => ({ cause }),
      );
      let error: AgentError;
      let told: number | null = null;
      if ("answer" in outcome) {
        const { answer } = outcome;
        if (answer.status === 200) return keep(parseGrant(answer.body));
        const refusal = tokenRefusal(answer.status, answer.body, answer.headers.get("date"));
        if (!refusal.transient) throw refusal.error;
        error = refusal.error;
        told = retryAfter(answer.headers, clock.now());
      } else {
        if (call.signal.aborted) throw stopped(call);
        error = unreachable(url, outcome.cause);
      }
      if (attempt >= RETRIES) throw error;
      await pause(attempt, told, call, error);
    }
  }

  function keep({ token, lifetime }: Grant): string {
    cached = { token, renewAt: clock.now() + Math.max(lifetime - EARLY, lifetime / 2) };
    return token;
  }

  function fetchOnce(call: Call): Promise<string> {
    inFlight ??= acquire(call).finally(() => {
      inFlight = null;
    });
    return inFlight;
  }

  return {
    begin: () => {
      begun = next !== undefined;
    },
    offerNext: (call) => offer(next, askNext(call)),
    get: async (call) => {
      await succeed(call);
      return cached !== null && clock.now() < cached.renewAt ? cached.token : fetchOnce(call);
    },
    renew: async (refused, call) => {
      if (cached !== null && cached.token !== refused) return cached.token;
      cached = null;
      return fetchOnce(call);
    },
    requests: () => requests,
    skew: () => skew,
  };
}

/** Seconds that a token counts as good where the answer does not say (it need not: RFC 6749, section 5.1). */
const UNSAID = 300;

/** A proxy may answer 200 in Entra's place: without a token it is no success. */
function parseGrant(body: unknown): Grant {
  const fields = isRecord(body) ? body : {};
  const token = fields["access_token"];
  if (typeof token !== "string" || token === "") {
    throw new AgentError("ERR_TOKEN", "Entra's token endpoint answered 200 without a token", {
      hint: "check `cloud:` and whether a proxy answers in Entra's place",
      retryable: true,
    });
  }
  const seconds = Number(fields["expires_in"]);
  return { token, lifetime: (seconds > 0 ? seconds : UNSAID) * 1000 };
}

/**
 * The application permissions in a token, or null when it cannot be decoded. For diagnostics only: Microsoft calls Graph's tokens
 * opaque.
 */
export function grantedRoles(token: string): readonly string[] | null {
  const payload = token.split(".")[1];
  if (payload === undefined) return null;
  const claims = parseJson(Buffer.from(payload, "base64url").toString("utf8"));
  if (!isRecord(claims)) return null;
  const roles = claims["roles"] ?? [];
  return Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : null;
}

function unreachable(url: string, cause: unknown): AgentError {
  const { why, hint } = networkProblem(cause);
  return new AgentError("ERR_TOKEN", `Entra's token endpoint at ${new URL(url).host} could not be reached: ${why}`, {
    ...(hint === null ? {} : { hint }),
    retryable: true,
    cause,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
