import { beforeEach, describe, expect, test } from "bun:test";
import { createHash, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certNew, certShow } from "../../src/cli/cert.ts";
import { readCertificate } from "../../src/entra/certificate.ts";
import { AgentError, EXIT } from "../../src/errors.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { captureIo } from "./captured-io.ts";

let home: string;
beforeEach(() => {
  home = tempFolder();
});

const small = () => ({ home, bits: "2048", days: 365 }) as const;

async function failure(promise: Promise<unknown>): Promise<AgentError> {
  const thrown = await promise.then(
    () => null,
    (error) => error,
  );
  expect(thrown).toBeInstanceOf(AgentError);
  return thrown;
}

describe("cert new", () => {
  test("writes a key file that the agent can use and a certificate to upload, and says what to do next", async () => {
    const { io, stdout } = captureIo();
    await certNew(small(), io, "contoso");
    const pem = readFileSync(join(home, "keys/contoso.pem"), "utf8");
    const uploaded = new X509Certificate(readFileSync(join(home, "keys/contoso.crt")));
    const { certificate, key } = readCertificate(pem);
    expect(uploaded.raw.equals(certificate.raw)).toBe(true);
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
    const thumbprint = (algorithm: string) => createHash(algorithm).update(uploaded.raw).digest("hex").toUpperCase();
    expect(stdout()).toContain(thumbprint("sha1"));
    expect(stdout()).toContain(thumbprint("sha256"));
    expect(stdout()).toContain("upload keys/contoso.crt");
    expect(stdout()).toContain("certificate: keys/contoso.pem");
  });

  test("puts no private key where it is uploaded or printed", async () => {
    const { io, stdout, stderr } = captureIo();
    await certNew(small(), io, "contoso");
    const upload = readFileSync(join(home, "keys/contoso.crt"), "utf8");
    for (const text of [upload, stdout(), stderr()]) expect(text).not.toContain("PRIVATE KEY");
  });

  test.if(process.platform !== "win32")("keeps the key to its owner", async () => {
    await certNew(small(), captureIo().io, "contoso");
    expect(statSync(join(home, "keys/contoso.pem")).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, "keys")).mode & 0o777).toBe(0o700);
  });

  test("never overwrites", async () => {
    await certNew(small(), captureIo().io, "contoso");
    const before = readFileSync(join(home, "keys/contoso.pem"), "utf8");
    const error = await failure(certNew(small(), captureIo().io, "contoso"));
    expect(error.code).toBe("ERR_EXISTS");
    expect(readFileSync(join(home, "keys/contoso.pem"), "utf8")).toBe(before);
  });

  test.each(["../contoso", "a b", "", "a/b"])("refuses %p as a name", async (name) => {
    const error = await failure(certNew(small(), captureIo().io, name));
    expect(error.code).toBe("ERR_USAGE");
    expect(readdirSync(home)).toEqual([]);
  });
});

describe("cert show", () => {
  test("lists thumbprints, expiry and days left of every certificate in keys/", async () => {
    await certNew({ ...small(), days: 30 }, captureIo().io, "fabrikam");
    await certNew(small(), captureIo().io, "contoso");
    const { io, json } = captureIo();
    await certShow({ home, json: true }, io);
    const items = json()["items"] as Record<string, unknown>[];
    expect(items.map(({ name, keyFile }) => [name, keyFile])).toEqual([
      ["contoso", "keys/contoso.pem"],
      ["fabrikam", "keys/fabrikam.pem"],
    ]);
    const { sha1, expiresAt } = readCertificate(readFileSync(join(home, "keys/fabrikam.pem"), "utf8"));
    expect(items[1]).toMatchObject({ thumbprint: sha1, expiresAt: new Date(expiresAt).toISOString(), daysLeft: 29 });
  });

  test("shows who uses a certificate, wherever it lies", async () => {
    await certNew(small(), captureIo().io, "contoso");
    const yaml = (file: string) =>
      `tenants: [{name: contoso, tenantId: contoso.example, clientId: aaaaaaaa-0000-4000-8000-000000000001, credential: {certificate: ${file}}, tiers: {Pro: {seats: 1}}}]\n`;
    writeFileSync(join(home, "tiersync.yaml"), yaml("keys/contoso.pem"));
    const used = captureIo();
    await certShow({ home }, used.io);
    expect(used.stdout()).toContain("used by      contoso");

    writeFileSync(join(home, "tiersync.yaml"), yaml("elsewhere.pem"));
    renameSync(join(home, "keys/contoso.pem"), join(home, "elsewhere.pem"));
    const moved = captureIo();
    await certShow({ home, json: true }, moved.io);
    expect(moved.json()["items"]).toMatchObject([
      { name: "elsewhere", keyFile: "elsewhere.pem", tenants: ["contoso"] },
    ]);
  });

  test("shows the others when one cannot be read, and ends with exit code 1", async () => {
    await certNew(small(), captureIo().io, "contoso");
    writeFileSync(join(home, "keys/broken.pem"), "nothing", { mode: 0o600 });
    const { io, json } = captureIo();
    expect(await certShow({ home, json: true }, io)).toBe(EXIT.failed);
    expect(json()["items"]).toMatchObject([
      { name: "broken", error: { code: "ERR_CREDENTIAL" } },
      { name: "contoso", daysLeft: 364 },
    ]);
  });

  test("says which there are when one is not found", async () => {
    await certNew(small(), captureIo().io, "contoso");
    const error = await failure(certShow({ home }, captureIo().io, "fabrikam"));
    expect(error.code).toBe("ERR_NOT_FOUND");
    expect(error.hint).toContain("contoso.pem");
  });
});
