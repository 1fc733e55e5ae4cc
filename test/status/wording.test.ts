import { describe, expect, test } from "bun:test";
import { credential, distance, done, duration, localTime, outcome, person } from "../../src/status/wording.ts";
import { cycle, NOW, person as view } from "./plain-console.ts";

const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

describe("words for people", () => {
  test.each([
    [0, "now"],
    [-0.4, "now"],
    [30, "in 30 s"],
    [-89, "89 s ago"],
    [240, "in 4 min"],
    [-5399, "90 min ago"],
    [7200, "in 2 h"],
    [-172_799, "48 h ago"],
    [604_800, "in 7 days"],
  ])("%d seconds away is %s", (seconds, words) => expect(distance(at(seconds), NOW)).toBe(words));

  test.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [3400, "3.4 s"],
    [125_900, "2 min 5 s"],
  ])("%d ms last %s", (ms, words) => expect(duration(ms)).toBe(words));

  test("a time of today has seconds, another day's has the date", () => {
    expect(localTime(at(-60), NOW)).toBe("22:30:00");
    expect(localTime(at(7200), NOW)).toBe("2026-11-24 00:31");
    expect(localTime(null, NOW)).toBe("-");
  });

  test("a cycle says what it did, what it held and who was refused", () => {
    const idle = cycle({ actions: { ...cycle().actions, create: 0, assign: 0 } });
    const refused = { user: "a", code: "ERR_TARGET_REFUSED", message: "m" };
    expect(done(cycle({ held: { revoke: 3 }, failures: [refused] }))).toBe(
      "1 create, 1 assign; 3 revoke held; 1 refused",
    );
    expect(done(idle)).toBe("nothing to do");
    expect(done({ ...idle, outcome: "failed" })).toBe("");
    expect(outcome(cycle({ outcome: null, durationMs: null }))).toBe("running");
  });

  test("a credential says how long it lasts, or that it has expired", () => {
    const base = { kind: "certificate", thumbprint: null, expiresAt: null } as const;
    expect(credential({ ...base, daysLeft: 1 })).toBe("certificate, 1 day left");
    expect(credential({ ...base, daysLeft: -1 })).toBe("certificate, expired");
    expect(credential({ ...base, kind: "secret", daysLeft: null })).toBe("secret");
  });

  test("a person is called by as much as is known", () => {
    expect(person(view())).toBe("Ada Lovelace <ada@contoso.example>");
    expect(person(view({ displayName: null }))).toBe("ada@contoso.example");
    expect(person(view({ address: null }))).toBe("Ada Lovelace");
    expect(person(view({ address: null, displayName: null, id: "the-id" }))).toBe("the-id");
  });
});
