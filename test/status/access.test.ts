import { describe, expect, test } from "bun:test";
import { isLoopbackHost } from "../../src/status/access.ts";
import { ADA, hold, plainApp, post, TOKEN } from "./plain-console.ts";

describe("the Host header", () => {
  const ours = ["localhost", "LOCALHOST:8321", "127.0.0.1", "127.0.0.1:8321", "127.255.1.9:1", "[::1]", "[::1]:8321"];
  test.each(ours)("%s is this computer", (host) => expect(isLoopbackHost(host)).toBe(true));

  const others = [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.256",
    "127.1",
    "1270.0.0.1",
    "128.0.0.1",
    "0.0.0.0",
    "[::2]",
    "[::1",
    "::1",
    "localhost:8321@evil.example",
    "localhost:",
    "",
  ];
  test.each(others)("%p is not", (host) => expect(isLoopbackHost(host)).toBe(false));

  test.each(["GET", "HEAD", "POST", "DELETE"])(
    "a %s that names another host is refused before anything else",
    async (method) => {
      const { app, calls } = plainApp({ holds: [hold()] });
      const headers = { Host: "rebound.example:8321", Authorization: `Bearer ${TOKEN}` };
      for (const path of ["/", "/status", "/sync", "/healthz", "/holds/h-7/approve", "/nowhere"]) {
        const response = await app.request(path, { method, headers });
        expect(response.status).toBe(403);
        if (method !== "HEAD") expect(await response.json()).toMatchObject({ status: 403, code: "ERR_HOST" });
      }
      expect(calls).toEqual([]);
    },
  );

  test("without the header the host of the URL counts", async () => {
    const { app } = plainApp();
    expect((await app.request("http://rebound.example/status")).status).toBe(403);
    expect((await app.request("http://127.0.0.1:8321/status")).status).toBe(200);
  });
});

describe("the token", () => {
  const wrong: [string, string | undefined][] = [
    ["no header", undefined],
    ["another token", "Bearer something-else"],
    ["a prefix of the token", `Bearer ${TOKEN.slice(0, -1)}`],
    ["the token and more", `Bearer ${TOKEN}x`],
    ["an empty token", "Bearer "],
    ["another scheme", `Basic ${TOKEN}`],
    ["the bare token", TOKEN],
  ];
  test.each(wrong)(
    "a POST with %s changes nothing and is answered 401 with WWW-Authenticate",
    async (_, authorization) => {
      const { app, calls } = plainApp({ holds: [hold()] });
      const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
      for (const path of ["/sync", "/holds/h-7/approve", "/holds/h-7/reject"]) {
        const response = await app.request(path, { method: "POST", headers });
        expect(response.status).toBe(401);
        expect(response.headers.get("WWW-Authenticate")).toStartWith("Bearer");
        expect(await response.json()).toMatchObject({
          code: "ERR_UNAUTHORIZED",
          hint: expect.stringContaining("keys/api.token"),
        });
      }
      expect(calls).toEqual([]);
    },
  );

  test("an agent whose token file is empty lets nobody in", async () => {
    const { app } = plainApp({}, { token: () => "\n" });
    expect((await app.request("/sync", { method: "POST", headers: { Authorization: "Bearer " } })).status).toBe(401);
    expect((await app.request("/sync", post())).status).toBe(401);
  });

  test("the scheme's name may be written in any case", async () => {
    const { app } = plainApp();
    const headers = { Authorization: `bearer ${TOKEN}` };
    expect((await app.request("/sync", { method: "POST", headers })).status).toBe(202);
  });

  test("reading needs none by default", async () => {
    const { app } = plainApp();
    for (const path of ["/", "/status", "/users", `/users/${ADA}`, "/cycles", "/holds", "/metrics", "/openapi.json"]) {
      expect((await app.request(path)).status).toBe(200);
    }
  });

  test("with protectReads every reading needs it, except by monitors", async () => {
    const { app } = plainApp({}, { protectReads: true });
    for (const path of [
      "/",
      "/status",
      "/users",
      `/users/${ADA}`,
      "/cycles",
      "/holds",
      "/metrics",
      "/openapi.json",
      "/events",
    ]) {
      expect((await app.request(path)).status).toBe(401);
      expect((await app.request(path, { method: "HEAD" })).status).toBe(401);
    }
    for (const path of ["/healthz", "/readyz"]) expect((await app.request(path)).status).toBe(200);
    const headers = { Authorization: `Bearer ${TOKEN}` };
    expect((await app.request("/status", { headers })).status).toBe(200);
  });

  test("with protectReads a browser gets a page that says how to read", async () => {
    const { app } = plainApp({}, { protectReads: true });
    const response = await app.request("/", { headers: { Accept: "text/html" } });
    const page = await response.text();
    expect(response.status).toBe(401);
    expect(response.headers.get("Content-Type")).toStartWith("text/html");
    expect(page).toContain("protectReads");
    expect(page).toContain("Authorization: Bearer TOKEN");
    expect(page).not.toContain("contoso");
  });
});

describe("a browser's cross-site request", () => {
  const foreign: Record<string, string>[] = [
    { Origin: "https://evil.example" },
    { Origin: "http://localhost:3000" },
    { Origin: "https://localhost:8321" },
    { Origin: "null" },
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
  ];
  test.each(foreign)("%j is refused even with the token", async (headers) => {
    const { app, calls } = plainApp();
    const response = await app.request("/sync", post(undefined, { Host: "localhost:8321", ...headers }));
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "ERR_HOST" });
    expect(calls).toEqual([]);
  });

  test("a page of our own may post", async () => {
    const { app } = plainApp();
    const headers = { Host: "localhost:8321", Origin: "http://localhost:8321", "Sec-Fetch-Site": "same-origin" };
    expect((await app.request("/sync", post(undefined, headers))).status).toBe(202);
  });

  test("no response lets a foreign page read it", async () => {
    const { app } = plainApp();
    const response = await app.request("/status", { headers: { Origin: "https://evil.example" } });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
    expect(response.headers.get("Cross-Origin-Resource-Policy")).toBe("same-origin");
  });
});
