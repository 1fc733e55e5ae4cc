/** Where Entra and Graph live (Microsoft: "National clouds", "Microsoft Graph deployments"). */
import type { Cloud } from "./options.ts";

export type CloudName = "global" | "usgov" | "dod" | "china";

const CLOUDS: Readonly<Record<CloudName, Cloud>> = {
  global: { authority: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com" },
  usgov: { authority: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us" },
  dod: { authority: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us" },
  // Microsoft's two pages disagree on the authority (also login.chinacloudapi.cn): hence the {authority, graph} form.
  china: {
    authority: "https://login.partner.microsoftonline.cn",
    graph: "https://microsoftgraph.chinacloudapi.cn",
  },
};

/** The base URLs of a cloud by name, or those given, without trailing slash. */
export function resolveCloud(cloud: CloudName | Cloud): Cloud {
  const { authority, graph } = typeof cloud === "string" ? CLOUDS[cloud] : cloud;
  return { authority: authority.replace(/\/+$/, ""), graph: graph.replace(/\/+$/, "") };
}
