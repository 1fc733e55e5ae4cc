/** What Entra's token endpoint says when it refuses, in words an admin can act on ("Microsoft Entra authentication error codes"). */
import { AgentError, type ErrorCode } from "../errors.ts";

interface Advice {
  readonly codes: readonly number[];
  readonly means: string;
  readonly hint: string;
  readonly code?: ErrorCode;
}

const ADVICE: readonly Advice[] = [
  {
    codes: [7000215],
    means: "the client secret is wrong",
    hint: "put the secret's value (not its id) from the app registration into the configuration, or use a certificate",
  },
  {
    codes: [7000222],
    means: "the client secret has expired",
    hint: "make a new secret in the app registration, or better a certificate: `tiersync cert new`",
  },
  {
    codes: [700027],
    means: "the certificate is not registered on the app, or the signature does not fit it",
    hint: "upload the .crt to the app registration (Certificates & secrets) and compare the thumbprints: `tiersync cert show`; if they match, try `assertion: RS256`",
  },
  {
    codes: [700024],
    means: "the assertion is outside its time range: this computer's clock is off",
    hint: "set the clock (NTP) and try again",
    code: "ERR_CLOCK",
  },
  {
    codes: [700030, 50012],
    means: "the certificate is not authorised for the app",
    hint: "upload the certificate that `tiersync cert show` names to the app registration",
  },
  {
    codes: [50027, 50048],
    means: "the assertion's audience, issuer or subject does not fit",
    hint: "check tenantId, clientId and cloud in tiersync.yaml",
  },
  {
    codes: [700016],
    means: "there is no app with this client id in the tenant",
    hint: "check clientId and tenantId in tiersync.yaml",
  },
  {
    codes: [7000229],
    means: "the app has no service principal (enterprise application) in the tenant",
    hint: "grant admin consent to the app in this tenant: that makes it",
  },
  {
    codes: [7000112],
    means: "the app is disabled in the tenant",
    hint: "enable it under Enterprise applications, Properties, Enabled for users to sign-in",
  },
  {
    codes: [700025],
    means: "the app is registered as a public client",
    hint: "turn off `Allow public client flows` in the app registration",
  },
  {
    codes: [90002],
    means: "the tenant does not exist in this cloud",
    hint: "check tenantId and cloud in tiersync.yaml",
  },
  {
    codes: [900023],
    means: "the tenant id is neither a GUID nor a domain",
    hint: "put the directory (tenant) id or a verified domain into tenantId",
  },
  {
    codes: [90038, 900382, 900432],
    means: "the tenant lives in another national cloud",
    hint: "set `cloud:` in tiersync.yaml: usgov, dod or china",
  },
  {
    codes: [9001023, 50194],
    means: "this sign-in needs one concrete tenant",
    hint: "put the directory (tenant) id into tenantId, not `common` or `organizations`",
  },
  {
    codes: [70011, 500011, 650057],
    means: "the Graph address does not belong to this cloud",
    hint: "check `cloud:` in tiersync.yaml",
  },
  {
    codes: [53003],
    means: "a Conditional Access policy blocks the app",
    hint: "allow the app (workload identity) from this server's address in Conditional Access",
  },
  {
    codes: [65001, 650056],
    means: "consent is missing",
    hint: "grant admin consent for the app in the Entra portal",
  },
  {
    codes: [7000216, 7000218, 900144],
    means: "a parameter is missing in the request",
    hint: "check that credential.certificate or credential.clientSecret is set; else report it as a fault of tiersync",
  },
];

/** Codes that pass by themselves: loops detected, timeouts and overload on Entra's side. */
const TRANSIENT = new Set([50196, 90055, 90033, 90024, 50033]);

export interface TokenRefusal {
  readonly error: AgentError;
  /** Whether trying again within the cycle makes sense. */
  readonly transient: boolean;
}

/** The error of a token response that is not a success. Only codes and ids of the body are kept, never its text. */
export function tokenRefusal(status: number, body: unknown, date: string | null): TokenRefusal {
  const fields = isRecord(body) ? body : {};
  const named = word(fields["error"]);
  const kind = named ?? "no OAuth error";
  const numbers = Array.isArray(fields["error_codes"])
    ? fields["error_codes"].map(Number).filter(Number.isInteger)
    : [];
  const inText = /^AADSTS(\d{4,8})\b/.exec(
    typeof fields["error_description"] === "string" ? fields["error_description"] : "",
  );
  const aadsts = numbers[0] ?? (inText === null ? null : Number(inText[1]));
  const transient =
    status === 429 || status >= 500 || kind === "temporarily_unavailable" || (aadsts !== null && TRANSIENT.has(aadsts));
  const advice = ADVICE.find((entry) => aadsts !== null && entry.codes.includes(aadsts));
  const facts = {
    statusCode: status,
    aadsts: aadsts === null ? null : `AADSTS${aadsts}`,
    traceId: word(fields["trace_id"]),
    correlationId: word(fields["correlation_id"]),
    date,
  };
  const said = [
    `${status} ${kind}`,
    facts.aadsts,
    facts.traceId === null ? null : `trace id ${facts.traceId}`,
    facts.correlationId === null ? null : `correlation id ${facts.correlationId}`,
    date === null ? null : `at ${date}`,
  ];
  const foreign = named === null && aadsts === null && !transient;
  const means = foreign
    ? "the answer is not Entra's"
    : (advice?.means ?? (transient ? "the token endpoint cannot serve now" : "the credential was refused"));
  const message = `Entra gave no token: ${means} (${said.filter((part) => part !== null).join(", ")})`;
  const code = transient || foreign ? "ERR_TOKEN" : (advice?.code ?? "ERR_CREDENTIAL");
  const hint = foreign ? "check `cloud:` in tiersync.yaml and what a proxy answers in Entra's place" : advice?.hint;
  return {
    error: new AgentError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      retryable: transient,
      facts,
    }),
    transient,
  };
}

/** A short code or id as it may be shown; null for anything else. */
export function word(value: unknown): string | null {
  return typeof value === "string" && /^[\w.:-]{1,100}$/.test(value) ? value : null;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
