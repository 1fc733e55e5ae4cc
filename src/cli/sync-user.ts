/** `sync --user`: one person now, from the directory to the licence, each step shown. */
import type { Agent } from "../agent.ts";
import { selectTenants } from "../config/tenant-choice.ts";
import { AgentError, EXIT, type ExitCode } from "../errors.ts";
import type { CycleRecord, Hold } from "../model/cycle.ts";
import type { DirectoryUser } from "../model/directory.ts";
import type { EventView, PersonExplanation, PersonView } from "../model/views.ts";
import { askForCycles, hereOrThere } from "./ask-for-cycle.ts";
import type { GlobalOptions } from "./command.ts";
import { resolveHome } from "./home.ts";
import { type CommandIo, outJson } from "./io.ts";
import { type GoodHome, loadGoodHome } from "./load-home.ts";
import { commandLogging } from "./logging.ts";
import { createProgress } from "./progress.ts";
import type { RunningAgentLink } from "./running-agent.ts";
import type { SyncOptions } from "./sync.ts";
import { syncedText } from "./sync-user-text.ts";
import { withHome } from "./with-home.ts";

/** Events of one cycle that are looked at: no cycle does more for one person. */
const EVENTS = 20;

export interface Subject {
  readonly tenant: string;
  /** Object id. */
  readonly id: string;
  /** Null: not in the directory any more. */
  readonly directory: DirectoryUser | null;
}

/** What became of one person, step by step. */
export interface SyncedUser {
  readonly subject: Subject;
  /** Null: nothing was known of the person. */
  readonly before: PersonView | null;
  readonly record: CycleRecord;
  /** Done for the person in this cycle, in its order. */
  readonly done: readonly EventView[];
  /** With this person's actions only. */
  readonly holds: readonly Hold[];
  /** Null: in no group in scope, and never was. */
  readonly after: PersonExplanation | null;
  /** The cycle was about everybody: an agent on the home did it. */
  readonly whole: boolean;
}

export async function syncUser(options: SyncOptions, io: CommandIo, user: string): Promise<ExitCode> {
  const home = resolveHome(options.home, io);
  const full = options.full === true;
  const here = () =>
    withHome(home, options, io, async ({ good, agent, cycles, progress, signal }) => {
      progress.step("looking for the person");
      const subject = await locate(agent, good, { user, tenant: options.tenant, signal });
      const before = viewOf(agent, subject);
      const [record] = await cycles([subject.tenant], full, subject.id);
      progress.dispose();
      return report(await outcomeOf(agent, { subject, before, whole: false }, record as CycleRecord), options, io);
    });
  return await hereOrThere(home, here, (running) => askAgent(running, { home, user, options, io }));
}

interface Asked {
  readonly home: string;
  readonly user: string;
  readonly options: SyncOptions;
  readonly io: CommandIo;
}

/** The agent on the home does a cycle of everybody; what became of the person is read beside it. */
async function askAgent(running: RunningAgentLink, { home, user, options, io }: Asked): Promise<ExitCode> {
  const { openAgent } = await import("../agent.ts");
  const { stopSignals } = await import("../platform/signals.ts");
  const good = loadGoodHome(home);
  const logging = commandLogging(home, null, options, io);
  const progress = createProgress(io, options.quiet === true || options.json === true);
  const stop = stopSignals();
  const agent = openAgent(good, { home, env: io.env, logging, readOnly: true });
  try {
    progress.step("an agent runs on this home: it is asked for a cycle");
    const subject = await locate(agent, good, { user, tenant: options.tenant, signal: stop.signal });
    const before = viewOf(agent, subject);
    const [record] = await askForCycles(running, [subject.tenant], options.full === true);
    progress.dispose();
    return report(await outcomeOf(agent, { subject, before, whole: true }, record as CycleRecord), options, io);
  } finally {
    progress.dispose();
    stop.dispose();
    agent.close();
    logging.dispose();
  }
}

interface Search {
  readonly user: string;
  readonly tenant: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Whom the name means: who bears it in the directory now, else who is known by it here. Throws `ERR_NOT_FOUND` when nobody does, and
 * `ERR_AMBIGUOUS`.
 */
async function locate(agent: Agent, good: GoodHome, { user, tenant, signal }: Search): Promise<Subject> {
  const { onePerson } = await import("../console.ts");
  const names = selectTenants(good.config, tenant).map(({ name }) => name);
  const known = agent.views.find(user, tenant === undefined ? undefined : names[0]);
  const concerned = names.filter((name) => known.length === 0 || known.some((person) => person.tenant === name));
  const found = await findIn(agent, concerned, user, signal);
  const [first, second] = found;
  if (second !== undefined) {
    const where = found.map((subject) => `${subject.id} (${subject.tenant})`).join(", ");
    throw new AgentError("ERR_AMBIGUOUS", `"${user}" fits more than one person: ${where}`);
  }
  if (first !== undefined) return first;
  if (known.length === 0) {
    throw new AgentError("ERR_NOT_FOUND", `nobody in the directory is called "${user}"`, {
      hint: "use the object id, user principal name or mail; somebody deleted is known here by them, too, once they had a licence",
    });
  }
  const person = onePerson(known, user);
  // Known by a name that the directory has forgotten.
  const directory = await agent.findUser(person.tenant, person.id, signal);
  return { tenant: person.tenant, id: person.id, directory };
}

/** A tenant that cannot be asked matters only where no other has the person. */
async function findIn(
  agent: Agent,
  tenants: readonly string[],
  user: string,
  signal: AbortSignal,
): Promise<readonly Subject[]> {
  const asked = await Promise.allSettled(
    tenants.map(async (tenant) => ({ tenant, directory: await agent.findUser(tenant, user, signal) })),
  );
  const found = asked.flatMap((result): Subject[] => {
    if (result.status === "rejected" || result.value.directory === null) return [];
    const { tenant, directory } = result.value;
    return [{ tenant, id: directory.id, directory }];
  });
  const refused = asked.find((result) => result.status === "rejected");
  if (found.length === 0 && refused !== undefined) throw refused.reason;
  return found;
}

function viewOf(agent: Agent, { tenant, id }: Subject): PersonView | null {
  return agent.views.find(id, tenant).find((person) => person.id === id) ?? null;
}

async function outcomeOf(
  agent: Agent,
  about: Pick<SyncedUser, "subject" | "before" | "whole">,
  record: CycleRecord,
): Promise<SyncedUser> {
  const { explanationOf } = await import("../explanation.ts");
  const { subject } = about;
  const { tenant, id } = subject;
  const events = agent.views.events(tenant, id, { limit: EVENTS }).items;
  const view = viewOf(agent, subject);
  return {
    ...about,
    record,
    done: events.filter(({ cycle }) => cycle === record.id).reverse(),
    holds: agent.views.holds(tenant).flatMap((hold) => {
      const actions = hold.actions.filter(({ user }) => user === id);
      return actions.length === 0 ? [] : [{ ...hold, actions }];
    }),
    after: view === null ? null : explanationOf(agent, view),
  };
}

async function report(synced: SyncedUser, options: GlobalOptions, io: CommandIo): Promise<ExitCode> {
  const { subject, before, record, done, holds, after } = synced;
  if (options.json) {
    const { holdView } = await import("../model/views.ts");
    const directory = subject.directory?.properties ?? null;
    const steps = { tenant: subject.tenant, id: subject.id, directory, before, done, held: holds.map(holdView) };
    outJson(io, { cycles: [record], user: after, steps });
  } else io.out(syncedText(synced, io));
  const refused = record.failures.some(({ user }) => user === subject.id);
  if (record.outcome === "failed" || refused) return EXIT.failed;
  return holds.length > 0 ? EXIT.held : EXIT.done;
}
