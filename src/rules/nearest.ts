/** The name that a mistyped one most probably means. */

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other: optimal string alignment. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The nearest of `names` and whether it is near enough to be meant; null when there are none. Case does not count. */
export function nearest(word: string, names: Iterable<string>): { name: string; close: boolean } | null {
  const wanted = word.slice(0, 100).toLowerCase();
  let found: { name: string; score: number; length: number } | null = null;
  for (const name of names) {
    const other = name.slice(0, 100).toLowerCase();
    const contained = wanted.length > 2 && other.length > 2 && (other.includes(wanted) || wanted.includes(other));
    const score = contained ? Math.min(1, distance(wanted, other)) : distance(wanted, other);
    if (found === null || score < found.score) found = { name, score, length: Math.max(wanted.length, other.length) };
  }
  return found === null ? null : { name: found.name, close: found.score <= Math.max(1, Math.floor(found.length / 3)) };
}

const LISTED = 12;

/** `; did you mean "Pro"?`, with the names there are when none is near; empty when there is none at all. */
export function suggestion(word: string, names: readonly string[]): string {
  const found = nearest(word, names);
  if (found === null) return "";
  if (found.close) return `; did you mean "${found.name}"?`;
  return names.length > LISTED ? `; the nearest is "${found.name}"` : `; known here: ${names.join(", ")}`;
}
