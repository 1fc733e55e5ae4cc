/** Access tokens: JWT-shaped, as Graph's are, and known to the simulator that issued them. */
import { Buffer } from "node:buffer";

import { guid, seedOf } from "./directory-objects.ts";
import type { SimulatedTenant } from "./tenant.ts";

/** Who a Graph request speaks for. */
export interface Caller {
  readonly tenant: SimulatedTenant;
  readonly clientId: string;
  /** As granted when the token was issued. */
  readonly roles: ReadonlySet<string>;
}

export class AccessTokens {
  readonly #issued = new Map<string, { caller: Caller; expiresAt: number }>();

  /** Roles are left out of the token when nothing was granted. Lives `tenant.tokenLifetime` seconds. */
  issue(tenant: SimulatedTenant, clientId: string, resource: string): string {
    const application = tenant.applications.get(clientId);
    const roles = [...(application?.roles ?? [])];
    const now = Math.floor(tenant.clock.now() / 1000);
    const principal = guid(seedOf(tenant.id), seedOf(clientId));
    const payload = {
      aud: resource,
      iss: `https://sts.windows.net/${tenant.id}/`,
      iat: now,
      nbf: now,
      exp: now + tenant.tokenLifetime,
      app_displayname: application?.displayName ?? "simulated",
      appid: clientId,
      idtyp: "app",
      oid: principal,
      ...(roles.length > 0 ? { roles } : {}),
      sub: principal,
      tid: tenant.id,
      uti: crypto.randomUUID(),
      ver: "1.0",
    };
    const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const signature = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
    const token = `${encode({ typ: "JWT", alg: "RS256", kid: "simulated" })}.${encode(payload)}.${signature}`;
    this.#issued.set(token, {
      caller: { tenant, clientId, roles: new Set(roles) },
      expiresAt: (now + tenant.tokenLifetime) * 1000,
    });
    return token;
  }

  /** Null: unknown. */
  find(token: string): { readonly caller: Caller; readonly expired: boolean } | null {
    const entry = this.#issued.get(token);
    if (!entry) return null;
    return { caller: entry.caller, expired: entry.caller.tenant.clock.now() >= entry.expiresAt };
  }

  /** Every token issued so far is refused from now on. */
  revokeAll(): void {
    this.#issued.clear();
  }
}
