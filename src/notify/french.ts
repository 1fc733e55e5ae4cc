/** What the French texts share. */
import type { ActionKind } from "../model/action.ts";

/** What an action is called: one, and several. */
export const KINDS: Readonly<Record<ActionKind, readonly [string, string]>> = {
  create: ["création", "créations"],
  adopt: ["reprise de compte", "reprises de compte"],
  assign: ["attribution", "attributions"],
  change: ["changement de niveau", "changements de niveau"],
  wait: ["mise en attente", "mises en attente"],
  update: ["mise à jour", "mises à jour"],
  revoke: ["retrait de licence", "retraits de licence"],
  purge: ["suppression de journaux", "suppressions de journaux"],
  release: ["fin de gestion", "fins de gestion"],
};

/** French puts no-break spaces inside guillemets and before high punctuation; what is filled in stays as it is. */
export function fr(literals: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  const spaced = literals.map((text) => text.replace(/ (?=[:;»])|(?<=«) /g, "\u{00A0}"));
  return spaced.map((text, index) => `${text}${values[index] ?? ""}`).join("");
}
