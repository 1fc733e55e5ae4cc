import { describe, expect, test } from "bun:test";
import {
  addPerson,
  createReader,
  expectAsReadWhole,
  ORIGIN,
  readOnce,
  SCOPE,
  setUpEntra,
  type TestEntra,
} from "../support/entra.ts";
import { createMemoryMirror, type MemoryMirror } from "../support/memory-mirror.ts";

describe("delta read, when something is wrong", () => {
  const resets: readonly [string, Parameters<TestEntra["simulator"]["faults"]["add"]>[0]][] = [
    ["410 Gone", { kind: "deltaGone", match: "/delta" }],
    ["400 syncStateNotFound", { kind: "deltaExpired", match: "/delta" }],
    ["404 resyncRequired", { kind: "deltaExpired", match: "/delta", status: 404, code: "ResyncRequired" }],
    ["any 400 twice in a row", { kind: "status", status: 400, code: "BadRequest", match: "/users/delta", times: 3 }],
  ];
  test.each(resets)("%s leads to a full read in the same cycle", async (_, fault) => {
    const { entra, mirror, read } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    entra.simulator.faults.add(fault);
    expect((await read(mirror)).kind).toBe("full");
    expect(mirror.snapshot()).toHaveProperty(ana);
    expect((await read(mirror)).kind).toBe("changes");
  });

  test("a delta token of more than a week ago leads to a full read", async () => {
    const { entra, mirror, read } = await readOnce();
    entra.clock.advance(8 * 86_400_000);
    expect((await read(mirror)).kind).toBe("full");
    expect((await read(mirror)).kind).toBe("changes");
  });

  test("another scope or other properties lead to a full read", async () => {
    const { mirror, read } = await readOnce();
    const scope = { ...SCOPE, properties: [...SCOPE.properties, "department"] };
    expect((await read(mirror, { scope })).kind).toBe("full");
    expect((await read(mirror, { scope })).kind).toBe("changes");
  });

  test("more changes than may be kept in memory are read whole", async () => {
    const entra = setUpEntra({ limits: { changes: 10 } });
    const { mirror, read } = await readOnce(() => {}, entra);
    for (let n = 0; n < 11; n += 1) addPerson(entra, `P${n}`, entra.groups.Eco);
    expect((await read(mirror)).kind).toBe("full");
    expect(Object.keys(mirror.snapshot())).toHaveLength(11);
  });

  test("a failure on the way leaves mirror and cursor as they were, and the change comes with the next cycle", async () => {
    const { entra, mirror, read } = await readOnce();
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    const before = mirror.cursor?.value;
    entra.simulator.faults.add({ kind: "cut", match: "/$batch" });
    expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GRAPH_INCOMPLETE" });
    expect(mirror.cursor?.value).toBe(before ?? "");
    await read(mirror);
    expect(mirror.snapshot()).toHaveProperty(ana);
  });

  test("somebody of whom changes give nothing but null fails the cycle, and stays as they were", async () => {
    const entra = setUpEntra();
    entra.simulator.faults.add({ kind: "refuseDeltaInBatch", times: 1_000 });
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    let armed = false;
    const fetch: typeof entra.fetch = async (input, init) => {
      const response = await entra.fetch(input, init);
      if (!armed || !input.includes("/users/delta?")) return response;
      const nothing = Object.fromEntries(SCOPE.properties.map((name) => [name, null]));
      return Response.json({ ...((await response.json()) as object), value: [{ ...nothing, id: ana }] });
    };
    const mirror = createMemoryMirror();
    const { read } = createReader(entra, { fetch });
    await read(mirror);
    const before = mirror.snapshot();
    armed = true;
    expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GRAPH_INCOMPLETE" });
    expect(mirror.snapshot()).toEqual(before);
  });

  test("a token that is refused says nothing about delta in a batch", async () => {
    const { entra, mirror, read, counting } = await readOnce();
    entra.clock.advance(2 * 3_600_000);
    entra.simulator.faults.add({ kind: "aadsts", code: 700016 });
    expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_CREDENTIAL" });
    await read(mirror);
    expect(await counting(() => read(mirror))).toBe(1);
  });

  test("a delta link that leads elsewhere is refused", async () => {
    const { entra, mirror, read } = await readOnce();
    entra.simulator.faults.add({
      kind: "foreignNextLink",
      match: "/groups/delta",
      origin: "https://graph.evil.example",
    });
    expect(await read(mirror).catch((error) => error)).toMatchObject({ code: "ERR_GRAPH_ORIGIN" });
  });

  test("a throttled item of the batch is asked again after its own Retry-After", async () => {
    const { entra, mirror, read, counting } = await readOnce();
    entra.simulator.faults.add({ kind: "throttle", retryAfter: "7", match: "/users/delta", level: "batch" });
    expect(await counting(() => read(mirror))).toBe(2);
    expect(entra.waits).toEqual([7_000]);
  });

  test("changes that happen while a full read runs are in the mirror when it ends", async () => {
    const entra = setUpEntra();
    const ana = addPerson(entra, "Ana", entra.groups.Eco);
    const mirror = createMemoryMirror();
    let moved = false;
    const fetch: typeof entra.fetch = async (input, init) => {
      const response = await entra.fetch(input, init);
      if (!moved && input.includes(`${entra.groups.No_Licence}/members`)) {
        moved = true;
        entra.tenant.removeMember(entra.groups.Eco, ana);
        entra.tenant.addMember(entra.groups.Pro, ana);
      }
      return response;
    };
    await createReader(entra, { fetch }).read(mirror);
    expect(moved).toBeTrue();
    await expectAsReadWhole(entra, mirror);
  });

  /** The stored places in the changes of users answer with this from now on; fresh places are good. */
  function poisoned(entra: TestEntra, mirror: MemoryMirror, answer: () => Response) {
    const bad: string = JSON.parse(mirror.cursor?.value ?? "").users;
    entra.simulator.faults.add({ kind: "refuseDeltaInBatch", times: 1_000 });
    const fetch: TestEntra["fetch"] = async (url, init) =>
      url.endsWith(bad) ? answer() : await entra.fetch(url, init);
    return createReader(entra, { fetch });
  }

  const CIRCLE = `${ORIGIN}/v1.0`;
  const places: readonly [string, (bad: string) => Response][] = [
    ["names the same page for ever", (bad) => Response.json({ value: [{ id: "x" }], "@odata.nextLink": CIRCLE + bad })],
    ["gives no list", () => Response.json({})],
    ["gives a proxy's page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["gives half an entry", () => Response.json({ value: [{ displayName: "Ana" }] })],
    ["fails", () => Response.json({ error: { code: "generalException" } }, { status: 500 })],
    ["is not supported any more", () => Response.json({ error: { code: "NotImplemented" } }, { status: 501 })],
  ];
  test.each(places)("a place in the changes that %s does not keep everything from being read", async (_, answer) => {
    for (const full of [true, false]) {
      const { entra, mirror } = await readOnce();
      const ana = addPerson(entra, "Ana", entra.groups.Pro);
      const bad: string = JSON.parse(mirror.cursor?.value ?? "").users;
      const { read } = poisoned(entra, mirror, () => answer(bad));
      const failed: unknown[] = [];
      while (!full && failed.length < 3) failed.push(await read(mirror).catch((error: { code: string }) => error.code));
      expect(new Set(failed).isSubsetOf(new Set(["ERR_GRAPH_INCOMPLETE", "ERR_GRAPH_REFUSED"]))).toBeTrue();
      expect((await read(mirror, { full })).kind).toBe("full");
      expect(mirror.snapshot()).toHaveProperty(ana);
      expect((await read(mirror)).kind).toBe("changes");
    }
  });

  test("more pages of changes, of strangers too, than a cycle has time for are passed over by a full read", async () => {
    const entra = setUpEntra({ simulator: { pageSizes: { delta: 1 } }, limits: { deltaPages: 20 } });
    const { mirror, read } = await readOnce(() => {}, entra);
    for (let n = 0; n < 50; n += 1) addPerson(entra, `Stranger ${n}`);
    const ana = addPerson(entra, "Ana", entra.groups.Pro);
    entra.simulator.log.reset();
    expect((await read(mirror)).kind).toBe("full");
    expect(mirror.snapshot()).toHaveProperty(ana);
    expect(entra.simulator.log.count("/users/delta")).toBeLessThan(50);
    expect((await read(mirror)).kind).toBe("changes");
  });
});
