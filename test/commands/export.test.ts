import { describe, expect, test } from "bun:test";
import { openHome } from "../support/home.ts";

describe("export", () => {
  test("is an empty list before anything was synchronised", async () => {
    const home = openHome();
    expect(await home.run("export", "--json")).toMatchObject({ code: 0, json: { items: [] }, err: "" });
    const { out } = await home.run("export");
    expect(out.split("\r\n")).toEqual([expect.stringMatching(/^id,tenant,address,displayName,state,reason,tier,/), ""]);
  });

  test("has everybody once, however many pages that takes", async () => {
    const home = openHome({ seats: { Eco: 3000 }, mailboxSettings: false });
    const ids = Array.from({ length: 2345 }, (_, i) => home.person(`Person ${i}`, ["Eco"]));
    expect(await home.run("sync")).toMatchObject({ code: 0 });
    const { json } = await home.run("export", "--json");
    expect(json.items).toHaveLength(ids.length);
    expect(new Set(json.items.map(({ id }) => id))).toEqual(new Set(ids));
    const { out } = await home.run("export");
    expect(out.split("\r\n")).toHaveLength(ids.length + 2);
  });

  test("shows each person as the design promises, field by field", async () => {
    const home = openHome();
    const ana = home.person("Ana", ["Pro"]);
    await home.run("sync");
    const { json } = await home.run("export", "--json");
    expect(json.items[0]).toEqual({
      id: ana,
      tenant: "contoso",
      address: "ana@contoso.example",
      displayName: "Ana",
      state: "licensed",
      reason: "rule pro",
      tier: "Pro",
      wanted: "Pro",
      rule: { name: "pro", file: "rules/secure-exchanges.yaml", line: 13 },
      groups: ["Pro"],
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      purgeAt: null,
      position: null,
      targetId: expect.any(String),
      zombie: false,
    });
  });
});
