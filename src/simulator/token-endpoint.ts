/** `POST /{tenant}/oauth2/v2.0/token`: the client credentials grant, as strict as Entra. */
import { Buffer } from "node:buffer";
import type { AccessTokens } from "./access-tokens.ts";
import { type ReplayMemory, verifyAssertion } from "./client-assertion.ts";
import type { ApplicationRecord, SimulatedTenant } from "./tenant.ts";
import { TokenRefusal } from "./token-error.ts";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

export interface TokenService {
  readonly tenants: readonly SimulatedTenant[];
  readonly tokens: AccessTokens;
  readonly replays: ReplayMemory;
  /** Resource whose `/.default` may be asked for, given the origin that was called. */
  readonly resource: (origin: string) => string;
}

/** The success body. Throws `TokenRefusal`. */
export async function grantToken(request: Request, tenantName: string, service: TokenService): Promise<string> {
  const tenant = findTenant(tenantName, service.tenants);
  const form = await readForm(request);
  const grant = required(form, "grant_type");
  if (grant !== "client_credentials") throw new TokenRefusal(70003, grant);
  const basic = readBasic(request.headers.get("authorization"));
  const clientId = (basic?.id ?? required(form, "client_id")).toLowerCase();
  const url = new URL(request.url);
  const resource = service.resource(url.origin);
  const scope = required(form, "scope");
  if (scope !== `${resource}/.default`) throw new TokenRefusal(70011, scope);
  const application = tenant.applications.get(clientId);
  if (!application) throw new TokenRefusal(700016, clientId);
  checkState(application);
  const assertion = form.get("client_assertion");
  const secret = basic?.secret ?? form.get("client_secret");
  const now = tenant.clock.now();
  if (assertion !== null) {
    if (required(form, "client_assertion_type") !== ASSERTION_TYPE || secret !== null) {
      throw new TokenRefusal(50027, "The client assertion type is not supported, or there is a secret beside it.");
    }
    const audience = `${url.origin}${url.pathname}`;
    await verifyAssertion(assertion, { application, audience, now, replays: service.replays });
  } else if (secret !== null && secret !== "") {
    checkSecret(application, secret, now);
  } else {
    throw new TokenRefusal(7000218);
  }
  const lifetime = tenant.tokenLifetime;
  const body = {
    token_type: "Bearer",
    expires_in: lifetime,
    ext_expires_in: lifetime,
    access_token: service.tokens.issue(tenant, clientId, resource),
  };
  return JSON.stringify(body);
}

function findTenant(name: string, tenants: readonly SimulatedTenant[]): SimulatedTenant {
  const wanted = name.toLowerCase();
  if (["common", "consumers", "organizations"].includes(wanted)) throw new TokenRefusal(9001023);
  if (!GUID.test(wanted) && !DOMAIN.test(wanted)) throw new TokenRefusal(900023, name);
  const tenant = tenants.find(({ id, domains }) => id === wanted || domains.includes(wanted));
  if (!tenant) throw new TokenRefusal(90002, name);
  return tenant;
}

async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) throw new TokenRefusal(900144, "grant_type");
  return new URLSearchParams(await request.text());
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null || value === "" || form.getAll(name).length > 1) throw new TokenRefusal(900144, name);
  return value;
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. */
function readBasic(header: string | null): { readonly id: string; readonly secret: string } | null {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return null;
  const [id = "", ...rest] = Buffer.from(encoded, "base64").toString().split(":");
  const decode = (text: string) => decodeURIComponent(text.replaceAll("+", " "));
  return { id: decode(id), secret: decode(rest.join(":")) };
}

function checkState(application: ApplicationRecord): void {
  if (application.state === "disabled") throw new TokenRefusal(7000112, application.clientId);
  if (application.state === "unknown") throw new TokenRefusal(7000229, application.clientId);
  if (application.state === "public") throw new TokenRefusal(700025);
}

function checkSecret(application: ApplicationRecord, secret: string, now: number): void {
  const found = application.secrets?.find(({ value }) => value === secret);
  if (!found) throw new TokenRefusal(7000215, application.clientId);
  if (found.expiresAt !== undefined && found.expiresAt <= now) throw new TokenRefusal(7000222, application.clientId);
}
