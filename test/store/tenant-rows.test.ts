import { expect, test } from "bun:test";
import fc from "fast-check";
import { openDatabase } from "../../src/store/database.ts";
import { type ConfiguredTenant, settleTenants } from "../../src/store/tenant-rows.ts";
import { atEnd } from "../support/clean-up.ts";

const NAMES = ["a", "b", "c", "d"];
const DIRECTORIES = ["x", "y", "z"];

function database() {
  const opened = openDatabase(":memory:");
  atEnd(() => opened.close());
  return opened;
}

const tenants = (text: string): ConfiguredTenant[] =>
  text.split(" ").map((pair) => {
    const [name = "", directory = ""] = pair.split("@");
    return { name, directory };
  });

test.each([
  ["as they were", "a@x b@y", "a@x b@y", { a: "a", b: "b" }],
  ["one renamed", "a@x b@y", "c@x b@y", { c: "a", b: "b" }],
  ["one renamed, and its name given to a new one", "a@x", "old@x a@y", { old: "a" }],
  ["in whatever order they stand", "a@x", "a@y old@x", { old: "a" }],
  ["names exchanged", "a@x b@y", "a@y b@x", { a: "b", b: "a" }],
  ["names passed on in a circle", "a@x b@y c@z", "b@x c@y a@z", { b: "a", c: "b", a: "c" }],
  ["another directory under a known name", "a@x", "a@y", { a: "a" }],
  ["one gone, and its name another's", "a@x b@y", "a@y", { a: "b" }],
  ["two of one directory, one renamed", "a@x b@x", "c@x b@x", { c: "a", b: "b" }],
  ["upper and lower case of the directory", "a@X", "b@x", { b: "a" }],
])("rows stay whose they are: %s", (_, before, after, expected) => {
  const opened = database();
  const first = settleTenants(opened, tenants(before));
  const then = settleTenants(opened, tenants(after));
  for (const [name, was] of Object.entries(expected)) expect(then.get(name)).toBe(first.get(was) as number);
  const known = new Set(first.values());
  for (const [name, key] of then) expect(known.has(key)).toBe(name in expected);
});

test("a database that is only read stays as it is, and its tenants are found under their new names", () => {
  const opened = database();
  const first = settleTenants(opened, tenants("a@x"));
  const then = settleTenants({ ...opened, readOnly: true }, tenants("b@x a@y"));
  expect([...then]).toEqual([["b", first.get("a") as number]]);
  expect(opened.all("SELECT name FROM tenant")).toEqual([{ name: "a" }]);
});

test("whatever the edits, every tenant has one row, its directory is right, and one whose directory was there keeps it", () => {
  const edit = fc.uniqueArray(
    fc.record({ name: fc.constantFrom(...NAMES), directory: fc.constantFrom(...DIRECTORIES) }),
    {
      minLength: 1,
      selector: ({ name }) => name,
    },
  );
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const opened = database();
      for (const configured of edits) {
        const before = new Set(opened.all("SELECT directory FROM tenant").map((row) => row["directory"]));
        const rows = Number(opened.get("SELECT count(*) AS n FROM tenant")?.["n"]);
        const keys = settleTenants(opened, configured);
        expect(new Set(keys.values()).size).toBe(configured.length);
        for (const { name, directory } of configured) {
          expect(opened.get("SELECT name, directory FROM tenant WHERE id=?", keys.get(name) as number)).toEqual({
            name,
            directory,
          });
        }
        const added = Number(opened.get("SELECT count(*) AS n FROM tenant")?.["n"]) - rows;
        const strange = configured.filter(({ directory }) => !before.has(directory)).length;
        const shared = configured.length - new Set(configured.map(({ directory }) => directory)).size;
        expect(added).toBeLessThanOrEqual(strange + shared);
        expect(settleTenants(opened, configured)).toEqual(keys);
      }
    }),
  );
});
