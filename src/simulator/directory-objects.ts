/** What a simulated directory holds, and which properties Graph knows of each type. */

export type ObjectKind = "user" | "group" | "device" | "orgContact";

/** Immutable: a change replaces the record, so that rendered JSON can be cached by identity. */
export interface DirectoryObject {
  readonly kind: ObjectKind;
  readonly id: string;
  /** Order of creation; lists are paged in this order. */
  readonly ordinal: number;
  /** Graph properties. An absent key was never set: `null` in lists, left out of deltas. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Soft-deleted: epoch milliseconds; null: alive. */
  readonly deletedAt: number | null;
}

const COMMON = ["id", "displayName"];

/** Properties of Graph v1.0 that `$select` accepts, by type. */
export const PROPERTIES: Readonly<Record<ObjectKind, ReadonlySet<string>>> = {
  user: new Set([
    ...COMMON,
    ...["accountEnabled", "ageGroup", "assignedLicenses", "assignedPlans", "businessPhones", "city", "companyName"],
    ...["consentProvidedForMinor", "country", "createdDateTime", "creationType", "department", "deletedDateTime"],
    ...["employeeHireDate", "employeeId", "employeeOrgData", "employeeType", "externalUserState", "faxNumber"],
    ...["externalUserStateChangeDateTime", "givenName", "identities", "imAddresses", "jobTitle", "mail"],
    ...["lastPasswordChangeDateTime", "legalAgeGroupClassification", "licenseAssignmentStates", "mailNickname"],
    ...["mobilePhone", "officeLocation", "onPremisesDistinguishedName", "onPremisesDomainName"],
    ...["onPremisesExtensionAttributes", "onPremisesImmutableId", "onPremisesLastSyncDateTime"],
    ...["onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled"],
    ...["onPremisesUserPrincipalName", "otherMails", "passwordPolicies", "postalCode", "preferredDataLocation"],
    ...["preferredLanguage", "provisionedPlans", "proxyAddresses", "securityIdentifier", "showInAddressList"],
    ...["state", "streetAddress", "surname", "usageLocation", "userPrincipalName", "userType"],
  ]),
  group: new Set([
    ...COMMON,
    ...["classification", "createdDateTime", "deletedDateTime", "description", "expirationDateTime", "groupTypes"],
    ...["isAssignableToRole", "mail", "mailEnabled", "mailNickname", "membershipRule"],
    ...["membershipRuleProcessingState", "onPremisesDomainName", "onPremisesLastSyncDateTime"],
    ...["onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "preferredDataLocation"],
    ...["preferredLanguage", "proxyAddresses", "renewedDateTime", "securityEnabled", "securityIdentifier", "theme"],
    ...["uniqueName", "visibility"],
  ]),
  device: new Set([...COMMON, "accountEnabled", "deviceId", "operatingSystem", "operatingSystemVersion", "trustType"]),
  orgContact: new Set([...COMMON, "companyName", "department", "givenName", "jobTitle", "mail", "surname"]),
};

/** What Graph returns of a user or group when nothing is selected. */
export const DEFAULT_PROPERTIES: Readonly<Record<ObjectKind, readonly string[]>> = {
  user: [
    ...["businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation"],
    ...["preferredLanguage", "surname", "userPrincipalName", "id"],
  ],
  group: [...PROPERTIES.group].filter((name) => name !== "isAssignableToRole"),
  device: [...PROPERTIES.device],
  orgContact: [...PROPERTIES.orgContact],
};

/** Kept outside the directory: selecting them in lists or deltas is a 501. */
export const ELSEWHERE: ReadonlySet<string> = new Set([
  ...["aboutMe", "birthday", "hireDate", "interests", "mySite", "pastProjects", "preferredName", "responsibilities"],
  ...["schools", "skills", "mailboxSettings"],
]);

/** A GUID that looks random and is the same for the same seed and number. */
export function guid(seed: number, number: number): string {
  const words = [1, 2, 3, 4].map((salt) => mix(seed ^ Math.imul(salt, 0x9e3779b9), number));
  const hex = words.map((word) => word.toString(16).padStart(8, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function mix(seed: number, number: number): number {
  let value = Math.imul(number + 1, 0x9e3779b1) ^ seed;
  for (const factor of [0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]) {
    value = Math.imul(value ^ (value >>> 15), factor);
  }
  return (value ^ (value >>> 16)) >>> 0;
}

/** A number from a text, the same on every run. */
export function seedOf(text: string): number {
  let seed = 0x811c9dc5;
  for (const character of text) seed = Math.imul(seed ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return seed >>> 0;
}
