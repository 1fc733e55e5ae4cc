import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { openDatabase } from "../../src/store/database.ts";
import { createOutbox } from "../../src/store/outbox.ts";
import { newOutbox, notice, SAMPLES } from "../support/notices.ts";

const keysOf = (outbox: ReturnType<typeof newOutbox>, due: number | null = null) =>
  outbox.open("email", due).map(({ events }) => events.map(({ topic }) => topic));

describe("the outbox", () => {
  test("puts the events of a topic into one message, oldest first", () => {
    const outbox = newOutbox();
    outbox.add([notice("1", SAMPLES.conflict), notice("2", SAMPLES["purge.done"]), notice("3", SAMPLES.conflict)], 5);
    expect(outbox.oldest("email")).toBe(5);
    outbox.gather("email", false, 10);
    expect(keysOf(outbox).sort()).toEqual([["conflict", "conflict"], ["purge.done"]]);
    expect(outbox.oldest("email")).toBeNull();
    expect(outbox.open("email", null)[0]).toMatchObject({ channel: "email", createdAt: 10, attempts: 0 });
  });

  test("puts everything into one message for a digest", () => {
    const outbox = newOutbox();
    outbox.add([notice("1", SAMPLES.conflict), notice("2", SAMPLES["purge.done"])], 5);
    outbox.gather("email", true, 10);
    expect(keysOf(outbox)).toEqual([["conflict", "purge.done"]]);
  });

  test("tells an event once, however often it is added", () => {
    const outbox = newOutbox();
    outbox.add([notice("1")], 0);
    outbox.gather("email", false, 1);
    outbox.add([notice("1")], 2);
    outbox.gather("email", false, 3);
    expect(keysOf(outbox)).toHaveLength(1);
  });

  test("keeps a message's id and events while it is tried again", () => {
    const outbox = newOutbox();
    outbox.add([notice("1")], 0);
    outbox.gather("email", false, 1);
    const id = outbox.open("email", null)[0]?.id ?? "";
    outbox.failed(id, { error: "down", nextTryAt: 100, recipients: ["b@x"] }, 1);
    outbox.add([notice("2")], 2);
    outbox.gather("email", false, 3);
    expect(outbox.open("email", 50).map((message) => message.id)).not.toContain(id);
    const again = outbox.open("email", 100).find((message) => message.id === id);
    expect(again).toMatchObject({ attempts: 1, recipients: ["b@x"] });
    expect(again?.events).toHaveLength(1);
  });

  test("keeps channels apart", () => {
    const outbox = newOutbox();
    outbox.add([notice("1")], 0);
    outbox.gather("email", false, 1);
    outbox.sent(outbox.open("email", null)[0]?.id ?? "", 2);
    expect(outbox.oldest("webhook")).toBe(0);
    outbox.gather("webhook", false, 3);
    expect(outbox.open("webhook", null)).toHaveLength(1);
    expect(outbox.open("email", null)).toEqual([]);
  });

  test("keeps tenants apart", () => {
    const database = openDatabase(":memory:");
    const one = createOutbox(database, 1);
    const two = createOutbox(database, 2);
    one.add([notice("1")], 0);
    two.add([notice("1")], 0);
    one.gather("email", false, 1);
    expect(two.open("email", null)).toEqual([]);
    expect(two.oldest("email")).toBe(0);
  });

  test("never tells on a channel what happened while nobody listened there", () => {
    const outbox = newOutbox();
    outbox.add([notice("1")], 0);
    outbox.gather("email", false, 1);
    outbox.add([notice("2")], 2);
    outbox.skip("email", 3);
    outbox.gather("email", false, 4);
    expect(outbox.open("email", null)).toEqual([]);
    expect(outbox.counts()).toEqual({ waiting: 2, refused: 0, failed: 0, error: null });
  });

  test("counts what waits and what was given up", () => {
    const outbox = newOutbox();
    outbox.skip("webhook", 0);
    outbox.add([notice("1"), notice("2", SAMPLES.conflict), notice("3", SAMPLES["purge.done"])], 0);
    outbox.skip("webhook", 0);
    expect(outbox.counts()).toEqual({ waiting: 3, refused: 0, failed: 0, error: null });
    outbox.gather("email", false, 1);
    const [first, second] = outbox.open("email", null);
    outbox.sent(first?.id ?? "", 2);
    outbox.failed(second?.id ?? "", { error: "greylisted", nextTryAt: 3, recipients: null }, 2);
    expect(outbox.counts()).toEqual({ waiting: 2, refused: 1, failed: 0, error: "greylisted" });
    outbox.failed(second?.id ?? "", { error: "down", nextTryAt: null, recipients: null }, 4);
    expect(outbox.counts()).toEqual({ waiting: 1, refused: 0, failed: 1, error: "down" });
    expect(outbox.open("email", null)).toHaveLength(1);
  });

  test("remembers since when a condition holds until it ends", () => {
    const outbox = newOutbox();
    expect(outbox.ongoing("seats.low/Pro", false, 1)).toBeNull();
    expect(outbox.ongoing("seats.low/Pro", true, 2)).toBe(2);
    expect(outbox.ongoing("seats.low/Pro", true, 3)).toBe(2);
    expect(outbox.ongoing("seats.low/Eco", true, 4)).toBe(4);
    expect(outbox.ongoing("seats.low/Pro", false, 5)).toBeNull();
    expect(outbox.ongoing("seats.low/Pro", true, 6)).toBe(6);
  });

  test("drops an event with the transaction that it belongs to", () => {
    const database = openDatabase(":memory:");
    const outbox = createOutbox(database, 1);
    const work = () =>
      database.transaction(() => {
        outbox.add([notice("1")], 0);
        throw new Error("the cycle failed");
      });
    expect(work).toThrow("the cycle failed");
    expect(outbox.oldest("email")).toBeNull();
  });

  test("has each event in exactly one message of a channel, whatever happens in between", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("add" as const), key: fc.nat(9), topic: fc.constantFrom("a", "b") }),
      fc.record({ do: fc.constant("gather" as const), together: fc.boolean() }),
      fc.record({ do: fc.constantFrom("fail" as const, "send" as const), which: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const outbox = newOutbox();
        const added = new Set<string>();
        const told: string[] = [];
        const nameOf = (event: { data: unknown }) => (event.data as { hold: string }).hold;
        const send = (which: number) => {
          const open = outbox.open("email", null);
          const message = open[which % Math.max(1, open.length)];
          if (message === undefined) return;
          told.push(...message.events.map(nameOf));
          outbox.sent(message.id, 1);
        };
        for (const one of steps) {
          if (one.do === "add") {
            const hold = `${one.key}`;
            added.add(hold);
            outbox.add([notice(hold, { ...SAMPLES["hold.formed"], hold }, one.topic)], 0);
          } else if (one.do === "gather") outbox.gather("email", one.together, 1);
          else if (one.do === "send") send(one.which);
          else {
            const message = outbox.open("email", null)[one.which];
            if (message !== undefined) {
              outbox.failed(message.id, { error: "down", nextTryAt: 9, recipients: null }, 1);
            }
          }
        }
        outbox.gather("email", false, 1);
        while (outbox.open("email", null).length > 0) send(0);
        expect(told.toSorted()).toEqual([...added].toSorted());
      }),
      { numRuns: 60 },
    );
  });
});
