/** The two engines on one contract: the lanes of the array, and what brings activations to them. */
import { type Inside, type ModuleBuilder, type Pipeline, pack, type SInt, type UInt, unpack } from '../../gen/index.ts';
import type { Loaded } from './activations.ts';
import { activationBuffer, bufferSupply, bufferWriter } from './buffer.ts';
import type { MatmulInterface } from './interface.ts';
import { type LaneLatency, lane, laneLatency } from './lane.ts';
import type { Loader } from './loader.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';
import type { Along, LaneSums, sumStore } from './sum-store.ts';
import { filler } from './table/filler.ts';
import { tableLane, tableLaneLatency } from './table/lane.ts';
import { rowsPerRam, tables } from './table/tables.ts';
import type { Supply, Walk } from './walk.ts';

/** What an engine works with. */
export interface Place {
  readonly m: ModuleBuilder;
  readonly io: Inside<MatmulInterface>;
  readonly p: MatmulParameters;
  readonly from: Loader;
  readonly loaded: Loaded;
  readonly advance: UInt;
}

/** What goes with the weights into the lanes. */
export interface Beats {
  readonly at: Walk;
  readonly pipe: Pipeline;
  /** [lane], one cycle after they are taken. */
  readonly weights: readonly UInt[];
  readonly along: Along;
  readonly stored: ReturnType<typeof sumStore>['stored'];
}

export interface OpenEngine {
  /** C activations can be taken. */
  readonly room: UInt;
  readonly supply: Supply;
  /** The lanes' sums, [token][lane]. */
  lanes(beats: Beats): readonly (readonly LaneSums[])[];
}

/** `columnDone`: nothing takes the K activations after this beat, in column-major order. */
export type EngineDesign = (place: Place, columnDone: UInt) => OpenEngine;

export const latencyOf = (p: MatmulParameters): LaneLatency =>
  p.engine === 'table' ? tableLaneLatency(p) : laneLatency(p);

/** Popcounts of bit planes; the activations of two matrices are kept. */
export const popcountEngine: EngineDesign = ({ m, io, p, from, loaded, advance }, columnDone) => {
  m.unused(columnDone);
  const writer = bufferWriter(m, p, from, loaded, io.flush);
  const lanes = ({ at, pipe, weights, along, stored }: Beats) => {
    const row = lane(p);
    const { shift } = laneLatency(p);
    const passes = matmulWidths(p).passes === 1 ? undefined : along.passes();
    return activationBuffer(m, p, writer, at).map((of, t) => {
      const shifts = pipe.at(pipe.enter(of.shift, 1), 1 + shift);
      return weights.map((bits, r) => {
        const inputs = m.instance(`lane_${t}_${r}`, row);
        inputs.weight.drive(bits);
        inputs.planes.drive(of.planes);
        inputs.shift.drive(shifts);
        for (const name of ['negative', 'pass', 'firstPass'] as const) if (passes) inputs[name].drive(passes[name]);
        driveSums(inputs, along, advance, stored[t]![r]!);
        return inputs;
      });
    });
  };
  return { room: writer.room, supply: bufferSupply(m, p, from, io.flush), lanes };
};

/** Sums of four activations, looked up; those of K columns are in use while those of the next K are made. */
export const tableEngine: EngineDesign = ({ m, io, p, from, loaded, advance }, columnDone) => {
  const { room, supply, fill, shifts, bank } = filler(m, io, p, { from, loaded }, { columnDone, advance });
  const lanes = ({ pipe, weights, along, stored }: Beats) => {
    const row = tableLane(p);
    const of = pipe.stage('table_bank_q', pipe.enter(bank));
    const shift = pipe.at(pipe.enter(shifts(of), 1), 1 + tableLaneLatency(p).shift);
    const entries: UInt[] = [];
    const ofRows = new Map<number, ReturnType<typeof tables>>();
    for (let first = 0; first < p.lanes; first += rowsPerRam) {
      const rows = Math.min(rowsPerRam, p.lanes - first);
      const design = ofRows.get(rows) ?? tables(p, rows);
      const group = m.instance(`tables_${first}`, design);
      ofRows.set(rows, design);
      group.write.drive(fill.write);
      group.address.drive(fill.address);
      group.chunk.drive(fill.chunk);
      group.values.drive(pack(fill.values));
      group.bank.drive(of);
      group.weight.drive(pack(weights.slice(first, first + rows)));
      entries.push(...unpack(group.entries, group.entries.width / rows));
    }
    const sums = entries.map((ofRow, r) => {
      const inputs = m.instance(`lane_${r}`, row);
      inputs.entries.drive(ofRow);
      inputs.shift.drive(shift);
      driveSums(inputs, along, advance, stored[0]![r]!);
      return inputs;
    });
    return [sums];
  };
  return { room, supply, lanes };
};

interface Drive<T> {
  drive(value: T): void;
}

interface SumInputs {
  readonly advance: Drive<UInt>;
  readonly run: Drive<UInt>;
  readonly firstPlane: Drive<UInt>;
  readonly take: Drive<UInt>;
  readonly first: Drive<UInt>;
  readonly recall: Drive<UInt>;
  readonly stored: Drive<SInt>;
}

function driveSums(inputs: SumInputs, along: Along, advance: UInt, stored: SInt): void {
  inputs.advance.drive(advance);
  for (const flag of ['run', 'firstPlane', 'take', 'first', 'recall'] as const) inputs[flag].drive(along[flag]);
  inputs.stored.drive(stored);
}
