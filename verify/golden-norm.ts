/** Vectors through the norm and quantizer, with what golden makes of them. */
import { type QuantizedInput, quantizeInput } from '../golden/fixed/index.ts';
import type { FixedProjection } from '../golden/fixed/projection.ts';

export interface NormJob {
  readonly group: string;
  readonly label: string;
  readonly projection: FixedProjection;
  /** Columns that begin a beat together. */
  readonly packet: number;
  /** [cols] */
  readonly x: Int32Array;
  readonly expected: QuantizedInput;
  /** Bias terms clamped. */
  readonly clamped: number;
}

export function normJob(
  projection: FixedProjection,
  packet: number,
  x: Int32Array,
  label: Pick<NormJob, 'group' | 'label'>,
): NormJob {
  const clamped: Record<string, number> = {};
  const expected = quantizeInput(projection, x, clamped);
  return { ...label, projection, packet, x, expected, clamped: clamped['bias'] ?? 0 };
}
