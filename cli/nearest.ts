/** "Did you mean": the known word that a mistyped one is closest to. */

/** Insertions, deletions and replacements from `a` to `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The word that `word` begins, or the one with the fewest typing errors, at most a third of its letters. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length >= 3) {
    const begun = known.find((k) => k.startsWith(word));
    if (begun !== undefined) return begun;
  }
  const ranked = known.map((k) => ({ k, d: distance(word.toLowerCase(), k) })).sort((x, y) => x.d - y.d);
  const best = ranked[0];
  return best !== undefined && best.d <= Math.max(1, Math.ceil(best.k.length / 3)) ? best.k : undefined;
}
