/** The arrays that are measured. */
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { inProjRows, type ModelConfig, releasedConfigs } from '../../golden/index.ts';
import {
  devices,
  type Engine,
  type MatmulParameters,
  type NamedMatrix,
  type Plan,
  planMatmul,
} from '../../hw/index.ts';

/** 460 GB/s at 300 MHz. */
export const bitsPerCycle = (460e9 * 8) / 300e6;

export const layer = (config: ModelConfig): NamedMatrix[] => [
  { name: 'in_proj', rows: inProjRows(config), cols: config.dModel, planes: 1 },
  { name: 'out_proj', rows: config.dModel, cols: config.dInner, planes: 1 },
];

/** One array for the layers of all released sizes. */
export const planned = (engine?: Engine): Plan =>
  planMatmul({
    matrices: Object.values(releasedConfigs).flatMap(layer),
    bitsPerCycle,
    device: devices.xcu280,
    vectors: 1,
    engine,
    maxShift: 0,
    segment: 64,
    numerics: defaultNumerics.matmul,
  });

/** The array of the table of areas: 16 x 256, one exponent per vector. */
export const tile: MatmulParameters = {
  ...{ lanes: 16, columns: 256, segment: 256, load: 64, tokens: 1, drain: 16, planes: 1, maxShift: 0 },
  ...{ maxRows: 10576, maxColumns: 5120, numerics: defaultNumerics.matmul },
};

export const lookUpTile: MatmulParameters = { ...tile, engine: 'table', cells: 'xilinx', storedRows: tile.maxRows };
