/** Configurations that tests start from. */

export const DESIGN = `schedule: "*/5 * * * *"        # croner pattern
fullSync: "30 3 * * *"
mailboxSettings: true

tenants:
  - name: contoso
    tenantId: 11111111-2222-3333-4444-555555555555      # GUID, or a verified domain
    clientId: aaaaaaaa-0000-4000-8000-000000000001
    credential:
      certificate: keys/contoso.pem
      # assertion: PS256 | RS256
    parentGroup: SecureExchanges_Licences
    cloud: global
tiers:
  Eco:        {seats: 50}
  Advanced:   {seats: 20}
  Pro:        {seats: 10, warnBelow: 2}
  No_Licence: {revokes: true, purgeAfter: 24h}
target:
  kind: ledger
guard:
  revoke: {count: 25, percent: 10}
  purge:  {count: 25, percent: 10}
  change: {count: 200, percent: 25}
  create: {count: 500, percent: 50}
notify:
  email: {host: smtp.contoso.example, port: 587, security: starttls, user: agent, password: env:SMTP_PASSWORD, from: tiersync@contoso.example, to: [admins@contoso.example], language: en}
status: {host: 127.0.0.1, port: 8321}
`;

/** One tenant of a `tenants:` list, with nothing that has a default. */
export const CONTOSO = `  - name: contoso
    tenantId: 11111111-2222-3333-4444-555555555555
    clientId: aaaaaaaa-0000-4000-8000-000000000001
    credential: {certificate: keys/contoso.pem}
`;
