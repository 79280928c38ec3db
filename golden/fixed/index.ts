/** The specification of the hardware's results: formats, and one plain integer function per unit. */
export * from './arithmetic.ts';
export * from './convolution.ts';
export * from './matmul.ts';
export * from './mixer.ts';
export * from './noise.ts';
export * from './norm.ts';
export * from './numerics.ts';
export * from './planes.ts';
export {
  type FixedProjection,
  fixProjection,
  type GroupProduct,
  groupResults,
  groupVector,
  multiply,
  type QuantizedInput,
  quantizeInput,
  ROW_SHIFT,
  resultUnit,
  rowFactors,
  sumGroups,
} from './projection.ts';
export * from './scan.ts';
export * from './scan-formats.ts';
export * from './scan-rows.ts';
export * from './tables.ts';
