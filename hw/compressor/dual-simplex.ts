/** Linear programs whose costs are not negative, by the dual simplex method on a dense tableau. */

export interface LinearProgram {
  /** Of each variable, at least 0. */
  readonly costs: readonly number[];
  /** Each demands sum_j coefficients[j] x_j >= least; variables that are left out have coefficient 0. */
  readonly rows: readonly { readonly coefficients: ReadonlyMap<number, number>; readonly least: number }[];
}

/**
 * Prices y >= 0 of the rows, which are optimal for the dual program: sum_i y_i a_ij <= cost_j for all j, sum_i y_i least_i as large as it can be, which is the least
 * cost. Undefined where no x >= 0 meets the demands. Throws where `steps` do not suffice.
 */
export function prices({ costs, rows }: LinearProgram, steps = 20_000): Float64Array | undefined {
  const [n, m] = [costs.length, rows.length];
  const width = n + m + 1; // variables, slacks, right side
  const table = rows.map(({ coefficients, least }, i) => {
    const row = new Float64Array(width);
    for (const [j, a] of coefficients) row[j] = -a;
    row[n + i] = 1;
    row[width - 1] = -least;
    return row;
  });
  // costs a little above 0 and all different, so that no two steps tie
  const reduced = Float64Array.from({ length: width }, (_, j) =>
    j < n ? costs[j]! + 1e-7 * (1 + ((j * 7919) % 1009) / 1009) : 0,
  );
  for (let step = 0; step < steps; step++) {
    const leaving = lowest(table, width - 1);
    if (table[leaving]![width - 1]! > -tolerance) return reduced.subarray(n, n + m);
    const entering = cheapest(table[leaving]!, reduced, width - 1);
    if (entering === undefined) return undefined;
    pivot(table, reduced, leaving, entering);
  }
  throw new Error(`no optimum of a linear program of ${n} variables and ${m} rows in ${steps} steps`);
}

const tolerance = 1e-9;

function lowest(table: readonly Float64Array[], column: number): number {
  let best = 0;
  for (let i = 1; i < table.length; i++) if (table[i]![column]! < table[best]![column]!) best = i;
  return best;
}

/** The column whose price per unit is least, so that no reduced cost becomes negative. */
function cheapest(row: Float64Array, reduced: Float64Array, count: number): number | undefined {
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; j < count; j++) {
    if (row[j]! > -tolerance) continue;
    const ratio = reduced[j]! / -row[j]!;
    if (ratio < least) [best, least] = [j, ratio];
  }
  return best;
}

function pivot(table: readonly Float64Array[], reduced: Float64Array, leaving: number, entering: number): void {
  const row = table[leaving]!;
  const by = 1 / row[entering]!;
  for (let j = 0; j < row.length; j++) row[j]! *= by;
  for (const other of [...table, reduced]) {
    const factor = other[entering]!;
    if (other === row || factor === 0) continue;
    for (let j = 0; j < row.length; j++) other[j]! -= factor * row[j]!;
  }
}
