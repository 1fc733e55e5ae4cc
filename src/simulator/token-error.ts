/** Refusals of the token endpoint in Entra's shape, by AADSTS number. */

interface Refusal {
  readonly error: string;
  readonly status: number;
  readonly text: string;
}

const CLIENT = { error: "invalid_client", status: 401 };
const REQUEST = { error: "invalid_request", status: 400 };
const BUSY = { error: "temporarily_unavailable", status: 503 };

/** `{0}` is replaced by a detail. */
const REFUSALS: Readonly<Record<number, Refusal>> = {
  7000215: {
    ...CLIENT,
    text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'.",
  },
  7000222: {
    ...CLIENT,
    text: "The provided client secret keys for app '{0}' are expired. Visit the Azure portal to create new keys for your app.",
  },
  7000216: {
    ...CLIENT,
    text: "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  },
  7000218: {
    ...CLIENT,
    text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  },
  700025: {
    ...CLIENT,
    text: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
  },
  700027: {
    ...CLIENT,
    text: "The certificate with identifier used to sign the client assertion is not registered on application. {0}",
  },
  700024: { ...CLIENT, text: "Client assertion is not within its valid time range. {0}" },
  700030: { ...CLIENT, text: "Invalid certificate - subject name in certificate is not authorized." },
  50012: { ...CLIENT, text: "Invalid client secret is provided." },
  50027: { ...CLIENT, text: "Invalid JWT token. {0}" },
  50048: { ...CLIENT, text: "SubjectMismatchesIssuer - Subject mismatches Issuer claim in the client assertion." },
  700016: {
    error: "unauthorized_client",
    status: 400,
    text: "Application with identifier '{0}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
  },
  7000229: { ...CLIENT, text: "The client application {0} is missing service principal in the tenant." },
  7000112: { error: "unauthorized_client", status: 400, text: "Application '{0}' is disabled." },
  90002: {
    ...REQUEST,
    text: "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
  },
  900023: {
    ...REQUEST,
    text: "Specified tenant identifier '{0}' is neither a valid DNS name, nor a valid external domain.",
  },
  9001023: {
    ...REQUEST,
    text: "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.",
  },
  900144: { ...REQUEST, text: "The request body must contain the following parameter: '{0}'." },
  90038: { ...REQUEST, text: "Tenant '{0}' request is being redirected to the National Cloud." },
  900382: { ...REQUEST, text: "Confidential Client is not supported in Cross Cloud request." },
  900432: { ...REQUEST, text: "Confidential Client is not supported in Cross Cloud request." },
  70003: { error: "unsupported_grant_type", status: 400, text: "The app requested an unsupported grant type '{0}'." },
  70011: {
    error: "invalid_scope",
    status: 400,
    text: "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {0} is not valid.",
  },
  500011: {
    error: "invalid_resource",
    status: 400,
    text: "The resource principal named {0} was not found in the tenant.",
  },
  650057: {
    error: "invalid_resource",
    status: 400,
    text: "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration.",
  },
  650056: { error: "invalid_client", status: 400, text: "Misconfigured application." },
  65001: {
    error: "invalid_grant",
    status: 400,
    text: "The user or administrator has not consented to use the application.",
  },
  53003: {
    error: "invalid_grant",
    status: 400,
    text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
  },
  50196: {
    error: "temporarily_unavailable",
    status: 429,
    text: "The server terminated an operation because it encountered a client request loop.",
  },
  50194: { ...REQUEST, text: "Application '{0}' is not configured as a multi-tenant application." },
  90055: { ...BUSY, status: 429, text: "TenantThrottlingError - There are too many incoming requests." },
  90033: { ...BUSY, text: "MsodsServiceUnavailable - The Microsoft Online Directory Service isn't available." },
  90024: { ...BUSY, text: "RequestBudgetExceededError - A transient error has occurred. Try again." },
  50033: { ...BUSY, text: "RetryableError - Indicates a transient error not related to the database operations." },
};

/** Numbers that Entra's error look-up page knows get an `error_uri`. */
const LOOKED_UP = new Set([7000215, 7000222, 700016, 700027, 700024, 90002, 70011, 50196]);

export class TokenRefusal extends Error {
  readonly aadsts: number;

  constructor(aadsts: number, detail = "") {
    super(detail);
    this.aadsts = aadsts;
  }
}

/** The answer's status and JSON body. A number that is not in the table is an `invalid_client`. */
export function refusalBody(
  refusal: TokenRefusal,
  ids: { readonly trace: string; readonly correlation: string; readonly now: number },
): { readonly status: number; readonly body: string } {
  const row = REFUSALS[refusal.aadsts] ?? { ...CLIENT, text: "{0}" };
  const timestamp = `${new Date(ids.now).toISOString().slice(0, 19).replace("T", " ")}Z`;
  const text = row.text.replace("{0}", () => refusal.message);
  const lines = [`AADSTS${refusal.aadsts}: ${text}`, `Trace ID: ${ids.trace}`];
  lines.push(`Correlation ID: ${ids.correlation}`, `Timestamp: ${timestamp}`);
  const body = {
    error: row.error,
    error_description: lines.join("\r\n"),
    error_codes: [refusal.aadsts],
    timestamp,
    trace_id: ids.trace,
    correlation_id: ids.correlation,
    ...(LOOKED_UP.has(refusal.aadsts)
      ? { error_uri: `https://login.microsoftonline.com/error?code=${refusal.aadsts}` }
      : {}),
  };
  return { status: row.status, body: JSON.stringify(body) };
}
