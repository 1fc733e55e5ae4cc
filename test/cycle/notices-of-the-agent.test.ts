import { describe, expect, test } from "bun:test";
import { configNotices, credentialNotices, cycleNotices } from "../../src/cycle/notices.ts";
import { emptyCounts } from "../../src/model/action.ts";
import type { CycleRecord } from "../../src/model/cycle.ts";
import type { Notice } from "../../src/model/notice.ts";
import { conditions } from "../support/notices.ts";

const NOW = Date.UTC(2026, 2, 1);
const keys = (notices: readonly Notice[]) => notices.map(({ key }) => key);

describe("failing cycles", () => {
  const record = (change: Partial<CycleRecord>): CycleRecord => ({
    id: "c9",
    tenant: "contoso",
    kind: "incremental",
    trigger: "schedule",
    startedAt: "2026-03-01T00:00:00.000Z",
    finishedAt: "2026-03-01T00:00:01.000Z",
    durationMs: 1000,
    outcome: "succeeded",
    requests: { token: 0, graph: 0, target: 0 },
    actions: emptyCounts(),
    held: {},
    failures: [],
    error: null,
    ...change,
  });
  const failed = (code = "ERR_TOKEN_REFUSED") =>
    record({ outcome: "failed", error: { code, message: "no", hint: "mend it" } });
  const streak = (failures: number) => ({ first: "c1", since: "2026-02-28T00:00:00.000Z", failures });

  test("are told at the third in a row, and the fourth is the same event", () => {
    expect(cycleNotices(failed(), null)).toEqual([]);
    expect(cycleNotices(failed(), streak(1))).toEqual([]);
    const third = cycleNotices(failed(), streak(2));
    expect(third).toMatchObject([{ key: "cycle.failing/c1", data: { failures: 3, error: { hint: "mend it" } } }]);
    expect(keys(cycleNotices(failed(), streak(3)))).toEqual(keys(third));
  });

  test("do not count when the agent was stopped", () => {
    expect(cycleNotices(failed("ERR_STOPPED"), streak(5))).toEqual([]);
  });

  test.each(["succeeded", "held"] as const)("have recovered when one %s", (outcome) => {
    expect(cycleNotices(record({ outcome }), streak(2))).toEqual([]);
    expect(cycleNotices(record({ outcome }), null)).toEqual([]);
    expect(cycleNotices(record({ outcome }), streak(3))).toMatchObject([
      { key: "cycle.recovered/c1", data: { failures: 3, until: "2026-03-01T00:00:01.000Z" } },
    ]);
  });
});

describe("broken files", () => {
  const finding = { level: "error", file: "tiersync.yaml", line: 1, column: 1, path: "", message: "bad" } as const;

  test("are told for each set of errors, and again when they come back", () => {
    let now = NOW;
    const ongoing = conditions(() => now);
    const told = (...messages: string[]) => {
      now += 1;
      const findings = messages.map((message) => ({ ...finding, message }));
      return keys(configNotices([...findings, { ...finding, level: "warning" }], ongoing));
    };
    const first = told("bad");
    expect(first).toHaveLength(1);
    expect(told("bad")).toEqual(first);
    expect(told("worse")).not.toEqual(first);
    expect(told()).toEqual([]);
    expect(told("bad")).not.toEqual(first);
  });
});

describe("a credential", () => {
  const told = (daysLeft: number, thumbprint = "AB") =>
    keys(credentialNotices({ kind: "certificate", thumbprint, expiresAt: "2026-03-31T00:00:00.000Z", daysLeft }));

  test("is told of 60, 30, 14, 7 days before it expires and on the last day, once each", () => {
    expect(told(61)).toEqual([]);
    const all = Array.from({ length: 63 }, (_, day) => told(61 - day)).flat();
    expect([...new Set(all)]).toEqual([60, 30, 14, 7, 1].map((days) => `credential.expiring/AB/${days}`));
  });

  test("is another one with another thumbprint", () => {
    expect(told(20)).not.toEqual(told(20, "CD"));
  });

  test("is not told of when nobody knows when it expires", () => {
    expect(credentialNotices({ kind: "secret", thumbprint: null, expiresAt: null, daysLeft: null })).toEqual([]);
    expect(credentialNotices(null)).toEqual([]);
  });
});
