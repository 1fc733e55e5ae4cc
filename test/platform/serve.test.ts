import { afterEach, describe, expect, test } from "bun:test";
import { AgentError } from "../../src/errors.ts";
import { type LoopbackServer, serveLoopback } from "../../src/platform/serve.ts";

const running: LoopbackServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop(100);
});

async function start(...parameters: Parameters<typeof serveLoopback>): Promise<LoopbackServer> {
  const server = await serveLoopback(...parameters);
  running.push(server);
  return server;
}

describe("serveLoopback", () => {
  test("answers on 127.0.0.1 and ::1 at the same port and tells the handler who asks", async () => {
    const server = await start((_, { remote }) => new Response(remote), { host: "127.0.0.1", port: 0 });
    expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).toBe("127.0.0.1");
    expect(await (await fetch(`http://[::1]:${server.port}/`)).text()).toBe("::1");
  });

  test("refuses an address that others can reach", async () => {
    const error = await serveLoopback(() => new Response(), { host: "0.0.0.0", port: 0 }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(AgentError);
    expect(error.code).toBe("ERR_CONFIG");
  });

  test("says what to do when the port is taken", async () => {
    const { port } = await start(() => new Response(), { host: "127.0.0.1", port: 0 });
    const error = await serveLoopback(() => new Response(), { host: "127.0.0.1", port }).catch((thrown) => thrown);
    expect(error.code).toBe("ERR_PLATFORM");
    expect(error.message).toContain(`port ${port}`);
    expect(error.hint).toContain("status.port");
  });

  test("shows no stack when the handler throws", async () => {
    const { port } = await start(
      () => {
        throw new Error("inner detail");
      },
      { host: "127.0.0.1", port: 0 },
    );
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(500);
    expect(await response.text()).toBe("internal error\n");
  });

  test("lets a request in flight finish before it stops", async () => {
    const entered = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const server = await start(
      async () => {
        entered.resolve();
        await release.promise;
        return new Response("done");
      },
      { host: "127.0.0.1", port: 0 },
    );
    const answer = fetch(`http://127.0.0.1:${server.port}/`);
    await entered.promise;
    const stopped = server.stop(5000);
    release.resolve();
    expect(await (await answer).text()).toBe("done");
    await stopped;
    await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow();
  });

  test("tells endless answers to end when it stops", async () => {
    const server = await start(
      (_, { shutdown }) =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue("open\n");
              shutdown.addEventListener("abort", () => controller.close());
            },
          }),
        ),
      { host: "127.0.0.1", port: 0 },
    );
    const body = (await fetch(`http://127.0.0.1:${server.port}/`)).text();
    await server.stop(5000);
    expect(await body).toBe("open\n");
  });

  test("cuts what has not ended at the deadline", async () => {
    const entered = Promise.withResolvers<void>();
    const server = await start(
      () => {
        entered.resolve();
        return new Promise<Response>(() => {});
      },
      { host: "127.0.0.1", port: 0 },
    );
    const answer = fetch(`http://127.0.0.1:${server.port}/`).catch(() => "cut");
    await entered.promise;
    await server.stop(20);
    expect(await answer).toBe("cut");
  });
});
