/** oidc-provider as an independent judge of client assertions: strict about signature, algorithm, thumbprint, audience, times and replay. */
import { createServer, type Server } from "node:http";
import { exportJWK } from "jose";
import Provider, { errors } from "oidc-provider";
import type { Certificate } from "../../src/entra/certificate.ts";
import type { AssertionAlgorithm } from "../../src/entra/options.ts";

export interface Judge {
  readonly origin: string;
  readonly tokenUrl: string;
  /** Posts an assertion; the HTTP status is the verdict. */
  judge(assertion: string): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>;
  stop(): Promise<void>;
}

export const JUDGED_CLIENT = "aaaaaaaa-0000-4000-8000-000000000001";
export const JUDGED_TENANT = "11111111-2222-3333-4444-555555555555";

export async function startJudge(certificate: Certificate, algorithm: AssertionAlgorithm): Promise<Judge> {
  let handler: ReturnType<Provider["callback"]> | null = null;
  const server: Server = createServer((request, response) => void handler?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const path = `/${JUDGED_TENANT}/oauth2/v2.0/token`;
  const jwk = { ...(await exportJWK(certificate.certificate.publicKey)), use: "sig" };
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: JUDGED_CLIENT,
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: algorithm,
        grant_types: ["client_credentials"],
        response_types: [],
        redirect_uris: [],
        jwks: { keys: [jwk] },
      },
    ],
    clientAuthMethods: ["private_key_jwt"],
    enabledJWA: { clientAuthSigningAlgValues: [algorithm] },
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `${origin}/graph`,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: "", audience: `${origin}/graph`, accessTokenFormat: "jwt" }),
      },
    },
    routes: { token: path },
    assertJwtClientAuthClaimsAndHeader: (_context, claims, header) => {
      const [name, thumbprint] = algorithm === "PS256" ? ["x5t#S256", certificate.x5tS256] : ["x5t", certificate.x5t];
      if (header[name ?? ""] !== thumbprint) throw new errors.InvalidClientAuth("wrong thumbprint");
      const { exp, nbf } = claims;
      if (typeof exp !== "number" || typeof nbf !== "number" || exp - nbf > 600)
        throw new errors.InvalidClientAuth("too long a life");
    },
  });
  handler = provider.callback();
  const tokenUrl = `${origin}${path}`;
  return {
    origin,
    tokenUrl,
    judge: async (assertion) => {
      const response = await fetch(tokenUrl, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: JUDGED_CLIENT,
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: assertion,
        }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
