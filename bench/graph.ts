/** The least that it takes to read Graph: a token, and pages. */
import type { SimulatedSite } from "./simulator.ts";

export async function accessToken(site: SimulatedSite): Promise<string> {
  const response = await fetch(`${site.origin}/${site.tenantId}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: site.clientId,
      client_secret: site.secret,
      scope: `${site.origin}/.default`,
    }),
  });
  if (!response.ok) throw new Error(`no token: ${await response.text()}`);
  return ((await response.json()) as { access_token: string }).access_token;
}

export async function* pagesOf(first: string, token: string): AsyncGenerator<readonly unknown[]> {
  for (let link: string | undefined = first; link !== undefined; ) {
    const response: Response = await fetch(link, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${link}: ${await response.text()}`);
    const page = (await response.json()) as { value: unknown[]; "@odata.nextLink"?: string };
    yield page.value;
    link = page["@odata.nextLink"];
  }
}
