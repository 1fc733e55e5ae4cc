/** One event of each kind, and an outbox to put them in. */

import type { MessageQueue, Outbox } from "../../src/cycle/message-ports.ts";
import type { Ongoing } from "../../src/cycle/notices.ts";
import type { Notice, NoticeData, NoticeKind, NoticeOf } from "../../src/model/notice.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createOutbox } from "../../src/store/outbox.ts";

const ADA = { id: "aaaaaaaa-0000-4000-8000-000000000001", address: "ada@contoso.example", displayName: "Ada Lovelace" };

export const SAMPLES: { readonly [K in NoticeKind]: NoticeOf<K> } = {
  "seats.exhausted": {
    kind: "seats.exhausted",
    tier: "Pro",
    seats: 10,
    used: 10,
    waiting: 3,
    person: ADA,
    since: "2026-03-01T08:05:00.000Z",
    keeps: "Eco",
  },
  "seats.low": { kind: "seats.low", tier: "Pro", seats: 10, used: 9, free: 1, warnBelow: 2 },
  "hold.formed": {
    kind: "hold.formed",
    hold: "0f1e2d3c4b",
    guard: "revoke",
    reason: "40 revokes in 24 h exceed the limit of 25",
    kinds: { revoke: 39, purge: 1 },
    since: "2026-03-01T08:05:00.000Z",
    expiresAt: "2026-03-02T08:05:00.000Z",
    actions: [
      { kind: "revoke", user: ADA.id, address: ADA.address, from: "Pro", to: null },
      { kind: "purge", user: ADA.id, address: null, from: null, to: null },
    ],
  },
  "cycle.failing": {
    kind: "cycle.failing",
    first: "c1",
    since: "2026-03-01T08:05:00.000Z",
    failures: 3,
    error: { code: "ERR_TOKEN_REFUSED", message: "AADSTS7000222: the secret has expired", hint: "renew the secret" },
  },
  "cycle.recovered": {
    kind: "cycle.recovered",
    first: "c1",
    since: "2026-03-01T08:05:00.000Z",
    until: "2026-03-01T09:10:00.000Z",
    failures: 13,
  },
  "config.broken": { kind: "config.broken", findings: ["tiersync.yaml:12:5 tiers: is missing"], errors: 2 },
  "credential.expiring": {
    kind: "credential.expiring",
    credential: "certificate",
    thumbprint: "AB12",
    expiresAt: "2026-03-31T00:00:00.000Z",
    daysLeft: 30,
  },
  "purge.coming": { kind: "purge.coming", person: ADA, tier: "No_Licence", purgeAt: "2026-03-02T08:05:00.000Z" },
  "purge.done": { kind: "purge.done", person: ADA, at: "2026-03-02T08:05:00.000Z" },
  conflict: {
    kind: "conflict",
    person: ADA,
    reason:
      "rules pro (rules/a.yaml:6) and eco (rules/a.yaml:8) have equal priority and name different tiers; nothing is done",
    since: "2026-03-01T08:05:00.000Z",
  },
  "released.many": { kind: "released.many", cycle: "c1", released: 30, managed: 120 },
  "licence.contested": { kind: "licence.contested", person: ADA, wanted: "Pro", found: null, times: 3 },
  "accounts.manual": {
    kind: "accounts.manual",
    action: "revoke",
    person: ADA,
    tier: "Pro",
    by: "CONTOSO\\root",
    at: "2026-03-01T08:05:00.000Z",
  },
};

export function notice(key: string, data: NoticeData = SAMPLES["seats.low"], topic: string = data.kind): Notice {
  return { key, topic, data };
}

/** Somebody of this name began to wait for a seat. */
export function waits(displayName: string, key = displayName): Notice {
  const data = { ...SAMPLES["seats.exhausted"], person: { ...ADA, displayName } };
  return notice(key, data, "seats.exhausted/Pro");
}

export function newOutbox(): Outbox & MessageQueue {
  return createOutbox(openDatabase(":memory:"), 1);
}

/** A clock that stands still until it is moved. */
export function testClock(start = Date.UTC(2026, 2, 1, 12)) {
  let time = start;
  return {
    now: () => time,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly properties: Record<string, unknown> | undefined;
}

export function recordingLogger() {
  const lines: LogLine[] = [];
  const at = (level: string) => (message: string, properties?: Record<string, unknown>) => {
    lines.push({ level, message, properties });
  };
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Conditions as the outbox keeps them. */
export function conditions(now: () => number): Ongoing {
  const since = new Map<string, number>();
  return (topic, holds) => {
    if (!holds) since.delete(topic);
    else if (!since.has(topic)) since.set(topic, now());
    return since.get(topic) ?? null;
  };
}
