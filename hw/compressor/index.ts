/** Compressors: sums of many bits and products, planned for a family of devices and printed three ways. */
export { pricesOf } from './bound.ts';
export { type CompressorCells, compressorCells } from './cells.ts';
export { type CompressorOptions, compressor, type Print, withConstant } from './compressor.ts';
export type { FamilyName } from './family.ts';
export { type PlanRow, planRows } from './picture.ts';
export { type Column, defaultEvery, type Heap, type Operation, type Plan } from './plan.ts';
export { type SearchOptions, searchPlan } from './search.ts';
