/** Functions of a few bits, written once: on numbers they give the tables of LUTs, on signals Verilog. */

/** A bit of some algebra; undefined is 0. */
export type Bit<B> = B | undefined;

export interface Logic<B> {
  and(a: Bit<B>, b: Bit<B>): Bit<B>;
  or(a: Bit<B>, b: Bit<B>): Bit<B>;
  xor(a: Bit<B>, b: Bit<B>): Bit<B>;
}

/** An algebra with 0 kept out of its way. */
export function logicOf<B>(g: { readonly [K in keyof Logic<B>]: (a: B, b: B) => B }): Logic<B> {
  return {
    and: (a, b) => (a === undefined || b === undefined ? undefined : g.and(a, b)),
    or: (a, b) => (a === undefined ? b : b === undefined ? a : g.or(a, b)),
    xor: (a, b) => (a === undefined ? b : b === undefined ? a : g.xor(a, b)),
  };
}

export type Formula = <B>(g: Logic<B>, x: readonly Bit<B>[]) => Bit<B>;

export const parity: Formula = (g, x) => x.reduce((a, b) => g.xor(a, b), undefined);

export const either =
  (n: number): Formula =>
  (_g, x) =>
    x[n];

/** Bit k of a function's sum with the last argument, where the function of the others gives bit k: its exclusive or. */
export const plusLast =
  (f: Formula): Formula =>
  (g, x) =>
    g.xor(f(g, x.slice(0, -1)), x.at(-1));

/** Bit k of the number of ones. */
export const count =
  (k: number): Formula =>
  (g, x) =>
    numberOfOnes(g, x)[k];

/** By full and half adders, from the lowest bit up. */
function numberOfOnes<B>(g: Logic<B>, x: readonly Bit<B>[]): B[] {
  const bits: B[] = [];
  for (let column: B[] = x.filter((b) => b !== undefined); column.length > 0; ) {
    const carries: B[] = [];
    while (column.length > 1) {
      const [a, b, c] = column.splice(0, 3) as Bit<B>[];
      const half = g.xor(a, b);
      const carry = g.or(g.and(a, b), g.and(half, c));
      column.push(g.xor(half, c)!);
      carries.push(carry!);
    }
    bits.push(column[0]!);
    column = carries;
  }
  return bits;
}
