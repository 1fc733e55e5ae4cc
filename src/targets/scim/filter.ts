/** Filters (RFC 7644 §3.4.2.2). Values are JSON strings there, so nothing in them can end them. */

export function equals(attribute: string, value: string): string {
  return `${attribute} eq ${JSON.stringify(value)}`;
}

/** The path of one value of a multi-valued attribute: `entitlements[value eq "Pro"]`. */
export function valuePath(attribute: string, value: string): string {
  return `${attribute}[${equals("value", value)}]`;
}
