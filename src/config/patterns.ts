/** Patterns of what stands in tiersync.yaml, for the schema and for commands that ask for it before there is one. */
import { GUID } from "../model/directory.ts";

/** A tenant's name in logs, API and rules. */
export const TENANT_NAME = /^[A-Za-z0-9_-]{1,64}$/;
export const TENANT_NAME_RULE = "letters, digits, - and _ (at most 64)";

/** A domain as Entra verifies it: labels of at most 63, 253 in all. */
export const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/i;

/** Whether it can be a directory (tenant) id. */
export function isTenantId(text: string): boolean {
  return GUID.test(text) || DOMAIN.test(text);
}
