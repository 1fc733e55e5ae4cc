/** The rules of the house: who may import whom (`support/rooms.ts`), what stays out of where, and what to do instead. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { Glob } from "bun";
import { INSTEAD, MAY_IMPORT, PURE } from "./support/rooms.ts";

const ROOT = join(import.meta.dir, "..");

interface Ban {
  readonly name: string;
  readonly pattern: RegExp;
  readonly instead: string;
}

const PURE_BANS: readonly Ban[] = [
  { name: "clock", pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b/, instead: "take `now` as an argument" },
  {
    name: "randomness",
    pattern: /\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b|\brandomBytes\b/,
    instead: "take ids as an argument",
  },
  { name: "network", pattern: /\bfetch\(|\bWebSocket\b/, instead: "do it in an adapter and pass the result" },
  { name: "process", pattern: /\bprocess\.|\bconsole\./, instead: "return the value and let the shell act on it" },
  {
    name: "timers",
    pattern: /\bset(Timeout|Interval|Immediate)\(/,
    instead: "return what is due and let cycle/schedule wait",
  },
];

const RUNTIME_RULE = "only platform says Bun or Deno";
const RUNTIME_INSTEAD = "use a Web or node: API, or put it behind a function of src/platform/";

const MAX_LINES = 300;

interface Source {
  /** Relative to src/, with `/`. */
  readonly path: string;
  readonly text: string;
}

interface Hit {
  readonly rule: string;
  readonly where: string;
  readonly instead: string;
}

const roomOf = (path: string): string => path.split("/")[0] ?? path;

const IMPORT = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)"([^"\s]+)"/gm;
const NOISE = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;
const COMMENTS = /\/\*[\s\S]*?\*\/|(?<!["'`:\w])\/\/[^\n]*/g;

function importHits({ path, text }: Source): Hit[] {
  const room = roomOf(path);
  const allowed = MAY_IMPORT[room];
  if (allowed === undefined) {
    return [{ rule: "known rooms", where: path, instead: "put it into a room of the table, or add the room to it" }];
  }
  const hits: Hit[] = [];
  for (const [, specifier = ""] of text.replace(COMMENTS, "").matchAll(IMPORT)) {
    const where = `${path} imports ${specifier}`;
    if (room !== "platform" && /^bun(:|$)/.test(specifier)) {
      hits.push({ rule: RUNTIME_RULE, where, instead: RUNTIME_INSTEAD });
    }
    if (!specifier.startsWith(".")) {
      const pure = PURE[room];
      if (pure === undefined || pure.includes(specifier)) continue;
      hits.push({ rule: `${room} is pure`, where, instead: INSTEAD[room] ?? "" });
      continue;
    }
    const target = posix.normalize(posix.join(posix.dirname(path), specifier));
    const fine =
      target.startsWith("../") || // package.json, rules/: data; the next rule looks at code
      roomOf(target) === room ||
      (allowed.includes("*")
        ? !["cli", "main.ts"].includes(roomOf(target))
        : allowed.some((entry) => entry === target || entry === roomOf(target)));
    if (!fine) hits.push({ rule: `${room} may not import ${roomOf(target)}`, where, instead: INSTEAD[room] ?? "" });
    if (/^\.\.\/(test|bench|scripts)\//.test(target)) {
      hits.push({ rule: "the product does not import tests", where, instead: "move what both need into src/" });
    }
  }
  return hits;
}

function contentHits({ path, text }: Source): Hit[] {
  const room = roomOf(path);
  const code = text.replace(NOISE, '""');
  const hits: Hit[] = [];
  if (PURE[room] !== undefined) {
    for (const { name, pattern, instead } of PURE_BANS) {
      if (pattern.test(code)) hits.push({ rule: `no ${name} in ${room}`, where: path, instead });
    }
  }
  if (room !== "platform" && /\b(Bun|Deno)\./.test(code)) {
    hits.push({ rule: RUNTIME_RULE, where: path, instead: RUNTIME_INSTEAD });
  }
  if (/^export default\b/m.test(code))
    hits.push({ rule: "named exports", where: path, instead: "export it by its name" });
  if (/^export (\*|(type )?\{[^}]*\}) from/m.test(code)) {
    hits.push({ rule: "no barrels", where: path, instead: "import from the file that defines it" });
  }
  return hits;
}

function shapeHits({ path, text }: Source): Hit[] {
  const hits: Hit[] = [];
  for (const part of path.replace(/(\.d)?\.ts$/, "").split("/")) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)) {
      hits.push({ rule: "kebab-case names", where: path, instead: "name it after its main export, like-this.ts" });
    }
    if (["utils", "util", "helpers", "helper", "lib", "common", "misc", "index"].includes(part)) {
      hits.push({ rule: "no drawers", where: path, instead: "name it after what it does" });
    }
  }
  const lines = text.split("\n").length - 1;
  if (lines > MAX_LINES) {
    hits.push({
      rule: `at most ${MAX_LINES} lines`,
      where: `${path} has ${lines}`,
      instead: "split it: one job per file",
    });
  }
  return hits;
}

const check = (source: Source): Hit[] => [...importHits(source), ...contentHits(source), ...shapeHits(source)];
const told = (hits: readonly Hit[]): string[] =>
  hits.map(({ rule, where, instead }) => `${rule}: ${where} → ${instead}`);

function sources(): Source[] {
  const paths = [...new Glob("**/*.ts").scanSync(join(ROOT, "src"))].map((path) => path.replaceAll("\\", "/")).sort();
  return paths.map((path) => ({ path, text: readFileSync(join(ROOT, "src", path), "utf8") }));
}

describe("src/", () => {
  const all = sources();

  test("has been read", () => {
    expect(all.length).toBeGreaterThan(40);
  });

  test.each([...new Set(all.map(({ path }) => roomOf(path)))])("%s keeps the rules of the house", (room) => {
    expect(told(all.filter(({ path }) => roomOf(path) === room).flatMap(check))).toEqual([]);
  });
});

describe("the rules catch", () => {
  test.each([
    [
      "an adapter that imports another",
      "entra/a.ts",
      'import { x } from "../store/database.ts";',
      "entra may not import store",
    ],
    [
      "a lazy import across rooms",
      "cycle/a.ts",
      'const m = await import("../entra/source.ts");',
      "cycle may not import entra",
    ],
    [
      "a re-export across rooms",
      "notify/a.ts",
      'export { x } from "../status/app.ts";',
      "notify may not import status",
    ],
    [
      "behaviour of the plan in an adapter",
      "store/a.ts",
      'import { makePlan } from "../plan/make-plan.ts";',
      "store may not import plan",
    ],
    [
      "an adapter in a command",
      "cli/a.ts",
      'import { openDatabase } from "../store/database.ts";',
      "cli may not import store",
    ],
    ["the command line in the agent", "agent.ts", 'import { x } from "./cli/io.ts";', "agent.ts may not import cli"],
    ["files in a pure room", "plan/a.ts", 'import { readFileSync } from "node:fs";', "plan is pure"],
    [
      "a test in the product",
      "cli/a.ts",
      'import { x } from "../../test/support/x.ts";',
      "the product does not import tests",
    ],
    ["the clock in a pure room", "rules/a.ts", "const now = new Date();", "no clock in rules"],
    ["randomness in a pure room", "plan/a.ts", "const id = crypto.randomUUID();", "no randomness in plan"],
    ["network in a pure room", "model/a.ts", "await fetch(url);", "no network in model"],
    ["the environment in a pure room", "model/a.ts", "process.env.HOME;", "no process in model"],
    ["a runtime's API", "store/a.ts", 'const file = Bun.file("x");', RUNTIME_RULE],
    ["a runtime's module", "store/a.ts", 'import { Database } from "bun:sqlite";', RUNTIME_RULE],
    ["a default export", "model/a.ts", "export default 1;", "named exports"],
    ["a barrel", "model/a.ts", 'export * from "./tier.ts";', "no barrels"],
    ["a drawer", "model/utils.ts", "", "no drawers"],
    ["camel case", "model/tierUsage.ts", "", "kebab-case names"],
    ["an unknown room", "services/a.ts", "", "known rooms"],
    ["a long file", "model/a.ts", "\n".repeat(MAX_LINES + 1), `at most ${MAX_LINES} lines`],
  ])("%s", (_, path, text, rule) => {
    expect(check({ path, text }).map((hit) => hit.rule)).toContain(rule);
  });

  test.each([
    ["a date made from a number", "plan/a.ts", "const day = new Date(now);"],
    ["a word in a comment", "plan/a.ts", "// Date.now() is not allowed here; Bun. neither"],
    ["types of the contract", "store/a.ts", 'import type { Plan } from "../plan/types.ts";'],
    ["a runtime's name in a text", "cli/a.ts", 'const text = "runs on Bun. And Deno.";'],
    ["a lazy import that is allowed", "cli/a.ts", 'const { openAgent } = await import("../agent.ts");'],
  ])("but not %s", (_, path, text) => {
    expect(told(check({ path, text }))).toEqual([]);
  });
});

const EXPORTED = /^export (?:async )?(?:function\*?|const|class) (\w+)/gm;

/** Exports of a file that none of the others, which import it by its name, mentions. */
function unusedExports({ path, text }: Source, others: readonly Source[]): string[] {
  const importers = others.filter((other) => other.path !== path && other.text.includes(`/${basename(path)}"`));
  const names = [...text.matchAll(EXPORTED)].map(([, name = ""]) => name);
  return names
    .filter((name) => !importers.some((other) => new RegExp(`\\b${name}\\b`).test(other.text.replace(COMMENTS, ""))))
    .map((name) => `${path} exports ${name} to nobody → drop \`export\`, or the whole of it`);
}

describe("what src/ exports", () => {
  test("is imported by some other file", () => {
    const all = ["src", "test", "suites", "bench", "scripts"].flatMap((folder) =>
      [...new Glob("**/*.ts").scanSync(join(ROOT, folder))].map(
        (path): Source => ({
          path: posix.join(folder, path.replaceAll("\\", "/")),
          text: readFileSync(join(ROOT, folder, path), "utf8"),
        }),
      ),
    );
    const ours = all.filter(({ path }) => path.startsWith("src/"));
    const unused = ours.flatMap((source) => unusedExports(source, all));
    expect(unused).toEqual([]);
  });

  test("is missed where only a comment or a file that does not import it mentions it", () => {
    const source = { path: "src/a/one.ts", text: "export const found = 1;\nexport function lost() {}" };
    const other = { path: "src/b/two.ts", text: '// lost\nimport { found } from "../a/one.ts";' };
    const stranger = { path: "src/b/three.ts", text: "const lost = 1;" };
    expect(unusedExports(source, [source, other, stranger])).toEqual([
      "src/a/one.ts exports lost to nobody → drop `export`, or the whole of it",
    ]);
  });
});

test("test files are named after what they test", () => {
  const tests = [...new Glob("**/*.ts").scanSync(join(ROOT, "test"))].map((path) => basename(path));
  expect(tests.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?(\.test)?\.ts$/.test(name))).toEqual([]);
});

test("modules that tests share have no hooks: those would hold in the first test file only; use `atEnd` of support/clean-up.ts", () => {
  const shared = [...new Glob("**/*.ts").scanSync(join(ROOT, "test"))].filter((path) => !path.endsWith(".test.ts"));
  const hooked = shared.filter((path) =>
    /^(before|after)(Each|All)\(/m.test(readFileSync(join(ROOT, "test", path), "utf8")),
  );
  expect(hooked).toEqual([join("support", "clean-up.ts")]);
});
