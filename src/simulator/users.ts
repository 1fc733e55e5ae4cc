/** `/users`, `/users/{id}` and their mailbox settings. */
import type { DirectoryObject } from "./directory-objects.ts";
import { contextOf, type Exchange, requireRole } from "./exchange.ts";
import { GraphFailure, notFound } from "./graph-error.ts";
import { filterIds } from "./list-filter.ts";
import { MAILBOX_FAILURES, type PresentMailbox } from "./mailbox.ts";
import { idsOfKind, renderPage } from "./object-list.ts";
import { Projection } from "./projection.ts";
import { checkSelect, parseQuery } from "./query.ts";

const USER_ROLES = ["User.Read.All", "Directory.Read.All"] as const;

export function listUsers(exchange: Exchange): string {
  requireRole(exchange, ...USER_ROLES);
  const query = parseQuery(exchange.url, ["$select", "$filter", "$top", "$count", "$skiptoken"]);
  checkSelect(query.select ?? [], ["user"], "microsoft.graph.user");
  const ids = filterIds(exchange.tenant, "user", query.filter, idsOfKind(exchange.tenant, "user"));
  return renderPage(exchange, { ids, query, what: "users", typed: false });
}

export function getUser(exchange: Exchange, idOrName: string): string {
  requireRole(exchange, ...USER_ROLES);
  const { select } = parseQuery(exchange.url, ["$select"]);
  checkSelect(select ?? [], ["user"], "microsoft.graph.user");
  const fields = Projection.of(select, "plain").render(findUser(exchange, idOrName)).slice(1);
  return `{${contextOf(exchange, "users", select, "/$entity")},${fields}`;
}

/** `property`: one of them only, as `{"value": …}`. */
export function getMailboxSettings(exchange: Exchange, idOrName: string, property: string | null): string {
  if (!exchange.caller.roles.has("MailboxSettings.Read")) {
    throw new GraphFailure(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
  }
  const { select } = parseQuery(exchange.url, ["$select"]);
  const user = findUser(exchange, idOrName);
  const mailbox = exchange.tenant.mailboxOf(user);
  if (mailbox.kind !== "present") throw new GraphFailure(...MAILBOX_FAILURES[mailbox.kind]);
  const what = `users('${user.id}')/mailboxSettings`;
  const settings = settingsOf(mailbox, exchange);
  if (property !== null) {
    if (!(property in settings)) throw unknownSetting(property);
    const value = property === "userPurpose" ? mailbox.userPurpose : settings[property];
    const isObject = typeof value === "object" && value !== null;
    const fields = isObject ? JSON.stringify(value).slice(1) : `"value":${JSON.stringify(value)}}`;
    return `{${contextOf(exchange, `${what}/${property}`, null)},${fields}`;
  }
  for (const name of select ?? []) if (!(name in settings)) throw unknownSetting(name);
  const entries = Object.entries(settings).filter(([name]) => !select || select.includes(name));
  const fields = JSON.stringify(Object.fromEntries(entries)).slice(1);
  return `{${contextOf(exchange, what, select)}${fields === "}" ? "" : ","}${fields}`;
}

function findUser(exchange: Exchange, idOrName: string): DirectoryObject {
  const user = exchange.tenant.findUser(idOrName);
  if (!user) throw notFound(idOrName);
  return user;
}

function unknownSetting(name: string): GraphFailure {
  return new GraphFailure(
    400,
    "BadRequest",
    `Could not find a property named '${name}' on type 'microsoft.graph.mailboxSettings'.`,
  );
}

function settingsOf(mailbox: PresentMailbox, exchange: Exchange): Record<string, unknown> {
  const { userPurpose, locale, timeZone } = mailbox;
  const zone = timeZone ?? "UTC";
  const day = new Date(exchange.tenant.clock.now()).toISOString().slice(0, 10);
  const moment = { dateTime: `${day}T00:00:00.0000000`, timeZone: "UTC" };
  return {
    archiveFolder: `AAMk${exchange.tenant.id}`,
    timeZone,
    dateFormat: "yyyy-MM-dd",
    timeFormat: "HH:mm",
    delegateMeetingMessageDeliveryOptions: "sendToDelegateOnly",
    userPurpose: exchange.tenant.userPurposeShape === "object" ? { value: userPurpose } : userPurpose,
    language: locale === null ? null : { locale, displayName: locale },
    automaticRepliesSetting: {
      status: "disabled",
      externalAudience: "all",
      internalReplyMessage: "",
      externalReplyMessage: "",
      scheduledStartDateTime: moment,
      scheduledEndDateTime: moment,
    },
    workingHours: {
      daysOfWeek: ["monday", "tuesday", "wednesday", "thursday", "friday"],
      startTime: "08:00:00.0000000",
      endTime: "17:00:00.0000000",
      timeZone: { name: zone },
    },
  };
}
