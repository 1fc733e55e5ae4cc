/** Lists: `{"items": [...], "next": cursor|null}`, with the next page's address in a `Link` header too (RFC 8288). */
import type { Context } from "hono";
import type { Page } from "../model/views.ts";

export function listResponse<T>(c: Context, page: Page<T>): Response {
  const { items, next } = page;
  if (next !== null) {
    const url = new URL(c.req.url);
    url.searchParams.set("after", next);
    c.header("Link", `<${url.pathname}${url.search}>; rel="next"`);
  }
  return c.json({ items, next });
}
