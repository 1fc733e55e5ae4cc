/**
 * What the API answers, as valibot schemas: `/openapi.json` is made from them. Each is held to its type in `model/`, so a field
 * that a view gains has to be described here. Open objects: readers must accept fields that later versions add.
 */
import * as v from "valibot";
import { ACTION_KINDS } from "../model/action.ts";
import { CYCLE_STEPS, type CycleRecord } from "../model/cycle.ts";
import { PERSON_STATES } from "../model/person.ts";
import type { TierUsage } from "../model/tier.ts";
import type { RuleRef } from "../model/verdict.ts";
import type { EventView, HoldView, PersonExplanation, PersonView, StatusView } from "../model/views.ts";
import type { CycleEvent } from "./console.ts";
import type { Problem } from "./problem.ts";

/** The schema as it is, once the compiler has seen that it describes a `T`. */
const describes =
  <T>() =>
  <S extends v.GenericSchema<T>>(schema: S): S =>
    schema;

const text = v.string();
const maybeText = v.nullable(text);
const time = v.pipe(text, v.isoTimestamp(), v.description("ISO 8601, UTC"));
const maybeTime = v.nullable(time);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const maybeCount = v.nullable(count);
const tierHeld = v.pipe(maybeText, v.description("The tier held now; null: nothing"));
const tierWanted = v.pipe(
  maybeText,
  v.description("Tier of the winning rule, No_Licence included; null: no rule matches"),
);
const kindCounts = v.object(v.entriesFromList(ACTION_KINDS, v.exactOptional(count)));

export const problemSchema = describes<Omit<Problem, "code">>()(
  v.object({
    type: v.literal("about:blank"),
    title: text,
    status: count,
    detail: text,
    code: v.pipe(text, v.startsWith("ERR_"), v.description("Stable; the README's table has them all")),
    hint: v.pipe(text, v.description("What to do")),
  }),
);

export const healthSchema = v.object({ healthy: v.boolean(), version: text, startedAt: time });

export const readinessSchema = v.object({
  ready: v.boolean(),
  reason: text,
  tenants: v.array(v.object({ name: text, ready: v.boolean(), reason: text })),
});

const ruleSchema = describes<RuleRef>()(v.object({ name: text, file: text, line: count }));

export const seatsSchema = describes<TierUsage>()(
  v.object({
    name: text,
    seats: v.pipe(count, v.description("Seats bought")),
    used: v.pipe(count, v.description("Every holder at the target, unmanaged ones too")),
    free: count,
    overdraft: v.pipe(count, v.description("Seats used beyond those bought")),
    waiting: count,
  }),
);

const personFields = {
  id: v.pipe(text, v.description("Entra object id")),
  tenant: text,
  address: maybeText,
  displayName: maybeText,
  state: v.picklist(PERSON_STATES),
  reason: text,
  tier: tierHeld,
  wanted: tierWanted,
  rule: v.nullable(ruleSchema),
  groups: v.array(text),
  since: v.pipe(time, v.description("Since when in this state; waiting: in the queue")),
  purgeAt: v.pipe(maybeTime, v.description("When the event logs will be deleted for good")),
  position: v.pipe(maybeCount, v.description("Place in the queue, from 1; null: not waiting")),
  targetId: v.pipe(maybeText, v.description("The account's id at the target; null: no account")),
  zombie: v.pipe(v.boolean(), v.description("Holds a seat although gone: deleted in Entra, or in no group in scope")),
};
export const personSchema = describes<PersonView>()(v.object(personFields));

export const eventSchema = describes<EventView>()(
  v.object({ at: time, type: text, tier: maybeText, cycle: v.pipe(maybeText, v.description("Id of the cycle")) }),
);

export const explanationSchema = describes<PersonExplanation>()(
  v.object({
    ...personFields,
    rules: v.array(
      v.object({
        rule: ruleSchema,
        tier: text,
        priority: v.number(),
        outcome: v.picklist(["won", "lost", "no match", "not in force", "skipped", "unknown"]),
        why: text,
        paths: v.pipe(v.array(v.array(text)), v.description("Groups from the one named down to the person's own")),
      }),
    ),
    decisions: v.array(eventSchema),
    seat: v.nullable(seatsSchema),
  }),
);

export const cycleSchema = describes<CycleRecord>()(
  v.object({
    id: text,
    tenant: text,
    kind: v.picklist(["initial", "incremental", "full"]),
    trigger: v.picklist(["schedule", "api", "cli", "startup"]),
    startedAt: time,
    finishedAt: v.pipe(maybeTime, v.description("Null while it runs, like durationMs and outcome")),
    durationMs: v.nullable(v.pipe(v.number(), v.minValue(0))),
    outcome: v.nullable(v.picklist(["succeeded", "held", "failed"])),
    requests: v.object({ token: count, graph: v.pipe(count, v.description("A $batch counts as 1")), target: count }),
    actions: v.pipe(v.object(v.entriesFromList(ACTION_KINDS, count)), v.description("Applied")),
    held: kindCounts,
    failures: v.array(v.object({ user: text, code: text, message: text })),
    error: v.nullable(v.object({ code: text, message: text, hint: text })),
  }),
);

const holdFields = { id: text, kinds: kindCounts, since: time, expiresAt: time };

export const holdSchema = describes<HoldView>()(
  v.object({
    ...holdFields,
    tenant: text,
    actions: v.array(
      v.object({
        kind: v.picklist(ACTION_KINDS),
        user: v.pipe(text, v.description("Entra object id")),
        address: maybeText,
        from: maybeText,
        to: maybeText,
        reason: text,
      }),
    ),
  }),
);

export const statusSchema = describes<StatusView>()(
  v.object({
    version: text,
    state: v.picklist(["idle", "syncing", "held", "failing"]),
    startedAt: time,
    schedule: v.object({
      cron: text,
      nextRun: v.pipe(maybeTime, v.description("When the next scheduled cycle of any tenant begins; null: never")),
    }),
    rules: v.object({
      files: count,
      rules: count,
      loadedAt: time,
      errors: v.array(
        v.object({
          level: v.picklist(["error", "warning"]),
          file: text,
          line: count,
          column: count,
          path: text,
          message: text,
        }),
      ),
    }),
    tenants: v.array(
      v.object({
        name: text,
        credential: v.nullable(
          v.object({
            kind: v.picklist(["certificate", "secret"]),
            thumbprint: maybeText,
            expiresAt: maybeTime,
            daysLeft: v.nullable(v.pipe(v.number(), v.integer())),
          }),
        ),
        tiers: v.array(seatsSchema),
        users: v.object(v.entriesFromList(PERSON_STATES, count)),
        lastCycle: v.nullable(cycleSchema),
        nextRun: v.pipe(maybeTime, v.description("When its next scheduled cycle begins; null: never")),
        slowedDown: v.pipe(
          v.nullable(v.object({ failures: count, leftOut: count })),
          v.description(
            "Failures in a row that only a person can mend, and scheduled cycles that are left out; null: none is",
          ),
        ),
        holds: v.array(v.object(holdFields)),
        zombies: v.pipe(
          v.array(v.object({ id: text, address: maybeText, tier: text, since: time })),
          v.description("Seats of people who are gone, oldest first; at most 100"),
        ),
        zombieSeats: v.pipe(count, v.description("All of them")),
      }),
    ),
    warnings: v.array(text),
  }),
);

export const startedSchema = v.object({
  id: v.pipe(text, v.description("The first of the cycles")),
  cycles: v.array(v.object({ id: text, tenant: text })),
});

export const stepSchema = describes<Omit<Extract<CycleEvent, { type: "step" }>, "type">>()(
  v.object({ cycle: text, tenant: text, step: v.picklist(CYCLE_STEPS), done: maybeCount, total: maybeCount }),
);

/** `{"items": [...], "next": cursor|null}` */
export function pageOf<S extends v.GenericSchema>(item: S) {
  return v.object({
    items: v.array(item),
    next: v.pipe(maybeText, v.description("Pass as `after`; null: the last page")),
  });
}
