/** Groups that are renamed between their being named by a list and their changes being tracked. */
import { expect, test } from "bun:test";
import { addPerson, createReader, expectAsReadWhole, setUpEntra, type TestEntra } from "../support/entra.ts";
import { createMemoryMirror } from "../support/memory-mirror.ts";

/** Called before the changes of this group are opened. */
function beforeOpening(entra: TestEntra, group: string, act: () => void) {
  const fetch: TestEntra["fetch"] = async (url, init) => {
    if (url.includes("/groups/delta?") && url.includes("latest") && decodeURIComponent(url).includes(group)) act();
    return await entra.fetch(url, init);
  };
  return createReader(entra, { fetch });
}

function swap({ tenant, groups: { Pro, Eco } }: TestEntra): void {
  tenant.renameGroup(Pro, "Between");
  tenant.renameGroup(Eco, "Pro");
  tenant.renameGroup(Pro, "Eco");
}

test.each([true, false])(
  "two that swap their names in a full read (cut there: %p) have their new ones",
  async (cut) => {
    const entra = setUpEntra();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    let done = false;
    const mirror = createMemoryMirror();
    const { read } = beforeOpening(entra, entra.groups.Pro, () => {
      if (done) return;
      done = true;
      swap(entra);
      if (cut) entra.simulator.faults.add({ kind: "throttle", retryAfter: "3600", match: "/groups/delta" });
    });
    const first = read(mirror, { deadline: entra.clock.now() + 240_000 }).catch((error) => error);
    if (cut) expect(await first).toMatchObject({ code: "ERR_GRAPH_THROTTLED" });
    await first;
    await read(mirror);
    expect(mirror.snapshot()[ana]?.groups).toContain("Eco");
    await expectAsReadWhole(entra, mirror);
  },
);

test("one that is renamed as it comes into scope has its new name", async () => {
  const entra = setUpEntra();
  const team = entra.tenant.addGroup("Team");
  const mirror = createMemoryMirror();
  await createReader(entra).read(mirror);
  entra.tenant.addMember(entra.groups.Pro, team);
  const { read } = beforeOpening(entra, team, () => entra.tenant.renameGroup(team, "Crew"));
  expect((await read(mirror)).kind).toBe("changes");
  expect(mirror.roles()).toMatchObject({ Crew: "nested" });
  await read(mirror);
  await expectAsReadWhole(entra, mirror);
});

test("a parent that is renamed away after it was found fails the cycle, and nothing is published", async () => {
  const entra = setUpEntra();
  const mirror = createMemoryMirror();
  const { read } = beforeOpening(entra, entra.groups.parent, () =>
    entra.tenant.renameGroup(entra.groups.parent, "Something else"),
  );
  expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GROUP_NOT_FOUND" });
  expect(mirror.published).toEqual({ full: 0, changes: 0 });
});
