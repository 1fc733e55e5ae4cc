import { describe, expect, test } from "bun:test";
import { openDatabase } from "../../src/store/database.ts";
import { createJournal } from "../../src/store/journal.ts";

const requests = { token: 0, graph: 0, target: 0 };

function journal() {
  const opened = createJournal(openDatabase(":memory:"), 1, "contoso");
  const cycle = (outcome: "succeeded" | "held" | "failed", code = "ERR_TOKEN_REFUSED"): string => {
    const begun = opened.begin({ trigger: "schedule", kind: "incremental" });
    const error = outcome === "failed" ? { code, message: "no", hint: "mend it" } : null;
    begun.finish({ outcome, held: {}, requests, error });
    return begun.id;
  };
  return { opened, cycle };
}

describe("failures in a row", () => {
  test("begin after the last cycle that did not fail", () => {
    const { opened, cycle } = journal();
    expect(opened.failing()).toBeNull();
    cycle("failed");
    cycle("succeeded");
    const first = cycle("failed");
    cycle("failed");
    expect(opened.failing()).toMatchObject({ first, failures: 2, since: expect.stringMatching(/^\d{4}-.*Z$/) });
    cycle("held");
    expect(opened.failing()).toBeNull();
  });

  test("are neither made nor ended by a cycle that was stopped, or one that still runs", () => {
    const { opened, cycle } = journal();
    cycle("failed", "ERR_STOPPED");
    expect(opened.failing()).toBeNull();
    const first = cycle("failed");
    cycle("failed", "ERR_STOPPED");
    opened.begin({ trigger: "schedule", kind: "incremental" });
    expect(opened.failing()).toMatchObject({ first, failures: 1 });
  });
});
