/** The bare download: the pages that a first cycle reads, parsed and thrown away. Argument: the site. */
import { report } from "./child.ts";
import { accessToken, pagesOf } from "./graph.ts";
import type { SimulatedSite } from "./simulator.ts";

const site = JSON.parse(process.argv[2] ?? "") as SimulatedSite;
const SELECT = process.argv[3] ?? "";
/** As many groups side by side as the agent reads. */
const AT_ONCE = 4;

const started = performance.now();
const token = await accessToken(site);
const groups = [...site.groups];
let entries = 0;
const lane = async (): Promise<void> => {
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    const first = `${site.origin}/v1.0/groups/${group}/members?$select=${SELECT}&$top=999`;
    for await (const page of pagesOf(first, token)) entries += page.length;
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, lane));
report({ ms: performance.now() - started, entries });
