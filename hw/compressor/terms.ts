/**
 * Terms that long searches have found (`search` with `from: 'none'` and thousands of tries): good for heaps of any size, so that a
 * search that begins with them needs few tries. Per level: worth of a bit and of a product, share of the products, carry cells per bit, cost of a start.
 */
import type { FamilyName } from './family.ts';
import type { Terms } from './search.ts';

const terms = (...levels: readonly (readonly [number, number, number, number, number])[]): Terms[] =>
  levels.map(([bit, product, share, cells, start]) => ({ bit, product, share, cells, start }));

export const knownTerms: { readonly [F in FamilyName]: readonly (readonly Terms[])[] } = {
  xilinx: [
    // eight planes
    terms(
      [0.845, 1.27, 0.511, 0.192, 0.463],
      [1.121, 1.91, 0.597, 0.193, 0.463],
      [1.23, 1.299, 0.072, 0.204, 0.463],
      [1.603, 1.754, 0.854, 0.144, 0.463],
      [1.46, 2.114, 0, 0.164, 0.463],
      [1.718, 3.077, 0.94, 0.139, 0.463],
      [1.962, 2.146, 0.058, 0.183, 0.463],
    ),
    // one column
    terms(
      [0.781, 1.314, 0.599, 0.236, 1.006],
      [0.823, 1.784, 0.949, 0.063, 1.006],
      [0.949, 1.658, 0.056, 0.224, 1.006],
      [0.977, 1.199, 0.039, 0.138, 1.006],
      [1.329, 1.821, 0.257, 0.061, 1.006],
      [1.176, 1.749, 0.57, 0.105, 1.006],
      [1.421, 2.107, 0.546, 0.222, 1.006],
    ),
  ],
  'xilinx-portable': [
    // eight planes
    terms(
      [0.845, 1.26, 0.591, 0.2, 0.514],
      [1.102, 2.381, 0.59, 0.191, 0.514],
      [1.311, 1.559, 0.05, 0.228, 0.514],
      [1.387, 1.945, 0.927, 0.162, 0.514],
      [1.354, 1.735, 0.135, 0.203, 0.514],
      [1.521, 2.44, 1, 0.159, 0.514],
      [1.646, 3.114, 0.218, 0.174, 0.514],
    ),
    // one column
    terms(
      [0.636, 1.48, 0.744, 0.159, 0.653],
      [0.826, 1.072, 0.647, 0.178, 0.653],
      [0.852, 1.378, 0.142, 0.216, 0.653],
      [0.942, 1.655, 0.172, 0.15, 0.653],
      [1.184, 1.544, 0.277, 0.134, 0.653],
      [1.237, 1.979, 0.222, 0.19, 0.653],
      [1.382, 1.656, 0.828, 0.069, 0.653],
    ),
  ],
  ecp5: [],
};
