/** Linear least squares with coefficients that are not negative. */

/**
 * x >= 0 that makes |A x - b| least, by coordinate descent: the problem is convex, and every step solves one coordinate exactly. Columns of zeros
 * get 0.
 */
export function nonNegative(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const count = a[0]?.length ?? 0;
  const x = new Array<number>(count).fill(0);
  const rest = [...b];
  const squares = x.map((_, j) => a.reduce((sum, row) => sum + row[j]! ** 2, 0));
  for (let round = 0; round < rounds; round++) {
    let moved = 0;
    for (const [j, square] of squares.entries()) {
      if (square === 0) continue;
      const gradient = a.reduce((sum, row, i) => sum + row[j]! * rest[i]!, 0);
      const next = Math.max(0, x[j]! + gradient / square);
      const step = next - x[j]!;
      if (step === 0) continue;
      x[j] = next;
      for (const [i, row] of a.entries()) rest[i]! -= row[j]! * step;
      moved = Math.max(moved, Math.abs(step) * Math.sqrt(square));
    }
    if (moved < tolerance) break;
  }
  return x;
}

const rounds = 200_000;
const tolerance = 1e-9;
