import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { DecidedPerson, SettledAction } from "../../src/cycle/store-ports.ts";
import type { Action, ActionKind } from "../../src/model/action.ts";
import { PERSON_STATES, type PersonState } from "../../src/model/person.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";

const PEOPLE = 8;
const AT = 1_800_000_000_000;

function open(): { database: Database; store: ReturnType<typeof openTenantStore> } {
  const database = openDatabase(":memory:");
  const store = openTenantStore(database, "contoso", "d1");
  for (let key = 1; key <= PEOPLE; key += 1) {
    database.run("INSERT INTO person (id, tenant, object_id, properties) VALUES (?, 1, ?, '{}')", key, `u${key}`);
  }
  return { database, store };
}

/** What one plan can have for one person. */
const COURSES: readonly (readonly ActionKind[])[] = [
  ["create", "assign"],
  ["create", "wait"],
  ["adopt", "update", "assign"],
  ["adopt", "revoke"],
  ["update", "change"],
  ["update", "wait"],
  ["release"],
  ["revoke"],
  ["change"],
];

function settled(kind: ActionKind, person: number, decided: DecidedPerson | null = null): SettledAction {
  const from = kind === "revoke" || kind === "change" ? "Eco" : null;
  const to = kind === "assign" || kind === "change" || kind === "wait" ? "Pro" : null;
  const action: Action = { kind, user: `u${person}`, person, address: null, from, to, reason: "" };
  return { action, failure: null, approved: false, decided, at: AT };
}

describe("the event log", () => {
  test("has what was done for each person, in the order in which it was done", () => {
    const courses = fc.array(fc.record({ course: fc.constantFrom(...COURSES), rotate: fc.nat(5) }), {
      maxLength: PEOPLE,
    });
    fc.assert(
      fc.property(courses, (people) => {
        const { database, store } = open();
        const cycle = store.journal.begin({ trigger: "cli", kind: "incremental" });
        cycle.record(people.flatMap(({ course }, index) => course.map((kind) => settled(kind, index + 1))));
        const rows = database.all("SELECT person, type, tier, at FROM event ORDER BY id");
        for (const [index, { course }] of people.entries()) {
          const own = rows.filter((row) => row["person"] === index + 1);
          expect(own.map((row) => row["type"])).toEqual(course.map((kind) => EVENT[kind]));
          for (const { at, type, tier } of own) {
            expect(at).toBe(AT);
            if (type === "revoked") expect(tier).toBe("Eco");
            if (type === "assigned" || type === "changed" || type === "waiting") expect(tier).toBe("Pro");
          }
        }
        expect(rows).toHaveLength(people.reduce((sum, { course }) => sum + course.length, 0));
        database.close();
      }),
    );
  });

  test("has nothing of what was refused", () => {
    const { database, store } = open();
    const failure = { code: "ERR_TARGET_REFUSED", message: "no", attempts: 1, nextTryAt: 0 };
    const cycle = store.journal.begin({ trigger: "cli", kind: "incremental" });
    cycle.record([settled("create", 1), { ...settled("create", 2), failure }]);
    expect(database.all("SELECT person, type FROM event")).toEqual([{ person: 1, type: "created" }]);
  });
});

const EVENT: Readonly<Record<ActionKind, string>> = {
  ...{ create: "created", adopt: "adopted", assign: "assigned", change: "changed", wait: "waiting" },
  ...{ update: "updated", revoke: "revoked", purge: "purged", release: "released" },
};

describe("decisions", () => {
  const rule = { name: "pro", file: "rules/a.yaml", line: 3 };
  const groups = [[], ["Pro"], ["Eco", "Pro"]];
  const decided: fc.Arbitrary<DecidedPerson> = fc.record({
    person: fc.integer({ min: 1, max: PEOPLE }),
    decision: fc.record({
      state: fc.constantFrom<PersonState>(...PERSON_STATES),
      reason: fc.constantFrom("rule pro", "left"),
      since: fc.constantFrom(1, 2),
      queue: fc.option(fc.record({ tier: fc.constant("Pro"), since: fc.constantFrom(1, 2) })),
      clearSince: fc.option(fc.constant(5)),
      purgeAt: fc.option(fc.constantFrom(7, 8)),
      wanted: fc.option(fc.constantFrom("Pro", "Eco")),
      rule: fc.option(fc.constant(rule)),
    }),
    address: fc.option(fc.constantFrom("ana@x.example", "BEN@x.example")),
    claimed: fc.boolean(),
    groups: fc.constantFrom(...groups),
    failure: fc.option(
      fc.record({ code: fc.constant("E"), message: fc.constant("m"), attempts: fc.nat(3), nextTryAt: fc.nat() }),
    ),
  });
  const batch = fc.uniqueArray(decided, { selector: ({ person }) => person, maxLength: PEOPLE });

  test("are the same written together as one by one, over what was there", () => {
    fc.assert(
      fc.property(batch, batch, (first, second) => {
        const [together, single] = [open(), open()];
        for (const decisions of [first, second]) {
          together.store.people.decide(decisions);
          for (const one of decisions) single.store.people.decide([one]);
        }
        const rows = (database: Database) => database.all("SELECT * FROM decision ORDER BY person");
        expect(rows(together.database)).toEqual(rows(single.database));
        for (const { person, decision, address, claimed } of second) {
          const row = together.database.get("SELECT * FROM decision WHERE person=?", person);
          expect(row).toMatchObject({ state: decision.state, reason: decision.reason, since: decision.since });
          if (address !== null) expect(row?.["address"]).toBe(claimed ? null : address);
          if (address !== null) expect(row?.["address_key"]).toBe(claimed ? null : address.toLowerCase());
          const kept = first.find((one) => one.person === person);
          if (address === null && kept?.address != null && !kept.claimed) expect(row?.["address"]).toBe(kept.address);
        }
        together.database.close();
        single.database.close();
      }),
      { numRuns: 300 },
    );
  });
});

describe("what counts against the brakes", () => {
  const DAY = 24 * 60 * 60 * 1000;
  const revoke = (person: number, at: number): SettledAction => ({ ...settled("revoke", person), at });

  test("is what was done within 24 h by the directory's clock, whatever this computer's says", () => {
    const { database, store } = open();
    for (const [person, at] of [
      [1, AT - DAY - 1],
      [2, AT - DAY + 1],
      [3, AT],
    ] as const) {
      store.journal.begin({ trigger: "cli", kind: "incremental" }).record([revoke(person, at)]);
    }
    for (const wrong of [0, AT - 30 * DAY, AT + 30 * DAY]) {
      database.run("UPDATE cycle SET started_at=?", wrong);
      expect(store.journal.recent(AT)).toMatchObject({ revoke: 2 });
    }
  });
});
