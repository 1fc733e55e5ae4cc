/** What a request costs of the app's throttling budget in a tenant (Graph's throttling limits, identity and access). */

/** At least 1. `$select` makes it cheaper by one, so does `$top` below 20; `$expand` dearer. */
export function resourceUnits(url: URL): number {
  const { pathname, searchParams } = url;
  let units = 1;
  if (/\/transitiveMembers(\/|$)/.test(pathname)) units = 5;
  else if (/\/members(\/|$)/.test(pathname)) units = 3;
  else if (/^\/v1\.0\/users(\/[^/]+)?$/.test(pathname) && !pathname.endsWith("/delta")) units = 2;
  if (searchParams.has("$select")) units -= 1;
  if (searchParams.has("$top") && Number(searchParams.get("$top")) < 20) units -= 1;
  return Math.max(1, units);
}
