/** The activations of two matrices as bit planes, read again for every tile of rows. */
import { bit, cat, increment, type ModuleBuilder, pack, type UInt, uint, unpack } from '../../gen/index.ts';
import type { Loaded } from './activations.ts';
import { correctionLatency } from './corrections.ts';
import { flagAfter, select } from './flags.ts';
import { laneLatency } from './lane.ts';
import type { Loader } from './loader.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';
import type { Supply, Walk } from './walk.ts';

/** Bit planes of K activations, and the shifts of their segments. */
export interface Activations {
  readonly planes: UInt;
  readonly shift: UInt;
}

/** What is written in a cycle, of C activations. */
export interface Writer {
  /** C more can be taken. */
  readonly room: UInt;
  readonly write: UInt;
  readonly loaded: Pick<Loaded, 'bank' | 'token' | 'column' | 'chunk'>;
  /** Place of the word among those of its columns: the number of a pass. */
  readonly pass: readonly UInt[];
  /** A' bit planes, the lowest first, and the shifts. */
  readonly planes: readonly UInt[];
  readonly shift: UInt;
}

/** C activations are written in A / A' cycles, the highest planes first, which are read first: a word of A' planes for each pass. */
export function bufferWriter(m: ModuleBuilder, p: MatmulParameters, from: Loader, loaded: Loaded, flush: UInt): Writer {
  const w = matmulWidths(p);
  const plane = (b: number): UInt => pack(loaded.q.map((q) => q.bit(b)));
  if (w.passes === 1) {
    m.comment('Activations as bit planes.');
    const planes = Array.from({ length: w.activation }, (_, b) => plane(b).named(`plane_${b}`));
    return { room: m.constant(bit, 1), write: loaded.load, loaded, pass: [], planes, shift: loaded.shift };
  }
  m.comment('Activations as bit planes, some in each of several cycles.');
  m.unused(loaded.load);
  const writing = m.register('writing', bit, { reset: 0 });
  const pass = m.register('write_pass', uint(w.pass));
  const ends = writing.and(pass.eq(w.passes - 1)).named('write_ends');
  m.when(writing, () => pass.next(increment(pass)));
  m.when(ends, () => writing.next(0));
  m.when(from.load, () => {
    writing.next(1);
    pass.next(0);
  });
  m.when(flush, () => writing.next(0));
  const planes = Array.from({ length: w.planesAtOnce }, (_, b) => {
    const ofPass = Array.from({ length: w.passes }, (_, n) =>
      plane(w.activation - (n + 1) * w.planesAtOnce + b).asSigned(),
    );
    return select(ofPass, pass).asUnsigned().named(`plane_${b}`);
  });
  return {
    room: writing.not().or(ends).named('write_room'),
    write: writing,
    ...{ loaded, pass: [pass], planes, shift: loaded.shift },
  };
}

/**
 * Activations of every token at the column and pass of a beat, one cycle later, held until the next. They were written in an earlier cycle (`supplyDelay`).
 * Columns beyond the matrix are zero.
 */
export function activationBuffer(
  m: ModuleBuilder,
  p: MatmulParameters,
  from: Writer,
  to: Walk,
): readonly Activations[] {
  const w = matmulWidths(p);
  m.comment('Two banks of activations per vector; C columns lie in one memory.');
  const { bank, token, column, chunk } = from.loaded;
  const perSegment = Math.max(1, p.segment / w.load);
  const each = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i));
  const passes = from.pass.length === 0 ? [] : [to.pass];
  return each(p.tokens, (t) => {
    const ofToken = p.tokens === 1 ? from.write : from.write.and(token.eq(t)).named(`load_${t}`);
    const fields = each(w.chunks, (c) => {
      const name = w.chunks === 1 ? `${t}` : `${t}_${c}`;
      const enable = w.chunks === 1 ? ofToken : ofToken.and(chunk.eq(c)).named(`load_${name}`);
      const word = c % perSegment === 0 ? cat(from.shift, pack(from.planes)) : pack(from.planes);
      const depth = 2 ** (w.address + 1 + (w.passes === 1 ? 0 : w.pass));
      const buffer = m.memory(`activations_${name}`, { depth, shape: word.type });
      buffer.write({ address: cat(bank, column, ...from.pass), data: word, enable });
      const read = buffer.read(`act_${name}`, cat(to.bank, to.column, ...passes), {
        enable: to.run,
        underWrite: 'undefined',
      });
      const bits = w.load * w.planesAtOnce;
      return {
        planes: unpack(read.slice(bits - 1, 0), w.load),
        shifts: read.width > bits ? [read.slice(read.width - 1, bits)] : [],
      };
    });
    return {
      planes: pack(each(w.planesAtOnce, (b) => pack(fields.map((f) => f.planes[b]!)))),
      shift: pack(fields.flatMap((f) => f.shifts)),
    };
  });
}

/** The walk takes activations so many cycles after they were, that their corrections are there before their results. */
export const supplyDelay = (p: MatmulParameters): number =>
  Math.max(1, correctionLatency(p) - laneLatency(p).total - 2);

/** The walk takes activations that are in the buffer, while others of their matrix come. */
export function bufferSupply(m: ModuleBuilder, p: MatmulParameters, from: Loader, flush: UInt): Supply {
  const { loading, bank, column, lastToken } = from;
  let written: Pick<Loader, 'loading' | 'bank' | 'column' | 'lastToken'> = { loading, bank, column, lastToken };
  for (let d = 1; d <= supplyDelay(p); d++) {
    written = m.delay(d === supplyDelay(p) ? 'written' : `written_${d}`, { ...written });
  }
  const always = { enable: m.constant(bit, 1), flush, shown: false };
  return {
    start: flagAfter(m, 'start_known', from.start, supplyDelay(p) - 1, always),
    present: (of, at) =>
      written.loading
        .and(written.bank.eq(of))
        .named('still_loading')
        .not()
        .or(written.lastToken.and(written.column.gt(at))),
  };
}
