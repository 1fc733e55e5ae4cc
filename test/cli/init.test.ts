import { beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { init } from "../../src/cli/init.ts";
import { rulesCheck, rulesSchema } from "../../src/cli/rules.ts";
import { rulesTest } from "../../src/cli/rules-test.ts";
import { loadHome } from "../../src/config/load.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { AgentError, EXIT } from "../../src/errors.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { answering, captureIo } from "./captured-io.ts";

let home: string;
beforeEach(() => {
  home = tempFolder();
});

const CLIENT = "aaaaaaaa-0000-4000-8000-000000000001";
const given = () => ({ home, name: "contoso", tenantId: "contoso.example", clientId: CLIENT });

async function failure(promise: Promise<unknown>): Promise<AgentError> {
  const thrown = await promise.then(
    () => null,
    (error) => error,
  );
  expect(thrown).toBeInstanceOf(AgentError);
  return thrown;
}

describe("init", () => {
  test("writes a home that has nothing to find fault with", async () => {
    const { io, stdout } = captureIo();
    await init(given(), io);
    const { config, rules, findings } = loadHome(home);
    expect(findings).toEqual([]);
    expect(rules?.files.map(({ path }) => path)).toEqual(["rules/secure-exchanges.yaml"]);
    expect(config?.tenants[0]).toMatchObject({
      name: "contoso",
      tenantId: "contoso.example",
      clientId: CLIENT,
      credential: { kind: "certificate", path: join(home, "keys/contoso.pem") },
      parentGroup: { name: "SecureExchanges_Licences" },
    });
    expect(config?.tenants[0]?.tiers.map(({ name }) => name)).toEqual(["Eco", "Advanced", "Pro", "No_Licence"]);
    expect(stdout()).toContain("tiersync cert new contoso");
  });

  test("points editors to schemas that are there", async () => {
    await init(given(), captureIo().io);
    for (const file of ["tiersync.yaml", "rules/secure-exchanges.yaml"]) {
      const [first = ""] = readFileSync(join(home, file), "utf8").split("\n");
      const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)$/.exec(first) ?? [];
      const document = JSON.parse(readFileSync(join(home, file, "..", schema), "utf8"));
      expect(document.type).toBe("object");
      expect(document.additionalProperties).toBe(false);
    }
  });

  test("takes a client secret by reference", async () => {
    await init({ ...given(), clientSecret: "env:CONTOSO_SECRET" }, captureIo().io);
    expect(loadHome(home).config?.tenants[0]?.credential).toEqual({
      kind: "secret",
      secret: { kind: "env", name: "CONTOSO_SECRET" },
    });
  });

  test.each(["true", "123", "1e5", "null"])("keeps a tenant's name %s a name", async (name) => {
    await init({ ...given(), name }, captureIo().io);
    expect(loadHome(home).config?.tenants[0]?.name).toBe(name);
  });

  test("asks for what is missing at a terminal", async () => {
    const prompter = answering(
      "contoso",
      "11111111-2222-3333-4444-555555555555",
      CLIENT,
      "clientSecret",
      "secret:contoso",
    );
    await init({ home }, captureIo({ prompter }).io);
    expect(prompter.questions).toHaveLength(5);
    expect(loadHome(home).config?.tenants[0]?.credential).toEqual({
      kind: "secret",
      secret: { kind: "secret", name: "contoso" },
    });
  });

  test.each([
    ["contoso.onmicrosoft.com", "contoso"],
    ["11111111-2222-3333-4444-555555555555", "main"],
  ])("gives the tenant %s a name where nobody can be asked", async (tenantId, name) => {
    await init({ home, tenantId, clientId: CLIENT }, captureIo().io);
    expect(loadHome(home).config?.tenants[0]).toMatchObject({ name, tenantId });
  });

  test("names the missing options where nobody can be asked", async () => {
    const error = await failure(init({ home, name: "contoso" }, captureIo().io));
    expect(error.code).toBe("ERR_USAGE");
    expect(error.message).toContain("--tenant-id, --client-id");
    expect(readdirSync(home)).toEqual([]);
  });

  test("names every wrong answer at once, repeats no secret, and writes nothing", async () => {
    const secret = crypto.randomUUID();
    const wrong = { home, name: "con toso", tenantId: "x", clientId: 'y"\n', clientSecret: secret };
    const error = await failure(init(wrong, captureIo().io));
    for (const flag of ["--name", "--tenant-id", "--client-id", "--client-secret"])
      expect(error.message).toContain(flag);
    expect(error.message).not.toContain(secret);
    expect(readdirSync(home)).toEqual([]);
  });

  test.each([
    ["name", "n".repeat(64)],
    ["name", "n".repeat(65)],
    ["name", "con.toso"],
    ["name", "é"],
    ["tenantId", "11111111-2222-3333-4444-55555555555A"],
    ["tenantId", "11111111-2222-3333-4444-5555555555555"],
    ["tenantId", "contoso.onmicrosoft.com"],
    ["tenantId", "contoso.com-"],
    ["tenantId", "contoso.c"],
    ["tenantId", `${"d".repeat(63)}.com`],
    ["tenantId", `${"d".repeat(64)}.com`],
    ["tenantId", `${"d.".repeat(126)}com`],
    ["tenantId", "common"],
    ["clientId", "AAAAAAAA-0000-4000-8000-000000000001"],
    ["clientId", "aaaaaaaa-0000-4000-8000-00000000000g"],
  ] as const)("takes as %s exactly what the schema takes: %s", async (key, value) => {
    const values = { ...given(), [key]: value };
    const { name, tenantId, clientId } = values;
    const tenant = { name, tenantId, clientId, credential: { clientSecret: "env:X" } };
    const text = JSON.stringify({ tenants: [tenant], tiers: { Pro: { seats: 1 } } });
    const { findings } = parseConfig({ path: "tiersync.yaml", text }, home);
    const refused = await init(values, captureIo().io).then(
      () => [],
      (error: AgentError) => [error.code],
    );
    expect(refused).toEqual(findings.some(({ path }) => path === `tenants[0].${key}`) ? ["ERR_USAGE"] : []);
  });

  test("never overwrites: lists what is there and writes nothing", async () => {
    mkdirSync(join(home, "rules"));
    writeFileSync(join(home, "rules", "secure-exchanges.yaml"), "mine");
    const error = await failure(init(given(), captureIo().io));
    expect(error.code).toBe("ERR_EXISTS");
    expect(error.message).toContain("rules/secure-exchanges.yaml");
    expect(readdirSync(home)).toEqual(["rules"]);
    expect(readFileSync(join(home, "rules", "secure-exchanges.yaml"), "utf8")).toBe("mine");
  });
});

describe("rules check", () => {
  test("finds nothing wrong with what init wrote", async () => {
    await init(given(), captureIo().io);
    const { io, json } = captureIo();
    expect(await rulesCheck({ home, json: true }, io)).toBe(EXIT.done);
    expect(json()).toEqual({ ok: true, files: 1, rules: 4, findings: [] });
  });

  test("names every fault with its place, and ends with exit code 2", async () => {
    await init(given(), captureIo().io);
    const file = join(home, "rules", "secure-exchanges.yaml");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace("priority: 30", "priorty: 30").replace("tier: Eco", "tier: Ecco"),
    );
    const { io, stdout } = captureIo();
    expect(await rulesCheck({ home }, io)).toBe(EXIT.usage);
    expect(stdout()).toMatch(
      /^error {2}rules\/secure-exchanges\.yaml:\d+:\d+ rules\[1\]\.priorty: .*did you mean "priority"/m,
    );
  });

  test("says that tiersync.yaml is missing", async () => {
    const { io, stdout } = captureIo();
    expect(await rulesCheck({ home }, io)).toBe(EXIT.usage);
    expect(stdout()).toContain("tiersync.yaml");
  });
});

describe("rules test", () => {
  test("passes with what init wrote", async () => {
    await init(given(), captureIo().io);
    const { io, stdout } = captureIo();
    expect(await rulesTest({ home }, io)).toBe(EXIT.done);
    expect(stdout()).toContain("3 passed, 0 failed");
  });

  test("shows what came out instead, where, and ends with exit code 1", async () => {
    await init(given(), captureIo().io);
    const file = join(home, "rules", "secure-exchanges.yaml");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace("department: Legal}, tier: Pro", "department: Legal}, tier: Eco"),
    );
    const { io, stdout } = captureIo();
    expect(await rulesTest({ home }, io)).toBe(EXIT.failed);
    expect(stdout()).toContain("FAIL  pro beats eco: expected Eco, got Pro in contoso (rule pro)");
    expect(stdout()).toMatch(/rules\/secure-exchanges\.yaml:\d+\n/);
  });

  test("refuses broken files with every error, and a tenant that does not exist with the nearest that does", async () => {
    await init(given(), captureIo().io);
    const unknown = await failure(rulesTest({ home, tenant: "contso" }, captureIo().io));
    expect(unknown.code).toBe("ERR_USAGE");
    expect(unknown.message).toContain('did you mean "contoso"');
    const file = join(home, "tiersync.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("schedule:", "shedule:").replace("fullSync:", "fulSync:"));
    const broken = await failure(rulesTest({ home }, captureIo().io));
    expect(broken.code).toBe("ERR_CONFIG");
    expect(broken.message.split("\n")).toHaveLength(2);
  });
});

test("rules schema brings the schemas up to date", async () => {
  await rulesSchema({ home }, captureIo().io);
  const file = join(home, "schemas", "rules.schema.json");
  const fresh = readFileSync(file, "utf8");
  writeFileSync(file, "{}");
  await rulesSchema({ home }, captureIo().io);
  expect(readFileSync(file, "utf8")).toBe(fresh);
});
