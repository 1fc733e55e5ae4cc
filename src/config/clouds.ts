/** Where Entra and Graph live (Microsoft: "National clouds", "Microsoft Graph deployments"). */

export const CLOUD_NAMES = ["global", "usgov", "dod", "china"] as const;
export type CloudName = (typeof CLOUD_NAMES)[number];

/** Base URLs by the name that `cloud:` takes. */
export const CLOUDS: Readonly<Record<CloudName, { readonly authority: string; readonly graph: string }>> = {
  global: { authority: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com" },
  usgov: { authority: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us" },
  dod: { authority: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us" },
  // Microsoft's pages disagree on this authority (also login.chinacloudapi.cn): {authority, graph} names another.
  china: { authority: "https://login.partner.microsoftonline.cn", graph: "https://microsoftgraph.chinacloudapi.cn" },
};
