/** What the source system says about people and groups. Property names are Graph's. */

/** An Entra object id (GUID), lower-case as Graph writes it. The key of people and groups everywhere. */
export type ObjectId = string;

/** A GUID as people write one. No `i` flag: JSON Schema patterns have none. */
export const GUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** A user as Graph returned it: exactly the selected properties, by their Graph names. */
export interface DirectoryUser {
  readonly id: ObjectId;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface DirectoryGroup {
  readonly id: ObjectId;
  readonly displayName: string;
  /** `Public`, `Private`, `HiddenMembership` or null. */
  readonly visibility: string | null;
}

/** A group by name or object id, as configuration and rules name it. */
export type GroupRef = { readonly name: string } | { readonly id: ObjectId };

/** A group in scope, as rules are bound to it. */
export interface ScopedGroup extends DirectoryGroup {
  /** parent: the parent group itself; member: a direct member of it; nested: below a member; other: named by a rule with `anywhere` or an id outside the parent. */
  readonly role: "parent" | "member" | "nested" | "other";
}

/** The mailbox properties that rules and targets use (Graph `mailboxSettings`). */
export interface MailboxSettings {
  /** `userPurpose`: user | linked | shared | room | equipment | others */
  readonly purpose: string | null;
  readonly locale: string | null;
  /** As Exchange writes it: usually a Windows zone name such as `Eastern Standard Time`. */
  readonly timeZone: string | null;
}

/** unread: not asked yet, which is never the same as null; missing: asked, there is no mailbox (a fact about that person). */
export type Mailbox = MailboxSettings | "missing" | "unread";

/** As the directory has it; null: it was not read, or there is none. */
export function displayNameOf(properties: PersonFacts["properties"] | null | undefined): string | null {
  const name = properties?.["displayName"];
  return typeof name === "string" ? name : null;
}

/** Everything that rules may look at for one person. */
export interface PersonFacts {
  readonly id: ObjectId;
  /** Selected Graph properties. A key that is absent was not read; null is a value. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly mailbox: Mailbox;
  /** Object ids of every group in scope that the person is in, nested ones included. */
  readonly groups: ReadonlySet<ObjectId>;
  /** present: in the directory; deleted: soft-deleted or purged in Entra. */
  readonly presence: "present" | "deleted";
}

/** Graph properties that are always selected: what the skip reasons and the targets need. */
export const BASE_PROPERTIES = [
  "id",
  "userPrincipalName",
  "mail",
  "displayName",
  "givenName",
  "surname",
  "accountEnabled",
  "userType",
  "preferredLanguage",
] as const;

/** What a target knows of a person besides the tier. */
export interface Profile {
  readonly userName: string | null;
  /** `mail`, else `userPrincipalName`; null: the person cannot have an account. */
  readonly address: string | null;
  readonly displayName: string | null;
  readonly givenName: string | null;
  readonly surname: string | null;
  /** BCP 47 tag: the mailbox's locale, else `preferredLanguage`. */
  readonly language: string | null;
  /** As Exchange writes it. */
  readonly timeZone: string | null;
}

/** ASCII without capitals and white space. */
const CANONICAL = /^[!-@[-~]*$/;

/** The one canonical form under which two addresses count as the same. */
export function addressKey(address: string): string {
  // Nearly every address is in that form: then no new text is made of it.
  if (CANONICAL.test(address)) return address;
  return address.trim().normalize("NFC").toLowerCase();
}
