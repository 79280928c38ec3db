/** A run of the fixed-point model with everything that it shows. */
import type { FixedModel, FixedTap } from '../golden/index.ts';
import { createFixedSession, stepFixed } from '../golden/index.ts';

export interface FixedRun {
  readonly tokens: number;
  /** Results clamped on the way, by format. */
  readonly clamped: Readonly<Record<string, number>>;
  /** The intermediates of a layer and token, by name. */
  tapsOf(layer: number, token: number): (name: FixedTap['name']) => Int32Array;
}

/** Runs `tokens` from a cleared state. */
export function runFixed(fixed: FixedModel, tokens: ArrayLike<number>): FixedRun {
  const session = createFixedSession(fixed);
  const shown = Array.from(tokens, (token) => {
    const taps = new Map<string, Int32Array>();
    stepFixed(session, token, ({ layer, name, values }) => void taps.set(`${layer} ${name}`, Int32Array.from(values)));
    return taps;
  });
  return {
    tokens: tokens.length,
    clamped: session.clamped,
    tapsOf: (layer, token) => (name) => shown[token]!.get(`${layer} ${name}`)!,
  };
}

/** Jobs are made from what the model shows; together they must be the model. */
export function checkShown(label: string, made: ArrayLike<number>, shown: Int32Array): void {
  const at = shown.findIndex((v, i) => v !== made[i]);
  if (at >= 0)
    throw new Error(`${label}: the fixed model has ${shown[at]} in place ${at}, the unit's contract ${made[at]}`);
}
