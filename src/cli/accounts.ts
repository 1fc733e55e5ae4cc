/** `accounts revoke | purge | link`: for what no rule can reach. Asks for a typed confirmation, and leaves a record. */
import type { ManualKind } from "../agent.ts";
import { selectTenants } from "../config/tenant-choice.ts";
import { AgentError } from "../errors.ts";
import { plainText } from "../model/plain-text.ts";
import type { PersonView } from "../model/views.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { loadGoodHome } from "./load-home.ts";
import { commandLogging } from "./logging.ts";
import { assertNoAgent } from "./running-agent.ts";

export interface AccountsOptions extends GlobalOptions {
  readonly yes?: boolean;
}

/** Longest time for the licence system to do it; ms. */
const PATIENCE = 60_000;

const WARNINGS: Readonly<Record<ManualKind, (person: PersonView) => string>> = {
  revoke: ({ tier }) => `takes the licence ${tier} back; the event logs stay until \`accounts purge\``,
  purge: () => "deletes the event logs for good: nobody can bring them back",
  link: () => "gives the account of the same address to this person, with its licence and its event logs",
};
const DONE: Readonly<Record<ManualKind, string>> = {
  revoke: "the licence was taken back; the next cycle gives the seat to whoever waits longest",
  purge: "the event logs were deleted for good",
  link: "the account was linked; the next cycle goes on from there",
};

export async function accounts(
  options: AccountsOptions,
  io: CommandIo,
  kind: ManualKind,
  user: string,
): Promise<undefined> {
  const home = resolveHome(options.home, io);
  const good = loadGoodHome(home);
  const only = options.tenant === undefined ? undefined : selectTenants(good.config, options.tenant)[0]?.name;
  const { lockHome, openAgent } = await import("../agent.ts");
  const { onePerson } = await import("../console.ts");
  const logging = commandLogging(home, good.config, options, io);
  const agent = openAgent(good, { home, env: io.env, logging });
  try {
    const found = agent.views.find(user, only);
    // Of two people with one address, `link` is about the one without an account.
    const person = onePerson(
      kind === "link" && found.length > 1 ? found.filter(({ targetId }) => targetId === null) : found,
      user,
    );
    const step = agent.planManual(person.tenant, kind, person.id);
    await confirm(options, io, kind, person);
    const signal = AbortSignal.timeout(PATIENCE);
    // Not while somebody thinks about it: an agent could not start meanwhile.
    const lock = await unlessLocked(home, lockHome);
    try {
      await agent.carryOutManual(person.tenant, step, { alone: lock !== null, signal });
    } finally {
      lock?.release();
    }
    logging.logger("accounts").warn("{kind} by hand for {user}", { kind, user: person.id, tenant: person.tenant });
    const after = agent.views.find(person.id, person.tenant)[0] ?? person;
    if (options.json) outJson(io, after);
    else if (!options.quiet) io.out(`${plainText(after.address ?? after.id)}: ${DONE[kind]}\n`);
  } finally {
    agent.close();
    logging.dispose();
  }
}

/** Null: somebody else is at work on the home, beside whom this works, too. */
async function unlessLocked<T>(home: string, lock: (home: string) => T): Promise<T | null> {
  try {
    await assertNoAgent(home);
    return lock(home);
  } catch (error) {
    if (error instanceof AgentError && error.code === "ERR_LOCKED") return null;
    throw error;
  }
}

async function confirm(options: AccountsOptions, io: CommandIo, kind: ManualKind, person: PersonView): Promise<void> {
  if (options.yes) return;
  const name = person.address ?? person.id;
  if (io.prompter === null) {
    throw new AgentError("ERR_USAGE", `\`accounts ${kind}\` asks for a confirmation, and nobody is at a terminal`, {
      hint: "add --yes when a script is to do it",
    });
  }
  io.err(
    `${plainText(person.displayName ?? name)} <${plainText(name)}> is ${person.state}: ${plainText(person.reason)}\n`,
  );
  io.err(`This ${WARNINGS[kind](person)}.\n`);
  const typed = await io.prompter.text(`Type ${plainText(name)} to go on`);
  if (typed.trim().toLowerCase() !== name.toLowerCase()) {
    throw new AgentError("ERR_STOPPED", "the confirmation does not match", { hint: "nothing was changed" });
  }
}

function command(kind: ManualKind, summary: string) {
  return defineCommand({
    name: kind,
    summary,
    examples: [`accounts ${kind} ana@contoso.example`, `accounts ${kind} 6f1c0f0e-1111-4222-8333-444455556666 --yes`],
    configure: (bare) =>
      bare.argument("<user>", "object id, user principal name or mail").option("--yes", "do not ask for confirmation"),
    run: (options, io, user) => accounts(options, io, kind, user),
  });
}

export const accountsCommand = defineCommand({
  name: "accounts",
  summary: "by hand, for whom no rule can reach (someone deleted in Entra who still holds a seat)",
  examples: ["accounts revoke ana@contoso.example", "accounts link ana@contoso.example"],
  subcommands: [
    command("revoke", "take a licence back"),
    command("purge", "delete the event logs of a revoked account for good"),
    command("link", "give the account of the same address to the person who has it now"),
  ],
});
