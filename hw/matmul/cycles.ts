/**
 * The schedule of the array as a model of its control alone: which cycle loads, multiplies, waits and delivers what, where no stream
 * ever waits for its surroundings. The array's cycles are these to the cycle (test/matmul-plan.test.ts).
 */
import { supplyDelay } from './buffer.ts';
import { drainStages } from './drain.ts';
import { latencyOf } from './engines.ts';
import type { Order } from './layout.ts';
import { type MatmulParameters, matmulWidths, tableColumns } from './parameters.ts';

/** What a descriptor asks for. */
export interface Work {
  readonly rows: number;
  readonly cols: number;
  readonly planes: number;
  readonly tokens: number;
  readonly order: Order;
}

export interface Schedule {
  /** Cycles after reset in which the first beat of weights and the last beat of results move. */
  readonly firstWeight: number;
  readonly lastResult: number;
  /** Both included. */
  readonly cycles: number;
  /** Beats of weights, and cycles in between without one. */
  readonly beats: number;
  readonly gaps: number;
}

/** In which C activations that are taken are written: the sums of four of them, or their bit planes. */
export const loadCycles = (p: MatmulParameters): number =>
  p.engine === 'table' ? 2 ** tableColumns : matmulWidths(p).passes;

export function schedule(p: MatmulParameters, works: readonly Work[]): Schedule {
  const loader = createLoader(p, works);
  const walk = createWalk(p, works);
  const drain = createDrain(p, works);
  let firstWeight = 0;
  let lastWeight = 0;
  let beats = 0;
  for (let cycle = 0; ; cycle++) {
    const out = drain.step(walk.done());
    const load = loader.look();
    const beat = walk.step(out.advance, load.present(walk.place()), load.startKnown);
    loader.step(load, beat, out);
    if (beat !== undefined) {
      if (beats++ === 0) firstWeight = cycle;
      lastWeight = cycle;
    }
    if (out.released && drain.finished()) {
      const lastResult = cycle + drainStages(p);
      const cycles = lastResult - firstWeight + 1;
      return { firstWeight, lastResult, cycles, beats, gaps: lastWeight - firstWeight + 1 - beats };
    }
  }
}

/** Where the walk is: a matrix and a group of K columns. */
interface PlaceOf {
  readonly matrix: number;
  readonly column: number;
}

/** A beat of weights. */
interface TakenBeat {
  /** It is the last to take its activations, in column-major order. */
  readonly columnDone: boolean;
}

interface Drained {
  /** The pipeline moves. */
  readonly advance: boolean;
  /** The last results of a matrix leave the copied sums. */
  readonly released: boolean;
}

interface Loading {
  /** A matrix begins to load; activations are taken. */
  readonly start: boolean;
  readonly load: boolean;
  /** The walk learns of a matrix that begins. */
  readonly startKnown: boolean;
  present(place: PlaceOf): boolean;
}

function createLoader(p: MatmulParameters, works: readonly Work[]) {
  const w = matmulWidths(p);
  const table = p.engine === 'table';
  const writes = loadCycles(p);
  let matrix = -1;
  let loading = false;
  let [column, chunk, tokensLeft, held] = [0, 0, 0, 0];
  /** What the walk knows of it, the latest last. */
  const known = Array.from({ length: table ? 1 : supplyDelay(p) }, () => ({ loading, matrix, column, tokensLeft }));
  let [busy, step, filledChunk, tablesHeld, tablesReady] = [false, 0, 0, 0, 0];
  let readAt = false;
  const starts = new Array<boolean>(known.length - 1).fill(false);
  const last = (): boolean => column === Math.ceil(works[matrix]!.cols / p.columns) - 1 && chunk === w.chunks - 1;
  return {
    look(): Loading {
      const ends = busy && step === writes - 1;
      const room = (!busy || ends) && (!table || chunk !== 0 || tablesHeld < 2);
      const load = loading && room;
      const loaded = load && last() && tokensLeft === 1;
      const start = held < 2 && (!loading || loaded) && matrix + 1 < works.length;
      const present = (at: PlaceOf): boolean => {
        if (table) return tablesReady > 0;
        const written = known[0]!;
        if (!written.loading || written.matrix !== at.matrix) return true;
        return written.tokensLeft === 1 && written.column > at.column;
      };
      return { start, startKnown: [...starts, start][0]!, load, present };
    },
    step({ start, load }: Loading, beat: TakenBeat | undefined, out: Drained): void {
      known.push({ loading, matrix, column, tokensLeft });
      known.shift();
      starts.push(start);
      starts.shift();
      const filled = table && busy && step === writes - 1 && filledChunk === w.chunks - 1;
      tablesReady += (filled ? 1 : 0) - (beat?.columnDone ? 1 : 0);
      const read = readAt && out.advance;
      tablesHeld += (load && chunk === 0 ? 1 : 0) - (read ? 1 : 0);
      if (out.advance) readAt = beat?.columnDone ?? false;
      step++;
      if (busy && step === writes) busy = false;
      if (load) {
        busy = true;
        step = 0;
        filledChunk = chunk;
        const ends = last();
        chunk = (chunk + 1) % w.chunks;
        if (chunk === 0) column = ends ? 0 : column + 1;
        if (ends && --tokensLeft === 0) loading = false;
      }
      held += (start ? 1 : 0) - (out.released ? 1 : 0);
      if (start) {
        matrix++;
        loading = true;
        [column, chunk, tokensLeft] = [0, 0, works[matrix]!.tokens];
      }
    },
  };
}

function createWalk(p: MatmulParameters, works: readonly Work[]) {
  const latency = 1 + latencyOf(p).total;
  const { passes } = matmulWidths(p);
  let matrix = -1;
  let running = false;
  let [waiting, column, tile, plane, pass] = [0, 0, 0, 0, 0];
  /** Moves of the pipeline until what is done comes out of it. */
  let dones: number[] = [];
  return {
    place: (): PlaceOf => ({ matrix, column }),
    /** Something that is done has come out of the pipeline. */
    done: (): boolean => dones[0] === 0,
    step(advance: boolean, present: boolean, start: boolean): TakenBeat | undefined {
      const run = running && advance && present;
      if (advance) dones = dones.filter((left) => left > 0).map((left) => left - 1);
      let beat: TakenBeat | undefined;
      let ends = false;
      if (run && ++pass === passes) {
        pass = 0;
        const { rows, cols, planes, order } = works[matrix]!;
        const byColumns = order === 'column-major';
        const lastPlane = plane === planes - 1;
        const lastColumn = column === Math.ceil(cols / p.columns) - 1;
        const lastTile = tile === Math.ceil(rows / p.lanes) - 1;
        ends = lastPlane && lastColumn && lastTile;
        if (lastPlane && lastColumn) dones.push(latency - 1);
        plane = lastPlane ? 0 : plane + 1;
        const nextColumn = lastPlane && (lastTile || !byColumns);
        const nextTile = lastPlane && (lastColumn || byColumns);
        if (nextColumn) column = lastColumn ? 0 : column + 1;
        if (nextTile) tile = lastTile ? 0 : tile + 1;
        beat = { columnDone: nextColumn };
      }
      const begin = waiting > 0 && (!running || ends);
      waiting += (start ? 1 : 0) - (begin ? 1 : 0);
      if (ends) running = false;
      if (begin) {
        matrix++;
        running = true;
      }
      return beat;
    },
  };
}

function createDrain(p: MatmulParameters, works: readonly Work[]) {
  const w = matmulWidths(p);
  const most = w.storedTiles === 0 ? 0 : 2 ** w.tile - 1;
  let [matrix, tile, left, waiting] = [-1, 0, 0, 0];
  const tiles = (): number => Math.ceil(works[matrix]!.rows / p.lanes);
  return {
    finished: (): boolean => matrix === works.length - 1 && left === 0,
    step(done: boolean): Drained {
      const finish = left === 1;
      const lastTile = matrix < 0 || tile === tiles() - 1;
      const capture = (waiting > 0 || done) && left <= 1;
      const room = most === 0 ? capture : waiting < most;
      waiting += (done && room ? 1 : 0) - (capture ? 1 : 0);
      if (left > 0) left--;
      if (capture) {
        if (lastTile) matrix++;
        tile = lastTile ? 0 : tile + 1;
        const rows = Math.min(p.lanes, works[matrix]!.rows - tile * p.lanes);
        left = works[matrix]!.tokens * Math.ceil(rows / p.drain);
      }
      return { advance: !done || room, released: finish && lastTile };
    },
  };
}
