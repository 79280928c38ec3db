/** Work for the units, with the results that golden's contracts demand. */
import type { PlaneMatrix, Saturations, ScanInput, ScanShape, TiledVector } from '../golden/fixed/index.ts';
import type { Order, PlaneCoding } from '../hw/index.ts';

/** Products of the columns from...to-1 of a matrix with vectors that the array takes at once. */
export interface MatmulJob {
  /** Which part of which layer, e.g. `layer 0 in_proj`; results are reported by group. */
  readonly group: string;
  readonly label: string;
  readonly matrix: PlaneMatrix;
  readonly coding: PlaneCoding;
  readonly order: Order;
  /** Scales of rows and their factors of the bias, where the array takes them. */
  readonly factors?: { readonly scale: ArrayLike<number>; readonly offset: ArrayLike<number> } | undefined;
  /** All with the same from and to. */
  readonly vectors: readonly TiledVector[];
  /** [vectors][rows] */
  readonly expected: readonly ArrayLike<number>[];
}

/** One token of one layer through the scan. */
export interface ScanJob {
  readonly group: string;
  readonly label: string;
  readonly shape: ScanShape;
  /** The place of layer and sequence among the states; each keeps its own. */
  readonly slot: number;
  /** Of the model, and tokens since the state was cleared: 0 starts from a zero state. */
  readonly layer: number;
  readonly token: number;
  readonly input: ScanInput;
  /** [heads * headDim] */
  readonly expected: ArrayLike<number>;
  /** Values clamped on the way. */
  readonly saturations: Saturations;
}

/** How far the fixed-point results are from the float model's. */
export interface Deviation {
  readonly group: string;
  readonly ok: boolean;
  /** The |fixed - float| that uses most of its bound, and that bound. */
  readonly error: number;
  readonly bound: number;
  /** Root mean square of the error over that of the reference, and the most that rounding noise explains. */
  readonly relativeRms: number;
  readonly relativeNoise: number;
}

/** What a vector of results may be off by: in the worst case, and as the standard deviation of rounding noise. */
export interface Tolerance {
  readonly bound: number;
  readonly noise: number;
}

/** Rounding errors of float32 in the reference itself. */
const referenceRounding = 2 ** -20;

/** Collects errors against a reference. A value that is no number counts as infinitely wrong. */
export class DeviationMeter {
  #error = 0;
  #bound = 0;
  #worst = 0;
  #squares = 0;
  #noise = 0;
  #reference = 0;

  add(fixed: ArrayLike<number>, float: ArrayLike<number>, { bound, noise }: Tolerance): void {
    for (let i = 0; i < float.length; i++) {
      const difference = Math.abs(fixed[i]! - float[i]!);
      const error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
      const allowed = bound + referenceRounding * Math.abs(float[i]!);
      this.#squares += error * error;
      this.#noise += noise * noise;
      this.#reference += float[i]! * float[i]!;
      const used = error === 0 ? 0 : error / allowed;
      if (used < this.#worst) continue;
      this.#worst = used;
      this.#error = error;
      this.#bound = allowed;
    }
  }

  result(group: string): Deviation {
    const share = (squares: number): number => (squares === 0 ? 0 : Math.sqrt(squares / this.#reference));
    const [relativeRms, relativeNoise] = [share(this.#squares), share(this.#noise)];
    const noisy = this.#squares > this.#noise && relativeRms > referenceRounding;
    return {
      group,
      ok: this.#worst <= 1 && !noisy,
      error: this.#error,
      bound: this.#bound,
      relativeRms,
      relativeNoise,
    };
  }
}
