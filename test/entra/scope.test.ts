import { describe, expect, test } from "bun:test";
import { resolveGroup } from "../../src/entra/scope.ts";
import { call, fakeGraph, json } from "../support/fake-graph.ts";

const PARENT = { id: "g1", displayName: "SecureExchanges_Licences", visibility: null };
const TWIN = { ...PARENT, id: "g2" };

/** A Graph that cuts every list of groups into these pages. */
function paged(...pages: readonly (readonly unknown[])[]) {
  const { reader, sent } = fakeGraph(({ url }) => {
    const at = Number(new URL(url).searchParams.get("$skiptoken") ?? 0);
    const next = `${url.replace(/&\$skiptoken=.*/, "")}&$skiptoken=${at + 1}`;
    return json({ value: pages[at], ...(at + 1 < pages.length ? { "@odata.nextLink": next } : {}) });
  });
  return { sent, resolve: (name: string) => resolveGroup(reader.client, { name }, call()) };
}

describe("a group by its name", () => {
  test("is found behind an empty page", async () => {
    expect(await paged([], [PARENT]).resolve(PARENT.displayName)).toEqual(PARENT);
  });

  test("is ambiguous when its twin is on another page", async () => {
    const found = paged([PARENT], [], [TWIN]).resolve(PARENT.displayName);
    expect(await found.catch((error: unknown) => error)).toMatchObject({ code: "ERR_GROUP_AMBIGUOUS" });
  });

  test("is missed with the nearest name of all pages", async () => {
    const { reader } = fakeGraph(({ url }) => {
      if (url.includes("$filter")) return json({ value: [] });
      if (url.includes("$skiptoken")) return json({ value: [PARENT] });
      return json({ value: [], "@odata.nextLink": `${url}&$skiptoken=1` });
    });
    const found = resolveGroup(reader.client, { name: "SecureExchange_Licences" }, call());
    expect(await found.catch((error: unknown) => error)).toMatchObject({
      code: "ERR_GROUP_NOT_FOUND",
      hint: expect.stringContaining('did you mean "SecureExchanges_Licences"?'),
    });
  });
});
