/** Time zones as SCIM wants them (RFC 7643 §4.1.1: IANA names), from what Exchange writes. */
import { WINDOWS_ZONES } from "./windows-zones.ts";

const BY_NAME = new Map(Object.entries(WINDOWS_ZONES).map(([name, zone]) => [name.toLowerCase(), zone]));

/** `Eastern Standard Time` → `America/New_York`; an IANA name stays. Null for a name that nobody knows (customised zones). */
export function ianaZone(name: string): string | null {
  const known = BY_NAME.get(name.trim().toLowerCase());
  if (known !== undefined) return known;
  if (!/^[A-Za-z]+(\/[A-Za-z0-9_+-]+)+$/.test(name.trim())) return null;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name.trim() });
    return name.trim();
  } catch {
    return null;
  }
}
