/** Sums of rows between the column groups of a column-major matrix, and the copy that the drain works on. */
import {
  cat,
  type ModuleBuilder,
  type Pipeline,
  pack,
  type SInt,
  sint,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import type { Tiles } from './drain.ts';
import type { LaneLatency } from './lane.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';
import type { Walk } from './walk.ts';

/** What goes along with a beat of weights through the lanes. */
export type Along = ReturnType<typeof alongBeats>;

/**
 * Flags of a beat where its passes and planes are summed and where it meets the accumulator, one cycle after the latencies of a lane. They need
 * no reset: what a false one adds up is begun anew with the first beat of a row.
 */
export function alongBeats(pipe: Pipeline, at: Walk, lane: LaneLatency) {
  const latency = { sign: 1 + lane.sign, pass: 1 + lane.pass, plane: 1 + lane.plane, partial: 1 + lane.partial };
  const place = { bank: pipe.enter(at.bank), tile: pipe.enter(at.tile) };
  const recalls = pipe.enter(
    at.recall(() => pipe.at(place.bank, latency.partial - 1)).named('recalls'),
    latency.partial - 1,
  );
  return {
    /** Where there are several passes. */
    passes: () => ({
      negative: pipe.at(pipe.enter(at.firstPass), latency.sign),
      pass: pipe.at(pipe.enter(at.run), latency.pass),
      firstPass: pipe.at(pipe.enter(at.firstPass), latency.pass),
    }),
    run: pipe.at(pipe.enter(at.taken), latency.plane),
    firstPlane: pipe.at(pipe.enter(at.firstPlane), latency.plane),
    take: pipe.at(pipe.enter(at.taken.and(at.lastPlane).named('run_last_plane')), latency.partial),
    first: pipe.at(pipe.enter(at.firstColumn), latency.partial),
    recall: pipe.stage('recall', recalls),
    /** The place of its sums and whether they are wanted, one cycle before; the place when they meet. */
    before: () => ({ ...pipe.at(place, latency.partial - 1), recalls }),
    place: () => pipe.at(place, latency.partial),
  };
}

export interface LaneSums {
  readonly next: SInt;
  readonly total: SInt;
}

/**
 * In row-major order a tile's sums are copied from the lanes when it is complete. With column-major order all sums go through a memory:
 * read one cycle before they are added to and written with the addition, so that a tile may come again after one other; where a
 * matrix is a single tile the lanes go on from what they hold.
 */
export function sumStore(m: ModuleBuilder, p: MatmulParameters, advance: UInt, along: Along) {
  const w = matmulWidths(p);
  const each = <T>(make: (t: number, r: number) => T): T[][] =>
    Array.from({ length: p.tokens }, (_, t) => Array.from({ length: p.lanes }, (_, r) => make(t, r)));
  if (w.storedTiles === 0) {
    const none = m.constant(sint(w.sum), 0);
    const keep = (sums: readonly (readonly LaneSums[])[]): Tiles['copy'] => {
      m.unused(...sums.flat().map(({ next }) => next));
      return (_bank, _tile, enable) => each((t, r) => m.delay(`sum_${t}_${r}`, sums[t]![r]!.total, { enable }));
    };
    return { stored: each(() => none), keep };
  }
  m.comment('Sums of the rows of column-major matrices, a bank per matrix.');
  const memory = m.memory('sums', {
    depth: 2 ** (w.tile + 1),
    shape: uint(p.tokens * p.lanes * w.sum),
    style: 'block',
  });
  const split = (word: UInt): SInt[][] => {
    const fields = unpack(word, w.sum);
    return each((t, r) => fields[t * p.lanes + r]!.asSigned());
  };
  const before = along.before();
  const wanted = advance.and(before.recalls).named('fetch');
  const stored = split(
    memory.read('stored', cat(before.bank, before.tile), { enable: wanted, underWrite: 'undefined' }),
  );
  const keep = (sums: readonly (readonly LaneSums[])[]): Tiles['copy'] => {
    const { bank, tile } = along.place();
    const data = pack(sums.flat().map(({ next }) => next.asUnsigned()));
    m.unused(...sums.flat().map(({ total }) => total));
    memory.write({ address: cat(bank, tile), data, enable: advance.and(along.take).named('store') });
    return (of, at, enable) => split(memory.read('copied', cat(of, at), { enable, underWrite: 'undefined' }));
  };
  return { stored, keep };
}
