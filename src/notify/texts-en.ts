/** The messages in English. */
import type { ActionKind } from "../model/action.ts";
import { counted } from "../model/counted.ts";
import { type AboutPerson, address, last, name, nameOrNumber, type Texts, table } from "./content.ts";

const KINDS: Readonly<Record<ActionKind, readonly [string, string]>> = {
  create: ["creation", "creations"],
  adopt: ["take-over", "take-overs"],
  assign: ["assignment", "assignments"],
  change: ["change of tier", "changes of tier"],
  wait: ["wait for a seat", "waits for a seat"],
  update: ["update", "updates"],
  revoke: ["revocation", "revocations"],
  purge: ["deletion of event logs", "deletions of event logs"],
  release: ["release", "releases"],
};
const COMMANDS = { revoke: "licence taken back", purge: "event logs deleted", link: "account linked" } as const;
const NONE = "none";

export const ENGLISH: Texts = {
  language: "en",
  sections: {
    "seats.exhausted": (events) => {
      const { tier, seats, used, waiting } = last(events);
      const rows = events.map(({ person, since, keeps }) => [
        name(person),
        address(person),
        time(since),
        keeps ?? NONE,
      ]);
      return {
        subject: `no ${tier} seat is free: ${waitingPeople(events)}`,
        action: `Buy more ${tier} seats and raise "seats" in tiersync.yaml, or free some: each free seat goes to whoever waits longest, in the next cycle.`,
        paragraphs: [`${tier}: ${counted(seats, "seat")} bought, ${used} used; ${people(waiting)} waiting in all.`],
        table: table(["Name", "Address", "Waiting since", "Licence meanwhile"], rows),
      };
    },
    "seats.low": (events) => {
      const { tier, seats, used, free, warnBelow } = last(events);
      return {
        subject: `${tier} is nearly out of seats: ${free} free`,
        action: `Buy more ${tier} seats or free some: whoever comes when none is left gets an account without a licence.`,
        paragraphs: [
          `${tier}: ${counted(seats, "seat")} bought, ${used} used, ${free} free. You asked to be told when fewer than ${warnBelow} are free.`,
        ],
        table: null,
      };
    },
    "hold.formed": (events) => {
      const { hold, reason, kinds, expiresAt, actions } = last(events);
      const all = Object.values(kinds).reduce((sum, number) => sum + number, 0);
      const rows = actions.map(({ kind, address: at, user, from, to }) => [
        KINDS[kind][0],
        at ?? user,
        from ?? NONE,
        to ?? NONE,
      ]);
      return {
        subject: `approval needed: ${kindsText(kinds)} held`,
        action: `Look at the list, then run "tiersync holds approve ${hold}" or "tiersync holds reject ${hold}" on the server before ${time(expiresAt)}.`,
        paragraphs: [
          `Why: ${reason}.`,
          'Nothing of it is done until somebody approves it; everything else goes on. A hold that nobody answers is formed anew after 24 hours. "tiersync holds" lists all of it.',
        ],
        table: table(["Action", "Address", "From", "To"], rows, all - rows.length),
      };
    },
    "cycle.failing": (events) => {
      const { since, failures, error } = last(events);
      return {
        subject: `synchronisation has been failing since ${time(since)}`,
        action: `Run "tiersync check" on the server and mend what it reports: ${error.hint}.`,
        paragraphs: [
          `Cause: ${error.message} (${error.code}).`,
          `${failures} cycles in a row have failed. The agent goes on trying and tells you when it works again.`,
        ],
        table: null,
      };
    },
    "cycle.recovered": (events) => {
      const { since, until, failures } = last(events);
      return {
        subject: "synchronisation works again",
        action: "Nothing to do: the agent has caught up.",
        paragraphs: [
          `${failures} cycles in a row had failed from ${time(since)} on. It works again since ${time(until)}.`,
        ],
        table: null,
      };
    },
    "config.broken": (events) => {
      const { findings, errors } = last(events);
      return {
        subject: `configuration or rules are broken: ${counted(errors, "error")}`,
        action: "Correct the places below: until then the agent goes on with the last good configuration and rules.",
        paragraphs: [],
        table: table(
          ["Error"],
          findings.map((finding) => [finding]),
          errors - findings.length,
        ),
      };
    },
    "credential.expiring": (events) => {
      const { credential, thumbprint, expiresAt, daysLeft } = last(events);
      const what = credential === "certificate" ? "certificate" : "client secret";
      return {
        subject: daysLeft < 0 ? `the ${what} has expired` : `the ${what} expires in ${counted(daysLeft, "day")}`,
        action:
          credential === "certificate"
            ? 'Run "tiersync cert rotate" on the server and add the new certificate to the app registration in Entra.'
            : 'Make a new client secret in Entra and store it with "tiersync secret set".',
        paragraphs: [
          `The ${what}${thumbprint === null ? "" : ` ${thumbprint}`} is valid until ${time(expiresAt)}. After that no cycle succeeds.`,
        ],
        table: null,
      };
    },
    "purge.coming": (events) => {
      const sorted = events.toSorted((a, b) => a.purgeAt.localeCompare(b.purgeAt));
      const tiers = [...new Set(events.flatMap(({ tier }) => tier ?? []))].join(", ");
      return {
        subject: `the event logs of ${of(events)} will be deleted for good`,
        action: `To keep them, take the person out of ${tiers === "" ? "the group that takes the licence" : tiers} before the time below: afterwards nobody can bring them back.`,
        paragraphs: [],
        table: table(
          ["Name", "Address", "Deleted on"],
          sorted.map(({ person, purgeAt }) => [name(person), address(person), time(purgeAt)]),
        ),
      };
    },
    "purge.done": (events) => ({
      subject: `the event logs of ${of(events)} were deleted for good`,
      action: "Nothing to do: this is for your records.",
      paragraphs: [],
      table: table(
        ["Name", "Address", "Deleted on"],
        events.map(({ person, at }) => [name(person), address(person), time(at)]),
      ),
    }),
    conflict: (events) => ({
      subject: `conflict: nothing is done for ${of(events)}`,
      action: "Correct the rules, groups or addresses named below: until then nothing changes for these people.",
      paragraphs: [],
      table: table(
        ["Name", "Address", "Reason"],
        events.map(({ person, reason }) => [name(person), address(person), reason]),
      ),
    }),
    "released.many": (events) => {
      const { cycle, released, managed } = last(events);
      return {
        subject: `${released} of ${managed} people are no longer managed`,
        action:
          "Check whether a rule file was deleted or a group was emptied by mistake: nothing was taken from anybody.",
        paragraphs: [
          `They left every rule in one cycle (${cycle}) and keep the licences they have. Put the rule or the members back, and the next cycle manages them again.`,
        ],
        table: null,
      };
    },
    "licence.contested": (events) => ({
      subject: `somebody else keeps changing the licence of ${of(events)}`,
      action: events.every(({ wanted }) => wanted === null)
        ? "Find out who gives it in the licence system: the agent takes it back each time."
        : "Find out who changes it in the licence system: the agent does not touch it any more.",
      paragraphs: events.some(({ wanted }) => wanted === null)
        ? ["Whom the rules give no licence to, it is taken back from each time."]
        : [],
      table: table(
        ["Name", "Address", "By the rules", "Found", "Times"],
        events.map(({ person, wanted, found, times }) => [
          name(person),
          address(person),
          wanted ?? NONE,
          found ?? NONE,
          String(times),
        ]),
      ),
    }),
    "accounts.manual": (events) => ({
      subject: `by hand: ${COMMANDS[last(events).action]} for ${of(events)}`,
      action: "Nothing to do if you know of it; otherwise ask whoever ran the command.",
      paragraphs: [],
      table: table(
        ["What", "Name", "Address", "Tier", "By", "When"],
        events.map(({ action, person, tier, by, at }) => [
          COMMANDS[action],
          name(person),
          address(person),
          tier ?? NONE,
          by ?? "",
          time(at),
        ]),
      ),
    }),
  },
  test: {
    subject: "test message",
    action: "Nothing to do: this message shows that what the agent has to tell you arrives.",
    paragraphs: [],
    table: null,
  },
  digest: (events) => ({
    subject: `${counted(events, "event")} of the day`,
    action: `${counted(events, "event")} since the last message: what to do comes first in each part.`,
  }),
  more: (rows) => `and ${rows} more`,
  footer: (tenant) =>
    `Sent by tiersync for the tenant ${tenant}. "tiersync status" on the server shows how things are now.`,
};

/** `2026-01-31 14:05 UTC` */
function time(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

function people(number: number): string {
  return number === 1 ? "1 person" : `${number} people`;
}

function of(events: readonly AboutPerson[]): string {
  return nameOrNumber(events, people);
}

function waitingPeople(events: readonly AboutPerson[]): string {
  const [first] = events;
  if (events.length > 1 || first === undefined) return `${people(events.length)} wait`;
  return `${first.person.displayName ?? address(first.person)} waits`;
}

function kindsText(kinds: Readonly<Partial<Record<ActionKind, number>>>): string {
  return Object.entries(kinds)
    .map(([kind, number]) => `${number} ${KINDS[kind as ActionKind][number === 1 ? 0 : 1]}`)
    .join(", ");
}
