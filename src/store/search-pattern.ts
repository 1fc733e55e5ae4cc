/** What is searched for, as patterns that SQLite compares by itself: its LIKE and NOCASE know upper and lower case of A to Z only. */

/** Letters that share their other case with one of these: no change of case leads to them. */
const TWINS: Readonly<Record<string, string>> = { σ: "ς", ß: "ẞ" };

/**
 * GLOB patterns of the texts that contain `part`, whatever the case of their letters. A letter with an accent may be written as one character
 * or as two (NFC, NFD): there is a pattern of each where the two differ.
 */
export function containing(part: string): readonly string[] {
  const forms = new Set([part.normalize("NFC"), part.normalize("NFD")]);
  return [...forms].map((form) => `*${[...form].map(inEitherCase).join("")}*`);
}

function inEitherCase(character: string): string {
  const lower = character.toLowerCase();
  const cases = [character, lower, character.toUpperCase(), lower.toUpperCase(), TWINS[lower] ?? lower];
  // A class holds single characters: ß stays ß, though in capitals it may be written SS.
  const letters = [...new Set(cases)].filter((letter) => [...letter].length === 1);
  return letters.length > 1 || "*?[".includes(character) ? `[${letters.join("")}]` : character;
}
