/** One simulated Entra tenant: people, groups, mailboxes and app registrations, with every change on record. */
import {
  AGENT_ROLES,
  type RegisteredCertificate,
  registerCertificates,
  type SimulatedApplication,
} from "./application.ts";
import { ChangeLog, type ObjectEvent } from "./change-log.ts";
import { SimulatedClock } from "./clock.ts";
import { type DirectoryObject, guid, type ObjectKind, seedOf } from "./directory-objects.ts";
import { defaultMailbox, type SimulatedMailbox } from "./mailbox.ts";

export interface TenantOptions {
  /** GUID. */
  readonly id: string;
  /** Verified domains, usable in place of the id. */
  readonly domains?: readonly string[];
  readonly clock?: SimulatedClock;
}

type Properties = Readonly<Record<string, unknown>>;

export interface ApplicationRecord extends SimulatedApplication {
  readonly registered: readonly RegisteredCertificate[];
}

export class SimulatedTenant {
  readonly id: string;
  readonly domains: readonly string[];
  readonly clock: SimulatedClock;
  readonly log = new ChangeLog();
  /** Everything by id, the soft-deleted included. */
  readonly objects = new Map<string, DirectoryObject>();
  readonly members = new Map<string, Set<string>>();
  readonly memberOf = new Map<string, Set<string>>();
  readonly applications = new Map<string, ApplicationRecord>();
  /** Changes with everything that can change a list of ids; properties do not count. */
  version = 0;
  /** Milliseconds until deltas know of a change. */
  replicationDelay = 0;
  /** Seconds that a new access token lives. */
  tokenLifetime = 3599;
  /** How `userPurpose` looks in the whole `mailboxSettings`: Graph's documentation shows both. */
  userPurposeShape: "object" | "string" = "object";
  /** Whether the deletion of a group shows in the `members@delta` of the groups it was in. */
  reportsDeletedNestedGroups = true;
  /** Raised by `resetDeltas`; delta tokens of an earlier generation get 410. */
  deltaGeneration = 1;

  readonly #seed: number;
  readonly #mailboxes = new Map<string, SimulatedMailbox>();
  readonly #idsByUpn = new Map<string, string>();
  #ordinal = 0;

  constructor(options: TenantOptions) {
    this.id = options.id.toLowerCase();
    this.domains = options.domains ?? [];
    this.clock = options.clock ?? new SimulatedClock();
    this.#seed = seedOf(this.id);
  }

  /** Registers an app, or replaces its registration. */
  register(application: SimulatedApplication): void {
    this.applications.set(application.clientId.toLowerCase(), {
      roles: AGENT_ROLES,
      ...application,
      registered: registerCertificates(application.certificates ?? []),
    });
  }

  addUser(properties: Properties = {}, mailbox?: SimulatedMailbox): string {
    const id = this.#add("user", { accountEnabled: true, userType: "Member", ...properties });
    if (mailbox) this.#mailboxes.set(id, mailbox);
    return id;
  }

  addGroup(displayName: string, properties: Properties = {}): string {
    const fixed = { displayName, securityEnabled: true, mailEnabled: false, groupTypes: [], visibility: null };
    return this.#add("group", { ...fixed, ...properties });
  }

  /** A device or contact: what groups may hold besides people and groups. */
  addOther(kind: "device" | "orgContact", properties: Properties = {}): string {
    return this.#add(kind, properties);
  }

  updateUser(id: string, changes: Properties): void {
    this.#update(this.require(id, "user"), changes);
  }

  updateGroup(id: string, changes: Properties): void {
    this.#update(this.require(id, "group"), changes);
  }

  renameGroup(id: string, displayName: string): void {
    this.updateGroup(id, { displayName });
  }

  setMailbox(userId: string, mailbox: SimulatedMailbox): void {
    this.require(userId, "user");
    this.#mailboxes.set(userId, mailbox);
  }

  /** Soft-deletes: memberships stay on record and come back with a restore. */
  deleteUser(id: string): void {
    this.#replace({ ...this.require(id, "user"), deletedAt: this.clock.now() }, "deleted");
  }

  restoreUser(id: string): void {
    this.#restore(id, "user");
  }

  /** Deletes for good, from the soft-deleted state or at once. */
  purgeUser(id: string): void {
    if (this.objects.get(id)?.kind !== "user") throw new TypeError(`no user ${id}`);
    this.#mailboxes.delete(id);
    this.#purge(id, true);
  }

  /** Security groups go for good at once, Microsoft 365 groups softly, as people do. */
  deleteGroup(id: string): void {
    const group = this.require(id, "group");
    const types = group.properties["groupTypes"];
    if (Array.isArray(types) && types.includes("Unified")) {
      this.#replace({ ...group, deletedAt: this.clock.now() }, "deleted");
      return;
    }
    for (const member of [...(this.members.get(id) ?? [])]) this.#unlink(id, member, false);
    this.#purge(id, this.reportsDeletedNestedGroups);
    this.members.delete(id);
  }

  restoreGroup(id: string): void {
    this.#restore(id, "group");
  }

  /** False: was a member already. */
  addMember(groupId: string, memberId: string): boolean {
    this.require(groupId, "group");
    const member = this.require(memberId);
    const members = this.members.get(groupId) ?? new Set();
    if (members.has(memberId)) return false;
    this.members.set(groupId, members.add(memberId));
    this.memberOf.set(memberId, (this.memberOf.get(memberId) ?? new Set()).add(groupId));
    this.#logMember(groupId, memberId, member.kind, "added");
    return true;
  }

  /** False: was no member. */
  removeMember(groupId: string, memberId: string): boolean {
    if (!this.members.get(groupId)?.has(memberId)) return false;
    this.#unlink(groupId, memberId, true);
    return true;
  }

  /** Every delta token given out so far gets 410 Gone from now on. */
  resetDeltas(): void {
    this.deltaGeneration += 1;
  }

  /** Drops the recorded history (delta tokens from before count as expired); for large generated tenants. */
  forgetHistory(): void {
    this.log.forget();
  }

  /** Alive object by id. Throws `TypeError` when there is none: the test or demo is wrong. */
  require(id: string, kind?: ObjectKind): DirectoryObject {
    const object = this.find(id, kind);
    if (!object) throw new TypeError(`no ${kind ?? "object"} ${id}`);
    return object;
  }

  find(id: string, kind?: ObjectKind): DirectoryObject | null {
    const object = this.objects.get(id);
    return object && object.deletedAt === null && (!kind || object.kind === kind) ? object : null;
  }

  /** By object id or user principal name. */
  findUser(idOrName: string): DirectoryObject | null {
    const key = idOrName.toLowerCase();
    return this.find(key, "user") ?? this.find(this.#idsByUpn.get(key) ?? "", "user");
  }

  /** The first group of that display name. */
  groupNamed(displayName: string): string {
    for (const object of this.objects.values()) {
      if (object.kind === "group" && object.properties["displayName"] === displayName) return object.id;
    }
    throw new TypeError(`no group named ${displayName}`);
  }

  mailboxOf(user: DirectoryObject): SimulatedMailbox {
    return this.#mailboxes.get(user.id) ?? defaultMailbox(user.properties);
  }

  #add(kind: ObjectKind, properties: Properties): string {
    this.#ordinal += 1;
    const ordinal = this.#ordinal;
    const given = properties["id"];
    const id = typeof given === "string" ? given.toLowerCase() : guid(this.#seed, ordinal);
    if (this.objects.has(id)) throw new TypeError(`object ${id} exists already`);
    this.#replace({ kind, id, ordinal, properties: { ...properties, id }, deletedAt: null }, "created");
    return id;
  }

  #update(object: DirectoryObject, changes: Properties): void {
    const changed = Object.keys(changes).filter((name) => changes[name] !== object.properties[name]);
    if (changed.length === 0) return;
    this.#replace({ ...object, properties: { ...object.properties, ...changes } }, "updated", changed);
  }

  #replace(object: DirectoryObject, event: ObjectEvent, properties: readonly string[] = []): void {
    const before = this.objects.get(object.id)?.properties["userPrincipalName"];
    if (typeof before === "string") this.#idsByUpn.delete(before.toLowerCase());
    const now = object.properties["userPrincipalName"];
    if (typeof now === "string") this.#idsByUpn.set(now.toLowerCase(), object.id);
    this.objects.set(object.id, object);
    if (event !== "updated") this.version += 1;
    this.log.append({ about: "object", kind: object.kind, id: object.id, event, properties }, this.clock.now());
  }

  #restore(id: string, kind: ObjectKind): void {
    const object = this.objects.get(id);
    if (object?.kind !== kind || object.deletedAt === null) throw new TypeError(`no deleted ${kind} ${id}`);
    this.#replace({ ...object, deletedAt: null }, "restored");
  }

  #purge(id: string, reportLeaving: boolean): void {
    const object = this.objects.get(id);
    if (!object) return;
    for (const group of [...(this.memberOf.get(id) ?? [])]) this.#unlink(group, id, reportLeaving);
    this.memberOf.delete(id);
    this.#replace(object, "purged");
    this.objects.delete(id);
    const name = object.properties["userPrincipalName"];
    if (typeof name === "string") this.#idsByUpn.delete(name.toLowerCase());
  }

  #unlink(groupId: string, memberId: string, report: boolean): void {
    this.members.get(groupId)?.delete(memberId);
    this.memberOf.get(memberId)?.delete(groupId);
    const kind = this.objects.get(memberId)?.kind ?? "user";
    if (report) this.#logMember(groupId, memberId, kind, "removed");
    else this.version += 1;
  }

  #logMember(group: string, member: string, memberKind: ObjectKind, event: "added" | "removed"): void {
    this.version += 1;
    this.log.append({ about: "member", group, member, memberKind, event }, this.clock.now());
  }
}
