import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentError } from "../../src/errors.ts";
import { createFetch, keepLoopbackDirect } from "../../src/platform/fetch.ts";

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

  test("says which caFile is wrong, and why", () => {
    const folder = mkdtempSync(join(tmpdir(), "tiersync-ca-"));
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
    rmSync(folder, { recursive: true });
  });
});

test("loopback names join what NO_PROXY already lists, once", () => {
  const env: Record<string, string | undefined> = { NO_PROXY: "intern.example, localhost" };
  keepLoopbackDirect(env);
  keepLoopbackDirect(env);
  expect(env["NO_PROXY"]).toBe("intern.example,localhost,127.0.0.1,::1,[::1]");
  expect(env["no_proxy"]).toBe(env["NO_PROXY"]);
});
