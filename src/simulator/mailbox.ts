/** The mailbox behind a simulated user, and the ways in which Exchange says that there is none. */

export interface PresentMailbox {
  readonly kind: "present";
  /** user | linked | shared | room | equipment | others */
  readonly userPurpose: string;
  readonly locale: string | null;
  readonly timeZone: string | null;
}

export type MissingMailbox =
  | "notEnabled"
  | "notEnabledOld"
  | "notDiscovered"
  | "accessDenied"
  | "odataDisabled"
  | "extensionError"
  | "failing";

export type SimulatedMailbox = PresentMailbox | { readonly kind: MissingMailbox };

/** Status, code and message for each way of having no readable mailbox. */
export const MAILBOX_FAILURES: Readonly<Record<MissingMailbox, readonly [number, string, string]>> = {
  notEnabled: [
    404,
    "MailboxNotEnabledForRESTAPI",
    "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
  ],
  notEnabledOld: [404, "MailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox."],
  notDiscovered: [404, "ResourceNotFound", "Resource could not be discovered."],
  accessDenied: [403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."],
  odataDisabled: [403, "ErrorAccessDenied", "Access to OData is disabled."],
  extensionError: [403, "ExtensionError", "Operation: Read; Exception: [Status Code: Forbidden; Reason: ]"],
  failing: [403, "ErrorInternalServerError", "The process failed to get the correct properties."],
};

/** What someone has of whom nothing was said: a mailbox, if there is an address and it is no guest. */
export function defaultMailbox(properties: Readonly<Record<string, unknown>>): SimulatedMailbox {
  if (typeof properties["mail"] !== "string" || properties["userType"] === "Guest") return { kind: "notEnabled" };
  const language = properties["preferredLanguage"];
  return {
    kind: "present",
    userPurpose: "user",
    locale: typeof language === "string" ? language : "en-US",
    timeZone: "UTC",
  };
}
