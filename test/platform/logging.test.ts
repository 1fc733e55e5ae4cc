import { beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";
import { childLogger } from "../../src/log.ts";
import { createLogging, type LoggingOptions } from "../../src/platform/logging.ts";
import { tempFolder } from "../support/temp-folder.ts";

let home: string;
beforeEach(() => {
  home = tempFolder();
});

function logged(act: (logging: ReturnType<typeof createLogging>) => void, options: Partial<LoggingOptions> = {}) {
  let stderr = "";
  const writeStderr = (text: string) => {
    stderr += text;
  };
  const base = { home, level: "debug", maxSize: 1e6, maxFiles: 3, stderr: "json", stderrLevel: "debug" } as const;
  const logging = createLogging({ ...base, writeStderr, ...options });
  act(logging);
  logging.dispose();
  const file = options.home === null ? "" : readFileSync(join(home, "logs", "tiersync.log"), "utf8");
  const lines = file
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line || "{}"));
  return { file, lines, stderr };
}

describe("a log line", () => {
  test("names its room and carries the properties of its context", () => {
    const { lines } = logged((logging) => {
      const log = childLogger(logging.logger("cycle"), { cycle: "c1", tenant: "contoso" });
      log.info("cycle ended with {outcome}", { outcome: "held", tenant: "fabrikam" });
    });
    expect(lines[0]).toMatchObject({
      level: "INFO",
      logger: "tiersync.cycle",
      properties: { cycle: "c1", tenant: "fabrikam", outcome: "held" },
    });
    expect(lines[0].message).toContain("held");
  });

  test("keeps braces that a server wrote", () => {
    const message = 'Graph said {"error":{"code":"x"}} and {unknown}';
    const { lines } = logged((logging) => logging.logger("entra").warn(message));
    expect(lines[0].message).toBe(message);
  });

  test("is left out below the level", () => {
    const { lines, stderr } = logged(
      (logging) => {
        logging.logger("entra").debug("request");
        logging.logger("entra").info("told");
      },
      { level: "info", stderrLevel: "warn" },
    );
    expect(lines.map((line) => line.message)).toEqual(["told"]);
    expect(stderr).toBe("");
  });

  test("is readable at a terminal and cannot move its cursor", () => {
    const { stderr } = logged((logging) => logging.logger("plan").warn("name {name}", { name: "a\u001b[2Jb\u202e" }), {
      stderr: "human",
    });
    expect(stderr).toMatch(/^\d\d:\d\d:\d\d warning plan: name a/);
    expect(stderr).not.toContain("\u001b");
    expect(stderr).not.toContain("\u202e");
  });
});

describe("no sink shows", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const secret = crypto.randomUUID().replaceAll("-", "");

  test.each([
    ["a secret under a telling name", { clientSecret: secret, nested: { password: secret, token: secret } }, ""],
    ["a secret named in a placeholder", { accessToken: secret }, "token {accessToken}"],
    ["a form body", {}, `body grant_type=x&client_secret=${secret}&client_assertion=${secret}`],
    ["a JSON body", {}, `{"access_token":"${secret}"}`],
    ["a bearer token", {}, `Authorization: Bearer ${secret}`],
    ["a proxy password", {}, `through http://agent:${secret}@proxy:8080`],
    ["an error's text", { error: new Error(`password=${secret}`) }, "failed"],
  ])("%s", (_, properties, message) => {
    const { file, stderr } = logged((logging) => logging.logger("entra").error(message, properties));
    expect(file).not.toContain(secret);
    expect(stderr).not.toContain(secret);
    expect(file).toContain("redacted");
    expect(() => JSON.parse(stderr)).not.toThrow();
  });

  test("a signed token or a private key anywhere", async () => {
    const jwt = await new SignJWT({ roles: ["x"] }).setProtectedHeader({ alg: "PS256" }).sign(privateKey);
    const { file, stderr } = logged((logging) => {
      logging.logger("entra").error(`got ${jwt}`, { detail: pem, list: [jwt] });
    });
    for (const text of [file, stderr]) {
      expect(text).not.toContain(jwt.split(".")[2] as string);
      expect(text).not.toContain(pem.split("\n")[3] as string);
      expect(() => JSON.parse(text)).not.toThrow();
    }
  });
});

test("the log files are bounded in size and in number", () => {
  logged(
    (logging) => {
      const log = logging.logger("cycle");
      for (let index = 0; index < 100; index += 1) log.info("x".repeat(200));
    },
    { maxSize: 2000, maxFiles: 3, stderr: "off" },
  );
  const files = readdirSync(join(home, "logs"));
  expect(files.sort()).toEqual(["tiersync.log", "tiersync.log.1", "tiersync.log.2"]);
  for (const file of files) expect(statSync(join(home, "logs", file)).size).toBeLessThanOrEqual(2000);
});

describe("the system's event log", () => {
  function reported(act: (logging: ReturnType<typeof createLogging>) => void) {
    const told: string[] = [];
    const events = {
      report: (level: string, text: string) => void told.push(`${level} ${text}`),
      close: () => void told.push("closed"),
    };
    logged(act, { events, stderr: "off" });
    return told;
  }

  test("gets errors, and cycles that held something or failed, and nothing else", () => {
    const told = reported((logging) => {
      const log = childLogger(logging.logger("cycle"), { tenant: "contoso" });
      log.info("cycle {outcome}", { outcome: "succeeded" });
      log.info("cycle {outcome}", { outcome: "held" });
      log.info("cycle {outcome}", { outcome: "failed" });
      log.warn("a seat is short");
      logging.logger("store").error("the disk is full");
    });
    expect(told).toEqual([
      "warning cycle of contoso: cycle held",
      "error cycle of contoso: cycle failed",
      "error store: the disk is full",
      "closed",
    ]);
  });

  test("gets no secret", () => {
    const told = reported((logging) => logging.logger("x").error("no: {token}", { token: "very-secret-value" }));
    expect(told.join()).not.toContain("very-secret-value");
  });
});
