/**
 * Each step of reading × each kind of fault, once and for as long as the cycle lasts: the cycle gets over it, or it fails with its cause and
 * nothing is applied; and the next undisturbed cycle makes up for it.
 */
import { describe, expect, test } from "bun:test";
import type { Fault } from "../../src/simulator/faults.ts";
import { readRows } from "../support/books.ts";
import type { TestEntra } from "../support/entra.ts";
import { faultTable } from "../support/fault-table.ts";
import { aboutToChange, killedAt, nextHeals, outcomeOf, undisturbed } from "./scene.ts";

const table = faultTable("What a fault while reading comes to", ["once", "as long as the cycle lasts", "next cycle"]);

/** Which requests of a step are hit. */
type Where = Pick<Fault, "match" | "level" | "after">;
type Kind = (entra: TestEntra) => Fault;

const inSeconds =
  (seconds: number): Kind =>
  ({ clock }) => ({ kind: "throttle", retryAfter: new Date(clock.now() + seconds * 1000).toUTCString() });

/** Passes by itself; what it is called when it does not. */
const PASSING: Readonly<Record<string, readonly [Kind, string]>> = {
  "HTTP 500": [() => ({ kind: "status", status: 500 }), "ERR_GRAPH_REFUSED"],
  "HTTP 503": [() => ({ kind: "status", status: 503 }), "ERR_GRAPH_REFUSED"],
  "503, Retry-After: 2": [() => ({ kind: "status", status: 503, retryAfter: "2" }), "ERR_GRAPH_THROTTLED"],
  "429, no Retry-After": [() => ({ kind: "throttle" }), "ERR_GRAPH_THROTTLED"],
  "429, Retry-After: 2": [() => ({ kind: "throttle", retryAfter: "2" }), "ERR_GRAPH_THROTTLED"],
  "429, Retry-After: 1.5": [() => ({ kind: "throttle", retryAfter: "1.5" }), "ERR_GRAPH_THROTTLED"],
  "429, Retry-After: a date": [inSeconds(3), "ERR_GRAPH_THROTTLED"],
  "HTML with 502": [() => ({ kind: "html" }), "ERR_GRAPH_REFUSED"],
  "connection closed": [() => ({ kind: "close" }), "ERR_GRAPH_UNREACHABLE"],
  "never answered": [() => ({ kind: "never" }), "ERR_GRAPH_UNREACHABLE"],
  "stops half-way": [() => ({ kind: "endless" }), "ERR_GRAPH_UNREACHABLE"],
};
/** Ends the cycle at the first time. */
const FINAL: Readonly<Record<string, readonly [Kind, string]>> = {
  "429, Retry-After: 600": [() => ({ kind: "throttle", retryAfter: "600" }), "ERR_GRAPH_THROTTLED"],
  "JSON cut": [() => ({ kind: "cut" }), "ERR_GRAPH_INCOMPLETE"],
  "HTML with 200": [() => ({ kind: "html", status: 200 }), "ERR_GRAPH_INCOMPLETE"],
  "empty body": [() => ({ kind: "empty" }), "ERR_GRAPH_INCOMPLETE"],
};
const FOREIGN: Kind = () => ({ kind: "foreignNextLink", origin: "https://graph.example" });
const REPEATED: Kind = () => ({ kind: "repeatNextLink" });
const NULLS: Kind = () => ({ kind: "nullProperties" });
const GONE: Kind = () => ({ kind: "deltaGone" });
const EXPIRED: Kind = () => ({ kind: "deltaExpired" });

const ALL = "exit 0, all done";
const failed = (code: string): string => `exit 1 ${code}, nothing done`;
const PENDING = "exit 0, done but for 1 (pending)";

/** [step, fault, kind, where, once, throughout] */
type Case = readonly [string, string, Kind, Where & { readonly full: boolean }, string, string];

function* casesOf(
  step: string,
  where: Where & { readonly full: boolean },
  own: Readonly<Record<string, readonly [Kind, string, string?]>>,
  code: (code: string) => string = failed,
): Iterable<Case> {
  for (const [fault, [kind, error]] of Object.entries(PASSING)) yield [step, fault, kind, where, ALL, code(error)];
  for (const [fault, [kind, error]] of Object.entries(FINAL))
    yield [step, fault, kind, where, code(error), code(error)];
  for (const [fault, [kind, once, throughout = once]] of Object.entries(own)) {
    yield [step, fault, kind, where, once, throughout];
  }
}

const BATCH = "POST /v1.0/$batch";
const cases: readonly Case[] = [
  ...casesOf("token", { match: "oauth2", full: false }, {}, () => failed("ERR_TOKEN")),
  ...casesOf(
    "group lookup",
    { match: "groups?$filter=displayName eq", full: true },
    { "nextLink elsewhere": [FOREIGN, failed("ERR_GRAPH_ORIGIN")] },
  ),
  ...casesOf(
    "opening the changes",
    { match: "$deltatoken=latest", full: true },
    {
      "nextLink elsewhere": [FOREIGN, failed("ERR_GRAPH_ORIGIN")],
      "the same nextLink": [REPEATED, ALL, failed("ERR_GRAPH_INCOMPLETE")],
      // Without changes: the next cycle reads everything again.
      "delta gone (410)": [GONE, ALL],
    },
  ),
  ...casesOf(
    "pages of members",
    { match: "/members?", full: true },
    {
      "nextLink elsewhere": [FOREIGN, failed("ERR_GRAPH_ORIGIN")],
      "the same nextLink": [REPEATED, failed("ERR_GRAPH_INCOMPLETE")],
      "null properties": [NULLS, ALL, failed("ERR_GRAPH_INCOMPLETE")],
      "a group gone (404)": [() => ({ kind: "status", status: 404 }), failed("ERR_GRAPH_REFUSED")],
    },
  ),
  ...casesOf(
    "names of groups",
    { match: BATCH, level: "http", full: true },
    // One by one instead; who has vanished cannot be asked without batches.
    { "rights missing (403)": [() => ({ kind: "status", status: 403 }), ALL, failed("ERR_GRAPH_FORBIDDEN")] },
  ),
  ...casesOf(
    "who has vanished",
    { match: BATCH, level: "http", after: 1, full: true },
    { "rights missing (403)": [() => ({ kind: "status", status: 403 }), failed("ERR_GRAPH_FORBIDDEN")] },
  ),
  ...casesOf("changes", { match: BATCH, level: "http", full: false }, {}),
  ...Object.entries({
    "nextLink elsewhere": [FOREIGN, failed("ERR_GRAPH_ORIGIN")],
    "the same nextLink": [REPEATED, ALL, failed("ERR_GRAPH_INCOMPLETE")],
    "delta gone (410)": [GONE, ALL],
    "delta expired (400)": [EXPIRED, ALL],
    "429 in the batch": [() => ({ kind: "throttle", retryAfter: "2" }), ALL, failed("ERR_GRAPH_THROTTLED")],
    "no delta in a batch": [() => ({ kind: "refuseDeltaInBatch" }), ALL],
  } satisfies Record<string, [Kind, string, string?]>).map(
    ([fault, [kind, once, throughout = once]]): Case => [
      ...(["changes", fault, kind, { match: "/delta", full: false }, once, throughout] as const),
    ],
  ),
  ...casesOf("people who are new", { match: BATCH, level: "http", after: 1, full: false }, {}),
  ...Object.entries({
    "nextLink elsewhere": [FOREIGN, failed("ERR_GRAPH_ORIGIN")],
    "null properties": [NULLS, failed("ERR_GRAPH_INCOMPLETE")],
  } satisfies Record<string, [Kind, string]>).map(
    ([fault, [kind, once]]): Case => [
      ...(["people who are new", fault, kind, { match: "users?$filter=id in", full: false }, once, once] as const),
    ],
  ),
  ...casesOf("mailboxes", { match: BATCH, level: "http", after: 2, full: false }, {}, () => PENDING),
];

/** Real milliseconds that a request may take where none is answered. */
const SHORT = 15;

describe("a fault while reading", async () => {
  const whole = await undisturbed();
  const meet = async (kind: Kind, { full, ...where }: Case[3], times: number): Promise<[string, string]> => {
    const bench = await aboutToChange();
    const before = bench.look(readRows);
    bench.entra.simulator.faults.add({ ...kind(bench.entra), ...where, times });
    const { kind: name } = kind(bench.entra);
    const silent = name === "never" || name === "endless";
    const ended = await bench.cycle({ full, ...(silent ? { requestTimeout: SHORT } : {}) });
    bench.entra.simulator.faults.clear();
    const outcome = outcomeOf(bench, ended, before, whole);
    if (ended.error !== null) {
      expect(ended.error.message.length).toBeGreaterThan(20);
      expect(ended.error.hint.length).toBeGreaterThan(20);
    }
    return [outcome, await nextHeals(bench, whole)];
  };

  test.each(cases.map((row) => [`${row[0]}: ${row[1]}`, ...row] as const))(
    "%s",
    async (_, step, fault, kind, where, once, throughout) => {
      const [first, afterOnce] = await meet(kind, where, 1);
      const [always, afterAlways] = await meet(kind, where, 10_000);
      table.add(step, fault, first, always, afterOnce === afterAlways ? afterOnce : `${afterOnce}; ${afterAlways}`);
      expect({ once: first, throughout: always }).toEqual({ once, throughout });
      expect([afterOnce, afterAlways]).toEqual(["heals", "heals"]);
    },
  );

  const steps = new Map<string, Case[3]>();
  for (const [step, , , where] of cases) if (!steps.has(step)) steps.set(step, where);
  test.each([...steps])("%s: the agent is killed", async (step, { match = "", after, full }) => {
    const bench = await aboutToChange();
    const before = bench.look(readRows);
    await killedAt(bench, match, { after, full });
    const outcome = outcomeOf(bench, null, before, whole);
    const next = await nextHeals(bench, whole);
    table.add(step, "killed", outcome, "", next);
    expect([outcome, next]).toEqual(["killed, nothing done", "heals"]);
  });
});

/** What is done, and how it is taken back. */
const CHANGES: Readonly<Record<string, readonly [(entra: TestEntra) => void, (entra: TestEntra) => void, string]>> = {
  "a group renamed": [
    ({ tenant, groups }) => tenant.renameGroup(groups.Pro, "Pro 2027"),
    ({ tenant, groups }) => tenant.renameGroup(groups.Pro, "Pro"),
    failed("ERR_GROUP_NOT_FOUND"),
  ],
  "a group no member of the parent": [
    ({ tenant, groups }) => tenant.removeMember(groups.parent, groups.No_Licence),
    ({ tenant, groups }) => tenant.addMember(groups.parent, groups.No_Licence),
    failed("ERR_GROUP_NOT_FOUND"),
  ],
  "two groups of one name": [
    ({ tenant, groups }) => tenant.addMember(groups.parent, tenant.addGroup("Pro", { id: crypto.randomUUID() })),
    ({ tenant }) => {
      const twins = [...tenant.objects.values()].filter(({ properties }) => properties["displayName"] === "Pro");
      tenant.deleteGroup(twins.at(-1)?.id ?? "");
    },
    failed("ERR_GROUP_AMBIGUOUS"),
  ],
};

describe("rules that cannot be bound", async () => {
  const whole = await undisturbed();
  test.each(Object.entries(CHANGES))("%s", async (fault, [change, takeBack, expected]) => {
    const bench = await aboutToChange();
    const before = bench.look(readRows);
    change(bench.entra);
    const outcome = outcomeOf(bench, await bench.cycle(), before, whole);
    takeBack(bench.entra);
    const next = await nextHeals(bench, whole);
    table.add("binding the rules", fault, "", outcome, next);
    expect([outcome, next]).toEqual([expected, "heals"]);
  });
});

describe("a clock that is an hour off", async () => {
  const whole = await undisturbed();
  const HOUR = 3_600_000;
  test.each([
    ["an hour fast", HOUR],
    ["an hour slow", -HOUR],
  ])("%s: everything but the purge is done, and it is said", async (fault, skew) => {
    const bench = await aboutToChange();
    const ended = await bench.cycle({ skew });
    const outcome = outcomeOf(bench, ended, null, whole);
    expect(ended.warnings.join()).toContain("purges are suspended");
    expect(ended.record?.actions).toMatchObject({ revoke: 1, purge: 0 });
    const next = await nextHeals(bench, whole);
    table.add("this computer's clock", fault, "", outcome, next);
    expect([outcome, next]).toEqual(["exit 0, done but for 1 (unlicensed)", "heals"]);
  });

  test.each([
    ["an hour fast, certificate", HOUR],
    ["an hour slow, certificate", -HOUR],
  ])("%s: Entra refuses the signature, and the clock is named", async (fault, skew) => {
    const bench = await aboutToChange({ entra: { credential: "certificate" } });
    const before = bench.look(readRows);
    const outcome = outcomeOf(bench, await bench.cycle({ skew }), before, whole);
    const next = await nextHeals(bench, whole);
    table.add("this computer's clock", fault, "", outcome, next);
    expect([outcome, next]).toEqual([failed("ERR_CLOCK"), "heals"]);
  });
});
