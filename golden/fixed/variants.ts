/** Alternatives to the default formats, by the names that the command line takes. */
import { GoldenProblem } from '../problem.ts';
import { defaultNumerics, type Numerics, type RowState } from './numerics.ts';

const row = (n: Numerics, change: Partial<RowState>): Numerics => ({
  ...n,
  state: { ...(defaultNumerics.state as RowState), ...change },
});

/** Each option's values. Those that change nothing are the defaults. */
export const VARIANTS = {
  activation_bits: {
    8: (n: Numerics) => n,
    12: (n: Numerics): Numerics => ({ ...n, matmul: { ...n.matmul, activationBits: 12 } }),
    6: (n: Numerics): Numerics => ({ ...n, matmul: { ...n.matmul, activationBits: 6 } }),
    4: (n: Numerics): Numerics => ({ ...n, matmul: { ...n.matmul, activationBits: 4 } }),
  },
  state_format: {
    row8: (n: Numerics) => n,
    'row8-nearest': (n: Numerics) => row(n, { rounding: 'nearest' }),
    row6: (n: Numerics) => row(n, { bits: 6, workBits: 22 }),
    head16: (n: Numerics): Numerics => ({ ...n, state: { kind: 'head' } }),
    head12: (n: Numerics): Numerics => ({ ...n, state: { kind: 'head' }, scan: { ...n.scan, stateBits: 12 } }),
  },
  head_bits: {
    8: (n: Numerics) => n,
    6: (n: Numerics): Numerics => ({ ...n, head: { ...n.head, weightBits: 6 } }),
    4: (n: Numerics): Numerics => ({ ...n, head: { ...n.head, weightBits: 4 } }),
  },
  head_activation_bits: {
    8: (n: Numerics) => n,
    12: (n: Numerics): Numerics => ({ ...n, head: { ...n.head, activationBits: 12 } }),
  },
  dense_bits: {
    8: (n: Numerics) => n,
    6: (n: Numerics): Numerics => ({ ...n, denseBits: 6 }),
    4: (n: Numerics): Numerics => ({ ...n, denseBits: 4 }),
  },
  scale_tile: {
    headdim: (n: Numerics) => n,
    32: (n: Numerics): Numerics => ({ ...n, norm: { ...n.norm, scaleTile: 32 } }),
    16: (n: Numerics): Numerics => ({ ...n, norm: { ...n.norm, scaleTile: 16 } }),
  },
  seed: {
    1: (n: Numerics) => n,
    2: (n: Numerics) => row(n, { seed: 2 }),
    3: (n: Numerics) => row(n, { seed: 3 }),
  },
} as const satisfies Record<string, Record<string, (n: Numerics) => Numerics>>;

/** The default formats with one option changed. Errors: `usage`. */
export function variant(numerics: Numerics, option: string, value: string): Numerics {
  const values = (VARIANTS as Record<string, Record<string, (n: Numerics) => Numerics>>)[option];
  const change = values !== undefined && Object.hasOwn(values, value) ? values[value] : undefined;
  if (change !== undefined) return change(numerics);
  throw new GoldenProblem({
    id: 'usage',
    what: values === undefined ? `no number format is called '${option}'` : `${option} does not know '${value}'`,
    where: 'command line',
    expected: (values === undefined ? Object.keys(VARIANTS) : Object.keys(values)).join(', '),
    found: values === undefined ? option : value,
    remedy: 'use one of these',
  });
}
