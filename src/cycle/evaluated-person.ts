/** A person as the plan and the people who read it see them. */
import type { Mailbox, ObjectId, PersonFacts, Profile } from "../model/directory.ts";
import type { Account, Candidate, PreviousDecision } from "../model/person.ts";
import type { Verdict } from "../model/verdict.ts";
import type { StoredPerson } from "./store-ports.ts";

/** A candidate with what is shown of the person. */
export interface Known extends Candidate {
  readonly displayName: string | null;
  readonly groups: readonly string[];
}

export interface Evaluation {
  readonly verdict: Verdict;
  /** Null: never read. */
  readonly facts: Pick<PersonFacts, "properties" | "mailbox"> | null;
  /** In the directory, and in a group in scope. */
  readonly present: boolean;
  readonly mailboxRead: boolean;
  readonly previous: PreviousDecision | null;
  readonly groups: readonly string[];
}

/** Profile and name are made when they are asked for: of most people that is once, or never. */
export class EvaluatedPerson implements Known {
  readonly key: number;
  readonly id: ObjectId;
  readonly address: string | null;
  readonly verdict: Verdict;
  readonly mailboxRead: boolean;
  readonly account: Account | null;
  readonly previous: PreviousDecision | null;
  readonly groups: readonly string[];
  private readonly properties: PersonFacts["properties"] | null;
  private readonly mailbox: Mailbox;
  private readonly present: boolean;

  constructor({ key, id, account }: StoredPerson, evaluation: Evaluation) {
    const { facts, present } = evaluation;
    this.key = key;
    this.id = id;
    this.account = account;
    this.verdict = evaluation.verdict;
    this.mailboxRead = evaluation.mailboxRead;
    this.previous = evaluation.previous;
    this.groups = evaluation.groups;
    this.properties = facts?.properties ?? null;
    this.mailbox = facts?.mailbox ?? "unread";
    this.present = present;
    this.address = present && this.properties !== null ? addressOf(this.properties) : null;
  }

  get profile(): string | null {
    if (!this.present || this.properties === null) return null;
    return JSON.stringify(profileOf(this.properties, this.mailbox));
  }

  get displayName(): string | null {
    return this.properties === null ? null : text(this.properties["displayName"]);
  }
}

/** What the target is told of a person. */
function profileOf(properties: PersonFacts["properties"], mailbox: Mailbox): Profile {
  const settings = typeof mailbox === "string" ? null : mailbox;
  return {
    userName: text(properties["userPrincipalName"]),
    address: addressOf(properties),
    displayName: text(properties["displayName"]),
    givenName: text(properties["givenName"]),
    surname: text(properties["surname"]),
    language: settings?.locale ?? text(properties["preferredLanguage"]),
    timeZone: settings?.timeZone ?? null,
  };
}

function addressOf(properties: PersonFacts["properties"]): string | null {
  return text(properties["mail"]) ?? text(properties["userPrincipalName"]);
}

const NOT_BLANK = /\S/;

/** Blank is as good as absent. */
function text(value: unknown): string | null {
  return typeof value === "string" && NOT_BLANK.test(value) ? value : null;
}
