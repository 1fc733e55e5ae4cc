/** French puts no-break spaces inside guillemets and before high punctuation; what is filled in stays as it is. */
export function fr(literals: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  const spaced = literals.map((text) => text.replace(/ (?=[:;»])|(?<=«) /g, "\u{00A0}"));
  return spaced.map((text, index) => `${text}${values[index] ?? ""}`).join("");
}
