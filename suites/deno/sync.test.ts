/** Cycles against the simulated tenant, and the commands that show what came of them. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { CycleRecord } from "../../src/model/cycle.ts";
import type { CheckResult, HoldView, PersonExplanation, PersonView, TenantPlanView } from "../../src/model/views.ts";
import { openHome, succeeded } from "./home.ts";

type Cycles = { readonly cycles: readonly CycleRecord[] };

test("check finds nothing wrong with a home that is ready", async () => {
  await using home = await openHome();
  const { ok, checks } = (await succeeded(home.run("check", "--json"))).json<{ ok: boolean; checks: CheckResult[] }>();
  assert.ok(ok);
  assert.deepEqual(
    checks.filter(({ level }) => level === "fail"),
    [],
  );
});

test("check says what is wrong, how to mend it, and ends with exit code 1", async () => {
  await using home = await openHome();
  home.tenant.renameGroup(home.groups.get("Pro") ?? "", "Professional");
  const { code, out } = await home.run("check", "--json");
  assert.equal(code, 1);
  const failed = (JSON.parse(out) as { checks: CheckResult[] }).checks.filter(({ level }) => level === "fail");
  assert.ok(failed.some(({ message, hint }) => message.includes("Pro") && hint !== null));
});

test("plan changes nothing; sync gives seats, and the next cycle finds nothing to do in two requests", async () => {
  await using home = await openHome();
  home.edit("tiersync.yaml", "{seats: 10}", "{seats: 1}");
  home.person("Ana Pro", "Pro");
  home.person("Björn Pro", "Pro");
  home.person("Cem Eco", "Eco");
  const planned = (await succeeded(home.run("plan", "--json"))).json<{ tenants: TenantPlanView[] }>();
  const kinds = planned.tenants[0]?.actions.map(({ kind }) => kind) ?? [];
  assert.deepEqual(kinds.toSorted(), ["assign", "assign", "create", "create", "create", "wait"]);
  assert.deepEqual((await home.run("export", "--json")).json<{ items: [] }>().items, []);

  const first = (await succeeded(home.run("sync", "--json"))).json<Cycles>().cycles[0];
  assert.equal(first?.kind, "initial");
  assert.equal(first?.outcome, "succeeded");
  assert.deepEqual([first?.actions.create, first?.actions.assign, first?.actions.wait], [3, 2, 1]);
  const idle = (await succeeded(home.run("sync", "--json"))).json<Cycles>().cycles[0];
  assert.equal(idle?.kind, "incremental");
  assert.ok((idle?.requests.graph ?? 99) <= 2);
  assert.deepEqual(new Set(Object.values(idle?.actions ?? {})), new Set([0]));
});

test("explain tells the rule and the groups, export lists everybody as CSV and as JSON", async () => {
  await using home = await openHome();
  const ana = home.person("Ána Pro", "Pro", "Eco");
  await succeeded(home.run("sync"));
  const told = (await succeeded(home.run("explain", ana, "--json"))).json<PersonExplanation>();
  assert.equal(told.tier, "Pro");
  assert.deepEqual(told.groups, ["Eco", "Pro"]);
  assert.deepEqual(
    told.rules.map(({ outcome }) => outcome),
    ["no match", "won", "no match", "lost"],
  );
  const { items } = (await succeeded(home.run("export", "--json"))).json<{ items: PersonView[] }>();
  assert.deepEqual(
    items.map(({ displayName, tier }) => [displayName, tier]),
    [["Ána Pro", "Pro"]],
  );
  const csv = (await succeeded(home.run("export"))).out;
  assert.match(csv, /^id,tenant,address,displayName,/);
  assert.match(csv, /,Ána Pro,licensed,/);
  assert.equal((await home.run("explain", "nobody@contoso.example")).code, 1);
});

test("too much at once is held with exit code 3 until a person approves it", async () => {
  await using home = await openHome();
  const people = Array.from({ length: 10 }, (_, i) => home.person(`Person ${i}`, "Eco"));
  await succeeded(home.run("sync"));
  for (const person of people.slice(0, 5)) home.move(person, "Eco", "No_Licence");
  const held = await home.run("sync", "--json");
  assert.equal(held.code, 3);
  assert.deepEqual(held.json<Cycles>().cycles[0]?.held, { revoke: 5 });
  const [hold] = (await succeeded(home.run("holds", "--json"))).json<{ items: HoldView[] }>().items;
  assert.deepEqual(hold?.kinds, { revoke: 5 });
  await succeeded(home.run("holds", "approve", hold?.id ?? ""));
  const { items } = (await home.run("export", "--json")).json<{ items: PersonView[] }>();
  assert.equal(items.filter(({ state }) => state === "unlicensed").length, 5);
});

test("when Entra cannot be reached the cycle fails with exit code 1, and nobody loses anything", async () => {
  await using home = await openHome();
  home.person("Ana Pro", "Pro");
  await succeeded(home.run("sync"));
  const before = (await home.run("export", "--json")).out;
  for (const what of ["authority", "graph"]) {
    home.edit("tiersync.yaml", `${what}: "http://127.0.0.1`, `${what}: "http://127.0.0.2`); // nobody listens there
  }
  const { code, out } = await home.run("sync", "--json");
  assert.equal(code, 1);
  assert.equal((JSON.parse(out) as Cycles).cycles[0]?.error?.code, "ERR_TOKEN");
  assert.equal((await home.run("export", "--json")).out, before);
});

test("backup writes a whole database and never over another file", async () => {
  await using home = await openHome();
  home.person("Ana Pro", "Pro");
  await succeeded(home.run("sync"));
  const copy = join(home.path, "copy.db");
  await succeeded(home.run("backup", copy));
  assert.equal(readFileSync(copy).subarray(0, 15).toString(), "SQLite format 3");
  assert.match((await home.run("backup", copy)).err, /ERR_EXISTS/);
});

test("a key that others can read is refused, with the command that mends it", async () => {
  await using home = await openHome();
  const key = join(home.path, "keys", "contoso.pem");
  chmodSync(key, 0o644);
  const { code, out } = await home.run("sync", "--json");
  assert.equal(code, 1);
  const [cycle] = (JSON.parse(out) as Cycles).cycles;
  assert.equal(cycle?.error?.code, "ERR_SECRET");
  assert.match(cycle?.error?.hint ?? "", /chmod 600 '.*contoso\.pem'/);
  chmodSync(key, 0o600);
  await succeeded(home.run("sync"));
});
