/**
 * The published list of attributes that rules can use: Graph's `user` properties (v1.0, User.Read.All) whose changes
 * `users/delta` reports, and three mailbox settings. Left out: what needs further permissions, what lives outside the directory, and
 * what changes by itself every few minutes.
 */

/** texts: a list, of which any element may match. */
export type AttributeType = "text" | "texts" | "boolean";

export interface Attribute {
  readonly name: string;
  readonly type: AttributeType;
  /** Where it is read: a user property (its name for `$select`), or the mailbox settings. */
  readonly source: { readonly kind: "user"; readonly select: string } | { readonly kind: "mailbox" };
}

const TEXT = [
  "ageGroup",
  "city",
  "companyName",
  "consentProvidedForMinor",
  "country",
  "createdDateTime",
  "creationType",
  "department",
  "displayName",
  "employeeHireDate",
  "employeeId",
  "employeeOrgData.costCenter",
  "employeeOrgData.division",
  "employeeType",
  "externalUserState",
  "faxNumber",
  "givenName",
  "id",
  "jobTitle",
  "legalAgeGroupClassification",
  "mail",
  "mailNickname",
  "mobilePhone",
  "officeLocation",
  "onPremisesDistinguishedName",
  "onPremisesDomainName",
  ...Array.from({ length: 15 }, (_, i) => `onPremisesExtensionAttributes.extensionAttribute${i + 1}`),
  "onPremisesImmutableId",
  "onPremisesSamAccountName",
  "onPremisesSecurityIdentifier",
  "onPremisesUserPrincipalName",
  "passwordPolicies",
  "postalCode",
  "preferredDataLocation",
  "preferredLanguage",
  "securityIdentifier",
  "state",
  "streetAddress",
  "surname",
  "usageLocation",
  "userPrincipalName",
  "userType",
];
const TEXTS = ["businessPhones", "imAddresses", "otherMails", "proxyAddresses"];
const BOOLEAN = ["accountEnabled", "isResourceAccount", "onPremisesSyncEnabled"];
const MAILBOX = ["mailbox.purpose", "mailbox.locale", "mailbox.timeZone"];

function userAttribute(type: AttributeType): (name: string) => Attribute {
  return (name) => ({ name, type, source: { kind: "user", select: name.split(".")[0] ?? name } });
}

/** Every usable attribute by its name, Graph's properties first. */
export const ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map(
  [
    ...TEXT.map(userAttribute("text")),
    ...TEXTS.map(userAttribute("texts")),
    ...BOOLEAN.map(userAttribute("boolean")),
    ...MAILBOX.map((name): Attribute => ({ name, type: "text", source: { kind: "mailbox" } })),
  ].map((attribute) => [attribute.name, attribute]),
);

export const ATTRIBUTE_NAMES: readonly string[] = [...ATTRIBUTES.keys()];
