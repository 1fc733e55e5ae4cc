import { describe, expect, test } from "bun:test";
import { getBatch, getBatchLoosely } from "../../src/entra/batch.ts";
import { call, fakeGraph, json, type SentRequest } from "../support/fake-graph.ts";

interface Item {
  readonly id: string;
  readonly url: string;
}

const itemsOf = (request: SentRequest): Item[] => (JSON.parse(request.body) as { requests: Item[] }).requests;

const ok = (item: Item) => ({ id: item.id, status: 200, headers: {}, body: { url: item.url } });

describe("a batch", () => {
  test("gives the answers in the order of the paths, however they come", async () => {
    const graph = fakeGraph((request) => json({ responses: itemsOf(request).map(ok).reverse() }));
    const paths = ["/users/a", "/users/b", "/users/c"];
    const answers = await getBatch(graph.reader.client, paths, call(), graph.reader);
    expect(answers.map((answer) => (answer.body as { url: string }).url)).toEqual(paths);
    expect(graph.sent).toHaveLength(1);
    expect(graph.sent[0]?.headers.get("content-type")).toBe("application/json");
  });

  test.each(["Retry-After", "retry-after", "RETRY-AFTER"])(
    "asks throttled items again after the longest %s of theirs, and those only",
    async (header) => {
      const graph = fakeGraph((request, index) =>
        json({
          responses: itemsOf(request).map((item) =>
            index === 0 && item.url !== "/users/b"
              ? { id: item.id, status: 429, headers: { [header]: item.url === "/users/a" ? "3" : "5.5" }, body: {} }
              : ok(item),
          ),
        }),
      );
      const answers = await getBatch(graph.reader.client, ["/users/a", "/users/b", "/users/c"], call(), graph.reader);
      expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
      expect(graph.waits).toEqual([5_500]);
      expect(itemsOf(graph.sent[1] as SentRequest).map((item) => item.url)).toEqual(["/users/a", "/users/c"]);
    },
  );

  test("with an outer 424 is read like any other", async () => {
    const graph = fakeGraph((request, index) =>
      index === 0
        ? json(
            {
              responses: itemsOf(request).map((item) => ({
                id: item.id,
                status: 429,
                headers: { "Retry-After": "1" },
              })),
            },
            424,
          )
        : json({ responses: itemsOf(request).map(ok) }),
    );
    expect((await getBatch(graph.reader.client, ["/users/a"], call(), graph.reader))[0]?.status).toBe(200);
  });

  test.each([
    ["an answer is missing", (items: Item[]) => ({ responses: items.slice(1).map(ok) })],
    ["there are no responses", () => ({})],
    ["it is no object", () => "text"],
  ])("is an error when %s", async (_, body) => {
    const graph = fakeGraph((request) => json(body(itemsOf(request))));
    const reading = getBatch(graph.reader.client, ["/users/a", "/users/b"], call(), graph.reader);
    expect(await reading.catch((error: unknown) => error)).toMatchObject({ code: "ERR_GRAPH_INCOMPLETE" });
  });

  test("keeps the error of an item that failed for good, whatever the case of its headers", async () => {
    const error = { code: "Request_ResourceNotFound", message: "x" };
    const graph = fakeGraph((request) =>
      json({
        responses: itemsOf(request).map((item) => ({
          id: item.id,
          status: 404,
          headers: { "content-type": "application/json" },
          body: { error },
        })),
      }),
    );
    const [answer] = await getBatch(graph.reader.client, ["/users/a"], call(), graph.reader);
    expect(answer).toMatchObject({ status: 404, body: { error } });
  });

  test.each([
    [500, "ERR_GRAPH_REFUSED"],
    [429, "ERR_GRAPH_THROTTLED"],
  ])("whose item fails again and again with %i is %s", async (status, code) => {
    const graph = fakeGraph((request) =>
      json({ responses: itemsOf(request).map((item) => ({ id: item.id, status, body: {} })) }),
    );
    const reading = getBatch(graph.reader.client, ["/users/a"], call(), graph.reader);
    expect(await reading.catch((error: unknown) => error)).toMatchObject({ code });
  });

  /** Answers in turn: a status, with a wait if one is told; then success. */
  function inTurn(turns: readonly (readonly [number, string?])[]) {
    return fakeGraph((request, index) => {
      const [status, wait] = turns[index] ?? [200];
      const headers = wait === undefined ? {} : { "Retry-After": wait };
      return json({ responses: itemsOf(request).map(({ id, url }) => ({ id, status, headers, body: { url } })) });
    });
  }

  test.each([
    [
      "is throttled without being told for how long, as often as the time allows",
      Array.from({ length: 7 }, () => [429]),
    ],
    ["waits as told and then fails for a moment", [[503, "1"], [503, "1"], [429, "1"], [503], [500], [503]]],
  ] as [string, [number, string?][]][])("asks again for an item that %s", async (_, turns) => {
    const graph = inTurn(turns);
    const [answer] = await getBatch(
      graph.reader.client,
      ["/users/a"],
      call({ deadline: graph.now() + 240_000 }),
      graph.reader,
    );
    expect(answer?.status).toBe(200);
    expect(graph.sent).toHaveLength(turns.length + 1);
  });

  test("that may be incomplete does not spend the cycle on an item that is throttled without an end", async () => {
    const graph = inTurn(Array.from({ length: 20 }, () => [429]));
    const deadline = graph.now() + 240_000;
    const [answer] = await getBatchLoosely(graph.reader.client, ["/users/a"], call({ deadline }), graph.reader);
    expect(answer?.status).toBe(429);
    expect(graph.sent).toHaveLength(4);
  });

  test("that may be incomplete gives what could be had when the rest has to wait too long", async () => {
    const graph = fakeGraph((request) =>
      json({
        responses: itemsOf(request).map((item) =>
          item.url === "/users/a" ? ok(item) : { id: item.id, status: 429, headers: { "Retry-After": "600" } },
        ),
      }),
    );
    const paths = ["/users/a", "/users/b"];
    const answers = await getBatchLoosely(graph.reader.client, paths, call(), graph.reader);
    expect(answers.map((answer) => answer.status)).toEqual([200, 429]);
    const strict = getBatch(graph.reader.client, paths, call(), graph.reader);
    expect(await strict.catch((error: unknown) => error)).toMatchObject({ code: "ERR_GRAPH_THROTTLED" });
  });
});
