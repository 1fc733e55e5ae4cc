import { expect, test } from "bun:test";
import { openDatabase } from "../../src/store/database.ts";
import { createOutbox } from "../../src/store/outbox.ts";
import { prune } from "../../src/store/retention.ts";
import { atEnd } from "../support/clean-up.ts";
import { notice, SAMPLES } from "../support/notices.ts";

/** Two tenants' outboxes in one database; nobody listens to web hooks. */
function outboxes() {
  const database = openDatabase(":memory:");
  atEnd(() => database.close());
  return { database, one: createOutbox(database, 1), other: createOutbox(database, 2) };
}

test("messages that ended long ago are forgotten, but not that they were told", () => {
  const { database, one: outbox } = outboxes();
  outbox.add([notice("1"), notice("2", SAMPLES.conflict)], 0);
  outbox.skip("webhook", 0);
  outbox.gather("email", false, 1);
  const [first] = outbox.open("email", null);
  outbox.failed(first?.id ?? "", { error: "down", nextTryAt: null, recipients: null }, 2);
  prune(database, { cycles: 100, journal: 100, outbox: 50 }, 100);
  expect(outbox.counts()).toMatchObject({ waiting: 1, failed: 0 });
  expect(outbox.open("email", null)[0]?.events[0]?.data.kind).toBeDefined();
  outbox.add([notice("1")], 60);
  outbox.gather("email", false, 60);
  expect(outbox.open("email", null)).toHaveLength(1);
  prune(database, { cycles: 100, journal: 50, outbox: 50 }, 100);
  outbox.add([notice("1")], 70);
  outbox.gather("email", false, 70);
  expect(outbox.open("email", null)).toHaveLength(2);
});

test("what a tenant was told goes in its time, although the tenant is configured no more", () => {
  const { database, one, other } = outboxes();
  for (const outbox of [one, other]) {
    outbox.add([notice("1")], 0);
    outbox.skip("webhook", 0);
    outbox.gather("email", false, 1);
    outbox.sent(outbox.open("email", null)[0]?.id ?? "", 2);
  }
  const left = () => database.all("SELECT id FROM message UNION ALL SELECT key FROM outbox").length;
  expect(left()).toBe(4);
  prune(database, { cycles: 100, journal: 100, outbox: 100 }, 101);
  expect(left()).toBe(4);
  prune(database, { cycles: 100, journal: 100, outbox: 100 }, 103);
  expect(left()).toBe(0);
});
