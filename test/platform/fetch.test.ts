import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AgentError } from "../../src/errors.ts";
import { createFetch, type FetchOptions, keepLoopbackDirect, proxyOf } from "../../src/platform/fetch.ts";
import { tempFolder } from "../support/temp-folder.ts";

describe("createFetch", () => {
  const saved = { ...process.env };
  let proxy: ReturnType<typeof Bun.serve>;
  let origin: ReturnType<typeof Bun.serve>;
  beforeAll(() => {
    proxy = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => new Response(`proxied ${request.url}`) });
    origin = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("direct") });
  });
  afterAll(async () => {
    await proxy.stop(true);
    await origin.stop(true);
  });
  afterEach(() => {
    for (const key of ["NO_PROXY", "no_proxy", "HTTP_PROXY"]) {
      if (saved[key] === undefined) delete process.env[key];
      else process.env[key] = saved[key];
    }
  });

  const read = async (fetch: ReturnType<typeof createFetch>, url: string) => await (await fetch(url)).text();

  test("goes through the configured proxy", async () => {
    const fetch = createFetch({ proxy: proxy.url.origin, caFile: null });
    expect(await read(fetch, "http://graph.example/v1.0")).toBe("proxied http://graph.example/v1.0");
  });

  test("goes through the proxy of the environment, but not to hosts of NO_PROXY", async () => {
    process.env["HTTP_PROXY"] = proxy.url.origin;
    process.env["NO_PROXY"] = "intern.invalid";
    delete process.env["no_proxy"]; // what another test's createFetch left there would count more
    const fetch = createFetch({ proxy: null, caFile: null });
    expect(await read(fetch, "http://graph.example/")).toBe("proxied http://graph.example/");
    await expect(fetch("http://intern.invalid/")).rejects.toThrow();
  });

  test.each(["configured", "environment"])("never sends loopback calls through the %s proxy", async (source) => {
    if (source === "environment") process.env["HTTP_PROXY"] = proxy.url.origin;
    const fetch = createFetch({ proxy: source === "configured" ? proxy.url.origin : null, caFile: null });
    expect(await read(fetch, origin.url.href)).toBe("direct");
  });

  describe("tells its log", () => {
    const logged = async (url: string, options: Partial<FetchOptions> = {}) => {
      const told: unknown[] = [];
      const logger = { debug: (_: string, properties?: Record<string, unknown>) => void told.push(properties) };
      const fetch = createFetch({ proxy: null, caFile: null, logger, ...options });
      await fetch(url, { method: "PATCH" }).catch(() => undefined);
      return told;
    };

    test("method, place, status and time, but neither query nor anybody's address", async () => {
      const url = new URL("/v1.0/users/ada@contoso.example/events?$deltatoken=abc", origin.url).href;
      const ms = expect.any(Number);
      const expected = { method: "PATCH", url: `${origin.url.host}/v1.0/users/…/events`, status: 200, ms };
      expect(await logged(url)).toEqual([expected]);
    });

    test("no path that is a secret", async () => {
      expect(await logged(new URL("/hooks/T0/secret", origin.url).href, { secretPath: true })).toMatchObject([
        { url: origin.url.host },
      ]);
    });

    test("that nobody answered", async () => {
      expect(await logged("http://127.0.0.1:1/x")).toEqual([
        { method: "PATCH", url: "127.0.0.1:1/x", ms: expect.any(Number) },
      ]);
    });
  });

  test.each([
    ["https://login.example/", "http://p:1", {}, "http://p:1"],
    ["https://login.example/", null, { HTTPS_PROXY: "http://q:1" }, "http://q:1"],
    ["https://login.example/", null, { HTTPS_PROXY: "http://q:1", NO_PROXY: "x.example, .example" }, null],
    ["https://login.example/", "http://p:1", { no_proxy: "login.example" }, null],
    ["https://notlogin.example/", "http://p:1", { no_proxy: "login.example" }, "http://p:1"],
    ["http://127.0.0.1:9/", "http://p:1", {}, null],
    ["https://login.example/", null, {}, null],
  ])("a call to %s with %p and %p goes through %p", (url, proxyUrl, env, expected) => {
    expect(proxyOf(new URL(url), proxyUrl, env)).toBe(expected);
  });

  test("says which caFile is wrong, and why", () => {
    const folder = tempFolder();
    const der = join(folder, "roots.cer");
    writeFileSync(der, "binary");
    for (const file of [der, join(folder, "none.pem")]) {
      let error: unknown;
      try {
        createFetch({ proxy: null, caFile: file });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(AgentError);
      expect((error as AgentError).message).toContain(file);
    }
  });
});

test("loopback names join what NO_PROXY already lists, once", () => {
  const env: Record<string, string | undefined> = { NO_PROXY: "intern.example, localhost" };
  keepLoopbackDirect(env);
  keepLoopbackDirect(env);
  expect(env["NO_PROXY"]).toBe("intern.example,localhost,127.0.0.1,::1,[::1]");
  expect(env["no_proxy"]).toBe(env["NO_PROXY"]);
});
