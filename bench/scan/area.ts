/** What a lane of the scan takes on UltraScale+: the difference that more lanes make, part by part. */
import { type Design, printVerilog } from '../../gen/index.ts';
import { defaultNumerics, type RowState } from '../../golden/fixed/index.ts';
import type { ScanParameters } from '../../hw/index.ts';
import { scanCore } from '../../hw/index.ts';
import { noiseSource } from '../../hw/scan/noise.ts';
import { roundUnit } from '../../hw/scan/round.ts';
import { rowUnit } from '../../hw/scan/row.ts';
import { type Synthesis, synthesize } from '../../sim/index.ts';

const state = defaultNumerics.state as RowState;

/** 2.7B's layer on L x Q lanes. */
export const parameters = (lanes: number, rows: number): ScanParameters => ({
  ...{ lanes, rows, maxHeads: 80, maxHeadDim: 64, maxState: 128, maxGroups: 1, stateWords: 4096, rowWords: 512 },
  numerics: defaultNumerics.scan,
  state,
});

export interface Area {
  readonly lut: number;
  readonly ff: number;
  readonly dsp: number;
}

const minus = (a: Synthesis, b: Synthesis, by: number): Area => ({
  lut: (a.lut - b.lut) / by,
  ff: (a.ff - b.ff) / by,
  dsp: (a.dsp - b.dsp) / by,
});

const mapped = (design: Design): Promise<Synthesis> => synthesize(printVerilog(design), { target: 'xcup' });

/** Of one lane more, from 8 to `most`: over many what Yosys happens to find in a row of one size averages out. */
async function perLane(of: (lanes: number) => Design, most = 32): Promise<Area> {
  const [small, large] = await Promise.all([mapped(of(8)), mapped(of(most))]);
  return minus(large, small, most - 8);
}

export interface LaneArea {
  /** S' = a S + (dt x) B, C . S' and the row's exponent. */
  readonly update: Area;
  readonly updateLogic: Area;
  /** S' to 8 bits. */
  readonly rounding: Area;
  readonly noise: Area;
  /** A row of 16 lanes more, in all. */
  readonly row: Area;
  /** A core of one row of 16 lanes. */
  readonly core: Synthesis;
}

export async function laneArea(progress: (line: string) => void): Promise<LaneArea> {
  const part = async (what: string, of: (lanes: number) => Design, most?: number): Promise<Area> => {
    progress(`yosys: ${what}`);
    return perLane(of, most);
  };
  const update = await part('update and output', (l) => rowUnit(parameters(l, 1)).design as Design);
  const logic = (l: number): ScanParameters => ({ ...parameters(l, 1), products: 'logic' });
  // four times as large, and no bound on it to be sure of
  const updateLogic = await part('update and output without DSP blocks', (l) => rowUnit(logic(l)).design as Design, 16);
  const rounding = await part('rounding', (l) => roundUnit(parameters(l, 1), state) as Design);
  const noise = await part('noise', (l) => noiseSource(parameters(l, 1), state) as Design);
  progress('yosys: cores of one row and of two');
  const [core, two] = await Promise.all([1, 2].map((rows) => mapped(scanCore(parameters(16, rows)) as Design)));
  return { update, updateLogic, rounding, noise, row: minus(two!, core!, 1), core: core! };
}
