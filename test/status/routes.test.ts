import { describe, expect, test } from "bun:test";
import { ADA, cycle, hold, person, plainApp, post, status } from "./plain-console.ts";

describe("lists", () => {
  test("name the next page in the body and in Link, which leads there", async () => {
    const people = [person(), person({ id: "b", address: "b@contoso.example" })];
    const { app, calls } = plainApp({ people });
    const first = await app.request("/users?state=waiting&limit=1");
    expect(await first.json()).toEqual({ items: [expect.objectContaining({ id: ADA })], next: "after=this & that" });
    const link = /^<(\/users\?[^>]*)>; rel="next"$/.exec(first.headers.get("Link") ?? "")?.[1] ?? "";
    await app.request(link);
    expect(calls.at(-1)).toEqual(["users", { state: "waiting", limit: 1, after: "after=this & that" }]);
  });

  test("that end here have next null and no Link", async () => {
    const { app } = plainApp({ holds: [hold()] });
    for (const path of ["/users", `/users/${ADA}/events`, "/cycles", "/holds"]) {
      const response = await app.request(path);
      expect(await response.json()).toEqual({ items: [expect.any(Object)], next: null });
      expect(response.headers.get("Link")).toBeNull();
    }
  });

  test("the number of cycles can be chosen", async () => {
    const { app } = plainApp({ cycles: [cycle(), cycle({ id: "c-0" })] });
    expect(await (await app.request("/cycles?limit=1")).json()).toMatchObject({ items: [{ id: "c-1" }], next: "more" });
  });
});

describe("one person", () => {
  const addresses = [
    "ada@contoso.example",
    "o'brien+tag@contoso.example",
    "a/b@contoso.example",
    "50%@contoso.example",
    "50%25@contoso.example",
    "what?#x@contoso.example",
    "zoë 名@contoso.example",
  ];
  test.each(addresses)("is found by the address %s, percent-encoded", async (address) => {
    const { app } = plainApp({ people: [person({ address })] });
    const path = `/users/${encodeURIComponent(address)}`;
    expect(await (await app.request(path)).json()).toMatchObject({ id: ADA, address, rules: [{ outcome: "won" }] });
    expect(await (await app.request(`${path}/events`)).json()).toMatchObject({ items: [{ type: "waiting" }] });
  });

  test("a broken percent-encoding finds nobody", async () => {
    const { app } = plainApp();
    expect((await app.request("/users/%E0%A4%A")).status).toBe(404);
  });
});

describe("POST /sync", () => {
  test("is 202 with every cycle's id, the first one's at the top and in Location", async () => {
    const { app, calls } = plainApp();
    const response = await app.request("/sync", post());
    expect(response.status).toBe(202);
    expect(response.headers.get("Location")).toBe("/cycles/c-2");
    expect(await response.json()).toEqual({
      id: "c-2",
      cycles: [
        { id: "c-2", tenant: "contoso" },
        { id: "c-3", tenant: "fabrikam" },
      ],
    });
    expect(calls).toEqual([["sync", { full: false }]]);
  });

  test("passes on tenant and full", async () => {
    const { app, calls } = plainApp();
    expect((await app.request("/sync", post({ tenant: "contoso", full: true }))).status).toBe(202);
    expect(calls).toEqual([["sync", { tenant: "contoso", full: true }]]);
  });

  test("is 404 for an unknown tenant", async () => {
    const { app } = plainApp();
    const response = await app.request("/sync", post({ tenant: "nope" }));
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "ERR_NOT_FOUND", detail: 'no tenant is called "nope"' });
  });
});

describe("holds", () => {
  test("are approved whole or for some people, and rejected; each answers with the hold", async () => {
    const { app, calls } = plainApp({ holds: [hold()] });
    for (const [path, body] of [
      ["/holds/h-7/approve", undefined],
      ["/holds/h-7/approve", { only: [ADA] }],
      ["/holds/h-7/reject", undefined],
    ] as const) {
      const response = await app.request(path, post(body));
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual(JSON.parse(JSON.stringify(hold())));
    }
    expect(calls).toEqual([
      ["approve", "h-7", undefined],
      ["approve", "h-7", [ADA]],
      ["reject", "h-7"],
    ]);
  });
});

describe("health", () => {
  test("/readyz lists the tenants and is 503 when one is not ready", async () => {
    const ready = await plainApp().app.request("/readyz");
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({
      ready: true,
      reason: "",
      tenants: [{ name: "contoso", ready: true, reason: "" }],
    });
    const late = await plainApp({ ready: false }).app.request("/readyz");
    expect(late.status).toBe(503);
    expect(await late.json()).toMatchObject({ ready: false, reason: "contoso: the last cycle failed" });
  });

  test("/healthz is 200 while a tenant fails and 503 once the agent stops", async () => {
    const { app, shutdown } = plainApp({ ready: false });
    expect((await app.request("/healthz")).status).toBe(200);
    shutdown.abort();
    expect((await app.request("/healthz")).status).toBe(503);
    expect((await app.request("/readyz")).status).toBe(503);
  });
});

describe("every response", () => {
  test("forbids sniffing, storing and framing, errors included", async () => {
    const { app } = plainApp();
    for (const path of ["/", "/status", "/users", "/nowhere", "/users?limit=0", "/metrics", "/healthz", "/sync"]) {
      const { headers } = await app.request(path);
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
    }
  });

  test("to HEAD is GET's without the body", async () => {
    const { app, listeners } = plainApp();
    const before = listeners.size;
    for (const path of [
      "/",
      "/status",
      "/users",
      `/users/${ADA}`,
      "/cycles",
      "/holds",
      "/healthz",
      "/metrics",
      "/events",
    ]) {
      const response = await app.request(path, { method: "HEAD" });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe("");
    }
    expect((await app.request("/users/nobody", { method: "HEAD" })).status).toBe(404);
    expect(listeners.size).toBe(before);
  });

  test("of /status is the console's view as it is", async () => {
    const { app } = plainApp();
    expect(await (await app.request("/status")).json()).toEqual(JSON.parse(JSON.stringify(status())));
  });
});
