/** A home folder whose tenant is a simulated one, and commands run in it as a user would. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import type { HoldView, PersonView } from "../../src/model/views.ts";
import type { Simulator } from "../../src/simulator/app.ts";
import { createSimulator } from "../../src/simulator/app.ts";
import { SimulatedTenant } from "../../src/simulator/tenant.ts";
import { captureIo } from "../cli/captured-io.ts";
import { atEnd } from "./clean-up.ts";
import { CommandResult, type DocumentOf } from "./command-json.ts";
import { registerApplication, type ServedSimulator, serveSimulator } from "./serve-simulator.ts";
import { tempFolder } from "./temp-folder.ts";

export const TENANT_ID = "11111111-2222-3333-4444-555555555555";

export const RULES = readFileSync(join(import.meta.dir, "../../rules/secure-exchanges.yaml"), "utf8");

export interface TestHome {
  readonly home: string;
  readonly tenant: SimulatedTenant;
  readonly simulator: Simulator;
  readonly origin: string;
  /** Ids of the five groups by name. */
  readonly groups: Readonly<Record<string, string>>;
  /** Adds a user to groups; returns the object id. */
  person(name: string, groups: readonly string[], properties?: Record<string, unknown>): string;
  run<const Argv extends readonly string[]>(...argv: Argv): Promise<CommandResult<DocumentOf<Argv>>>;
  configure(extra: string): void;
  /** Edits tiersync.yaml as it is. */
  rewrite(edit: (text: string) => string): void;
  writeRules(text: string): void;
  stop(): Promise<void>;
}

export interface HomeOptions {
  readonly seats?: { readonly Eco?: number; readonly Advanced?: number; readonly Pro?: number };
  /** Further lines of tiersync.yaml. */
  readonly extra?: string;
  readonly purgeAfter?: string;
  readonly credential?: "certificate" | "secret";
  readonly mailboxSettings?: boolean;
}

/** A home that goes away with the test. */
export function openHome(options: HomeOptions = {}): TestHome {
  const home = createHome(options);
  atEnd(() => home.stop());
  return home;
}

/** Somebody who holds Pro and was deleted in Entra, as the agent knows by now; gives the object id. */
export async function deletedHolder(home: TestHome, name = "Ana Gone"): Promise<string> {
  const holder = home.person(name, ["Pro"]);
  await home.run("sync");
  home.tenant.deleteUser(holder);
  await home.run("sync");
  return holder;
}

/** Everybody whom `export --json` shows, by display name. */
export async function exported(home: TestHome): Promise<Readonly<Record<string, PersonView>>> {
  const { json } = await home.run("export", "--json");
  return Object.fromEntries(json.items.map((person) => [person.displayName ?? person.id, person]));
}

/** One of them, who must be there. */
export async function exportedPerson(home: TestHome, name: string): Promise<PersonView> {
  const people = await exported(home);
  const person = people[name];
  if (person === undefined) throw new TypeError(`\`export\` shows no ${name}, but ${Object.keys(people).join(", ")}`);
  return person;
}

/** The one hold that is open. */
export async function onlyHold(home: TestHome): Promise<HoldView> {
  const { items } = (await home.run("holds", "--json")).json;
  const [hold] = items;
  if (hold === undefined || items.length > 1)
    throw new TypeError(`${items.length} holds are open: ${JSON.stringify(items)}`);
  return hold;
}

export function createHome(options: HomeOptions = {}): TestHome {
  const tenant = new SimulatedTenant({ id: TENANT_ID });
  const simulator = createSimulator([tenant]);
  const served: ServedSimulator = serveSimulator(simulator);
  const home = tempFolder();
  const app = registerApplication(tenant);
  mkdirSync(join(home, "keys"), { mode: 0o700 });
  mkdirSync(join(home, "rules"));
  writeFileSync(join(home, "keys", "contoso.pem"), app.certificate.pem, { mode: 0o600 });
  writeFileSync(join(home, "keys", "contoso.txt"), app.secret, { mode: 0o600 });
  const parent = tenant.addGroup("SecureExchanges_Licences");
  const groups: Record<string, string> = { SecureExchanges_Licences: parent };
  for (const name of ["Advanced", "Eco", "No_Licence", "Pro"]) {
    const id = tenant.addGroup(name);
    groups[name] = id;
    tenant.addMember(parent, id);
  }
  const { Eco = 50, Advanced = 20, Pro = 10 } = options.seats ?? {};
  const configure = (extra: string): void =>
    writeFileSync(
      join(home, "tiersync.yaml"),
      `schedule: "*/5 * * * *"
mailboxSettings: ${options.mailboxSettings ?? true}
tenants:
  - name: contoso
    tenantId: ${TENANT_ID}
    clientId: ${app.clientId}
    credential:
      ${options.credential === "secret" ? "clientSecret: file:keys/contoso.txt" : "certificate: keys/contoso.pem"}
    parentGroup: SecureExchanges_Licences
    cloud: {authority: "${served.origin}", graph: "${served.origin}"}
tiers:
  Eco: {seats: ${Eco}}
  Advanced: {seats: ${Advanced}}
  Pro: {seats: ${Pro}}
  No_Licence: {revokes: true, purgeAfter: ${options.purgeAfter ?? "24h"}}
status: {port: 0}
${extra}`,
    );
  configure(options.extra ?? "");
  const writeRules = (text: string): void => writeFileSync(join(home, "rules", "secure-exchanges.yaml"), text);
  writeRules(RULES);
  return {
    home,
    tenant,
    simulator,
    origin: served.origin,
    groups,
    person: (name, memberOf, properties = {}) => {
      const mail = `${name.toLowerCase().replaceAll(" ", ".")}@contoso.example`;
      const id = tenant.addUser({ displayName: name, userPrincipalName: mail, mail, ...properties });
      for (const group of memberOf) tenant.addMember(groups[group] ?? group, id);
      return id;
    },
    run: async (...argv) => {
      const { io, stdout, stderr } = captureIo();
      const code = await runProgram(argv.includes("--home") ? argv : [...argv, "--home", home], io);
      return new CommandResult(argv, { code, out: stdout(), err: stderr() });
    },
    configure,
    rewrite: (edit) => {
      const path = join(home, "tiersync.yaml");
      const before = readFileSync(path, "utf8");
      const after = edit(before);
      if (after === before) throw new TypeError("the edit changes nothing: the test is wrong");
      writeFileSync(path, after);
    },
    writeRules,
    stop: () => served.stop(),
  };
}
