import { expect, test } from "bun:test";
import fc from "fast-check";
import { addPerson, createReader, setUpEntra, type TestEntra } from "../support/entra.ts";
import { createMemoryMirror } from "../support/memory-mirror.ts";

/** Steps name people and groups by number, taken modulo what there is. */
type Step =
  | { readonly do: "join" | "leave"; readonly person: number; readonly group: number }
  | { readonly do: "nest" | "unnest"; readonly group: number; readonly into: number }
  | { readonly do: "rename" | "delete" | "restore" | "purge" | "hire"; readonly person: number }
  | { readonly do: "renameGroup" | "dropGroup"; readonly group: number }
  | { readonly do: "cycle"; readonly twists: readonly Twist[]; readonly replay: number };

type Twist =
  | "deltaDuplicate"
  | "deltaReverse"
  | "deltaRawOperations"
  | "deltaGone"
  | "emptyPage"
  | "refuseDeltaInBatch";

// Few people and groups: histories that meet are the interesting ones.
const number = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("join", "leave"), person: number, group: number }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("nest", "unnest"), group: number, into: number }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("rename", "delete", "restore", "purge", "hire"), person: number }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("renameGroup", "dropGroup"), group: number }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("cycle" as const),
      twists: fc.uniqueArray(
        fc.oneof(
          { weight: 8, arbitrary: fc.constantFrom<Twist>("deltaDuplicate", "deltaReverse", "deltaRawOperations") },
          { weight: 3, arbitrary: fc.constantFrom<Twist>("emptyPage", "refuseDeltaInBatch") },
          { weight: 1, arbitrary: fc.constant<Twist>("deltaGone") },
        ),
        { maxLength: 3 },
      ),
      replay: fc.oneof(fc.constant(0), fc.nat({ max: 20 })),
    }),
  },
);

interface World {
  readonly entra: TestEntra;
  readonly people: string[];
  /** Tier groups first, then groups that may be nested anywhere. */
  readonly groups: string[];
  readonly fixed: number;
  /** Deleted since the last cycle. */
  readonly deletedUnseen: Set<string>;
  /** Deleted in a stretch of changes that was lost: if they come back, the daily full read finds them, changes cannot. */
  readonly lost: Set<string>;
}

function play(world: World, step: Step, index: number): void {
  const { tenant } = world.entra;
  const personOf = (n: number): string => world.people[n % world.people.length] ?? "";
  const groupOf = (n: number): string => world.groups[n % world.groups.length] ?? "";
  const alive = (id: string): boolean => tenant.find(id) !== null;
  switch (step.do) {
    case "join":
      if (alive(personOf(step.person)) && alive(groupOf(step.group)))
        tenant.addMember(groupOf(step.group), personOf(step.person));
      break;
    case "leave":
      if (alive(personOf(step.person))) tenant.removeMember(groupOf(step.group), personOf(step.person));
      break;
    case "nest":
      if (alive(groupOf(step.group)) && alive(groupOf(step.into)))
        tenant.addMember(groupOf(step.into), groupOf(step.group));
      break;
    case "unnest":
      tenant.removeMember(groupOf(step.into), groupOf(step.group));
      break;
    case "rename":
      if (alive(personOf(step.person))) tenant.updateUser(personOf(step.person), { displayName: `Renamed ${index}` });
      break;
    case "delete":
      if (alive(personOf(step.person))) {
        world.deletedUnseen.add(personOf(step.person));
        tenant.deleteUser(personOf(step.person));
      }
      break;
    case "restore":
      if (world.lost.has(personOf(step.person))) break;
      if (tenant.objects.has(personOf(step.person)) && !alive(personOf(step.person))) {
        tenant.restoreUser(personOf(step.person));
      }
      break;
    case "purge":
      if (tenant.objects.has(personOf(step.person))) tenant.purgeUser(personOf(step.person));
      break;
    case "hire":
      world.people.push(
        addPerson(world.entra, `Hired ${index}`, ...world.groups.filter((id) => alive(id)).slice(0, 1)),
      );
      break;
    case "renameGroup":
      if (alive(groupOf(step.group))) tenant.renameGroup(groupOf(step.group), `Group ${index}`);
      break;
    case "dropGroup":
      // The first tier group stays, so that something is left to read.
      if (step.group % world.groups.length >= world.fixed && alive(groupOf(step.group)))
        tenant.deleteGroup(groupOf(step.group));
      break;
    case "cycle":
      break;
  }
}

test("any history, read by delta with replays and disorder, ends in what a full read sees", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 40, size: "max" }),
      fc.boolean(),
      async (steps, reported) => {
        const entra = setUpEntra({ simulator: { pageSizes: { delta: 3, memberSlice: 4 } }, credential: "secret" });
        entra.tenant.reportsDeletedNestedGroups = reported;
        const teams = [entra.tenant.addGroup("Team 1"), entra.tenant.addGroup("Team 2")];
        const { Pro, No_Licence } = entra.groups;
        const world: World = {
          entra,
          people: [],
          groups: [Pro, No_Licence, ...teams],
          fixed: 1,
          deletedUnseen: new Set(),
          lost: new Set(),
        };
        for (let n = 0; n < 4; n += 1) world.people.push(addPerson(entra, `Person ${n}`, world.groups[n] ?? Pro));
        const mirror = createMemoryMirror();
        const { read } = createReader(entra);
        await read(mirror);
        for (const [index, step] of steps.entries()) {
          entra.clock.advance(1_000);
          play(world, step, index);
          if (step.do !== "cycle") continue;
          for (const kind of step.twists) {
            // A lost token is told once; what is opened afresh then is good.
            entra.simulator.faults.add({ kind, match: "/delta", times: kind === "deltaGone" ? 1 : 2 });
          }
          if (step.replay > 0)
            entra.simulator.faults.add({ kind: "deltaReplay", changes: step.replay, match: "/delta", times: 2 });
          await read(mirror);
          entra.simulator.faults.clear();
          if (step.twists.includes("deltaGone")) for (const id of world.deletedUnseen) world.lost.add(id);
          world.deletedUnseen.clear();
        }
        await read(mirror);
        const whole = createMemoryMirror();
        await createReader(entra).read(whole);
        expect(mirror.snapshot()).toEqual(whole.snapshot());
        expect(mirror.roles()).toEqual(whole.roles());
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);
