/** A home folder as a user makes it, with `init` and `cert new`, for a simulated tenant that this process serves. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveLoopback } from "../../src/platform/serve.ts";
import { createSimulator, type Simulator } from "../../src/simulator/app.ts";
import { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { type Outcome, type Program, programIn, type Running } from "./program.ts";

const TENANT_ID = "11111111-2222-3333-4444-555555555555";
const CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001";

export const INIT = ["init", "--name", "contoso", "--tenant-id", TENANT_ID, "--client-id", CLIENT_ID];

/** A folder with a program and nothing else, which goes away with the scope that it is `using` in. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
  readonly program: Program;
}

export interface Home extends AsyncDisposable {
  readonly path: string;
  readonly tenant: SimulatedTenant;
  readonly simulator: Simulator;
  /** Ids of the groups by name. */
  readonly groups: ReadonlyMap<string, string>;
  /** Adds a user to groups; gives the object id. */
  person(name: string, ...groups: string[]): string;
  move(person: string, from: string, to: string): void;
  run(...args: string[]): Promise<Outcome>;
  /** `run` with something piped in. */
  feed(stdin: string, ...args: string[]): Promise<Outcome>;
  start(...args: string[]): Running;
  read(file: string): string;
  /** Edits a file of the home by replacing what is there exactly once. */
  edit(file: string, from: string, to: string): void;
}

export function emptyFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "tiersync-suite-"));
  return {
    path,
    program: programIn(path),
    [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }),
  };
}

export async function openHome(): Promise<Home> {
  const folder = emptyFolder();
  const { path, program } = folder;
  await succeeded(program.run(INIT));
  await succeeded(program.run(["cert", "new", "contoso", "--bits", "2048"]));

  const tenant = new SimulatedTenant({ id: TENANT_ID });
  tenant.register({ clientId: CLIENT_ID, certificates: [readFileSync(join(path, "keys/contoso.crt"), "utf8")] });
  const parent = tenant.addGroup("SecureExchanges_Licences");
  const groups = new Map(["Advanced", "Eco", "No_Licence", "Pro"].map((name) => [name, tenant.addGroup(name)]));
  for (const group of groups.values()) tenant.addMember(parent, group);
  const simulator = createSimulator([tenant]);
  const server = await serveLoopback((request) => simulator.app.fetch(request), { host: "127.0.0.1", port: 0 });

  const read = (file: string): string => readFileSync(join(path, file), "utf8");
  const edit = (file: string, from: string, to: string): void => {
    const text = read(file);
    if (text.split(from).length !== 2) throw new Error(`"${from}" is not there once in ${file}:\n${text}`);
    writeFileSync(
      join(path, file),
      text.replace(from, () => to),
    );
  };
  const origin = `http://127.0.0.1:${server.port}`;
  edit("tiersync.yaml", "# cloud: global  ", `cloud: {authority: "${origin}", graph: "${origin}"}  `);
  edit("tiersync.yaml", "port: 8321", "port: 0");

  const group = (name: string): string => groups.get(name) ?? name;
  const started: Running[] = [];
  return {
    ...{ path, tenant, simulator, groups, read, edit },
    person(name, ...memberOf) {
      const mail = `${name.toLowerCase().replaceAll(" ", ".")}@contoso.example`;
      const id = tenant.addUser({ displayName: name, userPrincipalName: mail, mail });
      for (const one of memberOf) tenant.addMember(group(one), id);
      return id;
    },
    move(person, from, to) {
      tenant.removeMember(group(from), person);
      tenant.addMember(group(to), person);
    },
    run: (...args) => program.run(args),
    feed: (stdin, ...args) => program.run(args, { stdin }),
    start(...args) {
      const running = program.start(args);
      started.push(running);
      return running;
    },
    async [Symbol.asyncDispose]() {
      for (const { kill } of started) kill("SIGKILL");
      await Promise.all(started.map(({ ended }) => ended));
      await server.stop(0);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Throws with everything it said unless it ended well. */
export async function succeeded(running: Promise<Outcome>): Promise<Outcome> {
  const outcome = await running;
  if (outcome.code !== 0) throw new Error(`exit code ${outcome.code}:\n${outcome.out}\n${outcome.err}`);
  return outcome;
}
