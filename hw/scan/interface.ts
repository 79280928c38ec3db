/** The streams of the scan. */
import { type Bits, bit, output, sink, sint, source, uint, vector, widthOf } from '../../gen/index.ts';
import { fieldsIf, isStochastic, rowFormat, type ScanParameters, scanWidths } from './parameters.ts';

/** One element of the state for each lane of each row, as it is stored. */
export const stateShape = (p: ScanParameters) => vector(vector(sint(scanWidths(p).code), p.lanes), p.rows);
/** S' of the same elements, before rounding. */
export const workShape = (p: ScanParameters) => vector(vector(sint(scanWidths(p).work), p.lanes), p.rows);
export const exponentShape = (p: ScanParameters) => vector(uint(scanWidths(p).exponent), p.rows);
export const inputShape = (p: ScanParameters) => vector(sint(p.numerics.inputBits), p.lanes);

/** One token of one layer: its sizes, and what stochastic rounding depends on. */
export const tokenShape = (p: ScanParameters) => {
  const w = scanWidths(p);
  return {
    heads: uint(w.heads),
    heads_per_group: uint(w.heads),
    head_dim: uint(w.headDim),
    d_state: uint(w.state),
    tiles: uint(w.tiles),
    ...fieldsIf(isStochastic(p), () => ({ layer: uint(16), token: uint(32) })),
  };
};

/** What the parts of the core need of a token. */
export const preparedTokenShape = (p: ScanParameters) => {
  const { heads, heads_per_group, head_dim, tiles } = tokenShape(p);
  return { heads, heads_per_group, head_dim, tiles };
};
export const inputTokenShape = (p: ScanParameters) => {
  const { heads, heads_per_group, d_state } = tokenShape(p);
  return { heads, heads_per_group, d_state };
};
export const noiseTokenShape = (p: ScanParameters) => {
  const { heads, head_dim, tiles, layer, token } = tokenShape(p);
  return { heads, head_dim, tiles, layer, token };
};

export const headShape = ({ numerics: f }: ScanParameters) => ({
  decay: uint(f.decayFraction + 1),
  dt: uint(f.dtBits),
  direct: sint(f.directBits),
  step_shift: uint(f.shiftBits),
  output_shift: uint(f.shiftBits),
});

/** What enters and leaves the arithmetic, wherever the state is. Several values in a word: the first in the low bits. */
export const activationPorts = (p: ScanParameters) => {
  const f = p.numerics;
  const inputs = uint(p.lanes * f.inputBits);
  return {
    bc: sink(
      { b: inputs, c: inputs },
      `B and C of ${p.lanes} state elements, ${f.inputBits} bits each; group by group, ceil(d_state / ${p.lanes}) beats each`,
    ),
    head: sink(
      headShape(p),
      `one head: exp(dt A) in Q1.${f.decayFraction}, dt in Q${f.dtBits - f.dtFraction}.${f.dtFraction}, D and the shifts as above`,
    ),
    x: sink(uint(p.rows * f.inputBits), `x of ${p.rows} rows of a head; rows beyond head_dim are not looked at`),
    y: source(
      { y: uint(p.rows * f.outputBits), last: bit },
      `y of ${p.rows} rows, ${f.outputBits} bits each, 0 for rows beyond head_dim; last: of the token`,
    ),
    saturations: output(
      { step: uint(32), state: uint(32), output: uint(32) },
      'values clamped since reset, modulo 2^32, by format',
    ),
  };
};

const order = 'head by head, row group by row group';

/** The state as streams: what a token reads, and what it leaves, in the same order. */
export const statePorts = (p: ScanParameters) => ({
  state: sink(
    uint(widthOf(stateShape(p))),
    `state before the token: ${p.rows} rows x ${p.lanes} elements of ${scanWidths(p).code} bits; ${order}, tile by tile`,
  ),
  new_state: source(uint(widthOf(stateShape(p))), 'state after the token, in the same order'),
});

/** With an exponent per row, these are streams of their own: a word for every row group. */
export const exponentPorts = (p: ScanParameters) => {
  const there = rowFormat(p) !== undefined;
  return fieldsIf(there, () => exponentStreams(uint(widthOf(exponentShape(p))), `of ${p.rows} rows; ${order}`));
};

const exponentStreams = (word: Bits<'unsigned'>, what: string) => ({
  exponent: sink(word, `exponents before the token, ${what}`),
  new_exponent: source(word, 'exponents after the token, in the same order'),
});
