/** The set-up scripts as text: values of this installation in front, and a body that is the same everywhere. Pure. */
import { AgentError } from "../errors.ts";
import { plainText } from "../model/plain-text.ts";
import powershellTemplate from "./templates/entra-setup.ps1.txt" with { type: "text" };
import azTemplate from "./templates/entra-setup.sh.txt" with { type: "text" };

export type SetupShell = "powershell" | "az";

/** Ids of Microsoft Graph's app roles ("Microsoft Graph permissions reference"); the same in every tenant and cloud. */
export const GRAPH_PERMISSIONS: Readonly<Record<string, string>> = {
  "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
  "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
  "MailboxSettings.Read": "40f97065-369a-49f4-947c-6a255697ae91",
  "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
};

export interface SetupValues {
  /** Display name of the app registration. */
  readonly appName: string;
  /** Name in tiersync.yaml: letters, digits, - and _. */
  readonly tenant: string;
  /** GUID or domain; empty: whichever tenant the person signs in to. */
  readonly tenantId: string;
  /** Of an app registration that may be there already; empty: none is known. */
  readonly clientId: string;
  /** As Connect-MgGraph names it. */
  readonly environment: "Global" | "USGov" | "USGovDoD" | "China";
  /** Base URL of Microsoft Graph. */
  readonly graph: string;
  /** For tiersync.yaml: the key file. */
  readonly credential: string;
  /** Absolute path of the certificate to upload. */
  readonly certificateFile: string;
  /** Base64 of the DER of the certificates to upload; none: the script reads `certificateFile`. */
  readonly certificates: readonly string[];
  readonly parentGroup: { readonly name: string } | { readonly id: string };
  readonly groups: readonly string[];
}

/** Throws `ERR_USAGE` for text that has no place in a script. */
export function setupScript(shell: SetupShell, values: SetupValues): string {
  const names = [values.appName, ...values.groups, "name" in values.parentGroup ? values.parentGroup.name : ""];
  for (const text of [...names, values.certificateFile, values.credential]) refuseUnsafe(text);
  if (shell === "az") for (const name of names) refuseFileMark(name);
  const template: string = shell === "az" ? azTemplate : powershellTemplate;
  const block = shell === "az" ? bashValues(values) : powershellValues(values);
  return template.replaceAll("\r\n", "\n").replace("{{values}}", () => block);
}

/** Control and invisible characters would let a script read as something else than it is. */
function refuseUnsafe(text: string): void {
  if (plainText(text) === text) return;
  throw new AgentError(
    "ERR_USAGE",
    `"${plainText(text)}" has control or invisible characters and cannot be put into a script`,
  );
}

/** The Azure CLI takes "@name" for "read the file name". */
function refuseFileMark(name: string): void {
  if (!name.startsWith("@")) return;
  throw new AgentError("ERR_USAGE", `"${name}": the Azure CLI takes names that begin with @ for files`, {
    hint: "use --shell powershell",
  });
}

function powershellValues(values: SetupValues): string {
  const { parentGroup, certificates } = values;
  const q = powershellQuote;
  return [
    "# --- Values of this installation ---",
    "",
    `$AppName = ${q(values.appName)}`,
    `$TenantId = ${q(values.tenantId)} # empty: the tenant that you sign in to`,
    `$ClientId = ${q(values.clientId)} # an app registration that may be there already`,
    `$Environment = ${q(values.environment)}`,
    `$ParentGroup = ${q("name" in parentGroup ? parentGroup.name : "")}`,
    `$ParentGroupId = ${q("id" in parentGroup ? parentGroup.id : "")} # instead of the name`,
    `$Groups = @(${values.groups.map(q).join(", ")})`,
    "$Permissions = [ordered]@{",
    ...Object.entries(GRAPH_PERMISSIONS).map(([name, id]) => `    ${`'${name}'`.padEnd(22)} = '${id}'`),
    "}",
    "# For tiersync.yaml.",
    `$Tenant = ${q(values.tenant)}`,
    `$Credential = ${q(yamlScalar(values.credential))}`,
    "# The public certificate, in Base64; none here: read from the file when this runs.",
    `$CertificateFile = ${q(values.certificateFile)}`,
    certificates.length === 0
      ? "$Certificates = @()"
      : `$Certificates = @(\n${certificates.map((text) => `'${folded(text)}'`).join(",\n")}\n)`,
  ].join("\n");
}

function bashValues(values: SetupValues): string {
  const { parentGroup, certificates } = values;
  const q = bashQuote;
  return [
    "# --- Values of this installation ---",
    "",
    `app_name=${q(values.appName)}`,
    `tenant_id=${q(values.tenantId.toLowerCase())} # empty: the tenant that you are signed in to`,
    `client_id=${q(values.clientId)} # an app registration that may be there already`,
    `graph=${q(values.graph)}`,
    `parent_group=${q("name" in parentGroup ? parentGroup.name : "")}`,
    `parent_id=${q("id" in parentGroup ? parentGroup.id : "")} # instead of the name`,
    `groups=(${values.groups.map(q).join(" ")})`,
    "permissions=(",
    ...Object.entries(GRAPH_PERMISSIONS).map(([name, id]) => `  '${id} ${name}'`),
    ")",
    "# For tiersync.yaml.",
    `tenant=${q(values.tenant)}`,
    `credential=${q(yamlScalar(values.credential))}`,
    "# The public certificate, in Base64; none here: read from the file when this runs.",
    `certificate_file=${q(values.certificateFile)}`,
    certificates.length === 0
      ? "certificates=()"
      : `certificates=(\n${certificates.map((text) => `'${folded(text)}'`).join("\n")}\n)`,
  ].join("\n");
}

/** One word of bash, whatever is in it. */
export function bashQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * A string of PowerShell, whatever is in it, in ASCII: Windows PowerShell reads a script without BOM in the computer's code page, and
 * takes typographic quotes for quotes.
 */
export function powershellQuote(text: string): string {
  const parts = (text.match(/[\x20-\x7e]+|[^\x20-\x7e]/g) ?? []).map((part) =>
    /^[\x20-\x7e]/.test(part)
      ? `'${part.replaceAll("'", "''")}'`
      : `[char]0x${part.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
  if (parts.length === 0) return "''";
  // A character plus a string would be a sum.
  if (parts[0]?.startsWith("[") === true) parts.unshift("''");
  return parts.length === 1 ? (parts[0] ?? "''") : `(${parts.join(" + ")})`;
}

function yamlScalar(text: string): string {
  return /^[A-Za-z][\w./-]*$/.test(text) ? text : JSON.stringify(text);
}

function folded(base64: string): string {
  return base64.match(/.{1,64}/g)?.join("\n") ?? "";
}
