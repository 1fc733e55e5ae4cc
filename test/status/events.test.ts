import { describe, expect, test } from "bun:test";
import { cycle, plainApp } from "./plain-console.ts";

/** Reads a stream piece by piece until `enough` is in what came. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, enough: string): Promise<string> {
  const decoder = new TextDecoder();
  let seen = "";
  while (!seen.includes(enough)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream ended after ${JSON.stringify(seen)}`);
    seen += decoder.decode(value, { stream: true });
  }
  return seen;
}

/** Lets pending work of the event loop go on until the condition holds; the test's timeout is the limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function open(parts: ReturnType<typeof plainApp>) {
  const response = await parts.app.request("/events");
  expect(response.headers.get("Content-Type")).toBe("text/event-stream");
  if (response.body === null) throw new Error("no body");
  const reader = response.body.getReader();
  await readUntil(reader, ": connected");
  return reader;
}

describe("/events", () => {
  test("sends what happens in cycles, each event by its name", async () => {
    const parts = plainApp();
    const reader = await open(parts);
    parts.emit({ type: "started", cycle: cycle({ outcome: null }) });
    parts.emit({
      type: "step",
      cycle: "c-1",
      tenant: "contoso\nevent: forged",
      step: "read",
      done: 3,
      total: 10,
    });
    parts.emit({ type: "finished", cycle: cycle() });
    const events = (await readUntil(reader, '"succeeded"')).trim().split("\n\n");
    expect(events.map((event) => event.split("\n")[0])).toEqual(["event: started", "event: step", "event: finished"]);
    const data = events.map((event) => JSON.parse(event.split("\ndata: ")[1] ?? ""));
    expect(data[0]).toMatchObject({ id: "c-1", outcome: null });
    expect(data[1]).toEqual({
      cycle: "c-1",
      tenant: "contoso\nevent: forged",
      step: "read",
      done: 3,
      total: 10,
    });
    expect(data[2]).toEqual(JSON.parse(JSON.stringify(cycle())));
    await reader.cancel();
  });

  test("sends a comment while nothing happens, so that nobody cuts the connection", async () => {
    const parts = plainApp({}, { pingMs: 5 });
    const reader = await open(parts);
    expect(await readUntil(reader, ": ping\n\n")).toContain(": ping");
    await reader.cancel();
  });

  test("ends when the agent stops", async () => {
    const parts = plainApp();
    const reader = await open(parts);
    parts.shutdown.abort();
    expect((await reader.read()).done).toBe(true);
  });

  test("ends at once when the agent is stopping already", async () => {
    const parts = plainApp();
    parts.shutdown.abort();
    const response = await parts.app.request("/events");
    expect(await response.text()).not.toContain("event:");
  });

  test("lets go of a client that went away", async () => {
    const parts = plainApp();
    const before = parts.listeners.size;
    const reader = await open(parts);
    expect(parts.listeners.size).toBe(before + 1);
    await reader.cancel();
    await until(() => parts.listeners.size === before);
  });

  test("lets go of a client that does not read, instead of keeping everything for it", async () => {
    const parts = plainApp();
    const before = parts.listeners.size;
    const reader = await open(parts);
    for (let i = 0; i < 2000; i += 1) parts.emit({ type: "finished", cycle: cycle() });
    await until(() => parts.listeners.size === before);
    await reader.cancel();
  });

  test("has room for 32 readers; further ones are told so, and a place that is left is free again", async () => {
    const parts = plainApp();
    const before = parts.listeners.size;
    const readers = await Promise.all(Array.from({ length: 32 }, () => open(parts)));
    expect((await parts.app.request("/events")).status).toBe(503);
    await readers[0]?.cancel();
    await until(() => parts.listeners.size === before + 31);
    readers[0] = await open(parts);
    await Promise.all(readers.map((reader) => reader.cancel()));
  });
});
