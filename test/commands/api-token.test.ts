/** The token of the status API, as the command line uses it. */
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openHome } from "../support/home.ts";
import { startTestAgent } from "../support/running-agent.ts";

describe("status", () => {
  test("shows its token where reading needs one", async () => {
    const home = openHome();
    home.rewrite((text) => text.replace("status: {port: 0}", "status: {port: 0, protectReads: true}"));
    home.person("Ana", ["Pro"]);
    await startTestAgent(home);
    expect((await home.run("status")).out).toContain("contoso");
    expect((await home.run("status", "--json")).json.tenants).toHaveLength(1);
  });

  test.if(process.platform !== "win32")("says what is wrong with a token that it may not use", async () => {
    const home = openHome();
    home.rewrite((text) => text.replace("status: {port: 0}", "status: {port: 0, protectReads: true}"));
    await startTestAgent(home);
    const token = join(home.home, "keys", "api.token");
    chmodSync(token, 0o644);
    const { code, error } = await home.run("status", "--json");
    expect(code).toBe(1);
    expect(error).toMatchObject({ code: "ERR_SECRET", hint: `chmod 600 '${token}'` });
  });

  test("is given a new token when the old one was deleted", async () => {
    const home = openHome();
    home.rewrite((text) => text.replace("status: {port: 0}", "status: {port: 0, protectReads: true}"));
    const { port } = await startTestAgent(home);
    const file = join(home.home, "keys", "api.token");
    const old = readFileSync(file, "utf8").trim();
    rmSync(file);
    expect(await home.run("status")).toMatchObject({ code: 0 });
    expect(readFileSync(file, "utf8").trim()).not.toBe(old);
    rmSync(file);
    const headers = { Authorization: `Bearer ${old}` };
    const refused = await fetch(`http://127.0.0.1:${port}/sync`, { method: "POST", headers });
    expect(refused.status).toBe(401);
    expect(await home.run("sync", "--json")).toMatchObject({ code: 0, json: { cycles: [{ trigger: "api" }] } });
  });
});

describe("beside a running agent", () => {
  test("whose token may not be used `sync` and `holds approve` are exit code 4, and say why", async () => {
    const home = openHome();
    await startTestAgent(home);
    const token = join(home.home, "keys", "api.token");
    const ask = async (): Promise<void> => {
      for (const argv of [["sync"], ["holds", "approve", "0123456789"], ["holds", "reject", "0123456789"]]) {
        const { code, error } = await home.run(...argv, "--json");
        expect({ argv, code, error }).toMatchObject({
          ...{ argv, code: 4 },
          error: {
            code: "ERR_LOCKED",
            message: expect.stringContaining("cannot be asked: "),
            hint: expect.stringContaining("api.token"),
          },
        });
      }
    };
    renameSync(token, `${token}.kept`);
    mkdirSync(token);
    await ask();
    if (process.platform === "win32") return;
    rmdirSync(token);
    renameSync(`${token}.kept`, token);
    chmodSync(token, 0o644);
    await ask();
  });
});
