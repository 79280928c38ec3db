/** The activations of two matrices as bit planes, read again for every tile of rows. */
import { bit, cat, type ModuleBuilder, pack, type UInt, unpack } from '../../gen/index.ts';
import type { Loaded } from './activations.ts';
import { correctionLatency } from './corrections.ts';
import { flagAfter } from './flags.ts';
import { laneLatency } from './lane.ts';
import type { Loader } from './loader.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';
import type { Supply, Walk } from './walk.ts';

/** Bit planes of K activations, and the shifts of their segments. */
export interface Activations {
  readonly planes: UInt;
  readonly shift: UInt;
}

/** Activations of every token at the column of the walk, one cycle later, held while the pipeline stands. Columns beyond the matrix are zero. */
export function activationBuffer(
  m: ModuleBuilder,
  p: MatmulParameters,
  from: Loaded,
  to: Walk,
  advance: UInt,
): readonly Activations[] {
  const w = matmulWidths(p);
  m.comment('Activations as bit planes, two banks per vector; C columns lie in one memory.');
  const planes = Array.from({ length: w.activation }, (_, b) => pack(from.q.map((q) => q.bit(b))).named(`plane_${b}`));
  const perSegment = Math.max(1, p.segment / w.load);
  const each = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i));
  return each(p.tokens, (t) => {
    const ofToken = p.tokens === 1 ? from.load : from.load.and(from.token.eq(t)).named(`load_${t}`);
    const fields = each(w.chunks, (c) => {
      const name = w.chunks === 1 ? `${t}` : `${t}_${c}`;
      const enable = w.chunks === 1 ? ofToken : ofToken.and(from.chunk.eq(c)).named(`load_${name}`);
      const word = c % perSegment === 0 ? cat(from.shift, pack(planes)) : pack(planes);
      const buffer = m.memory(`activations_${name}`, { depth: 2 ** (w.address + 1), shape: word.type });
      buffer.write({ address: cat(from.bank, from.column), data: word, enable });
      const read = buffer.read(`act_${name}`, cat(to.bank, to.column), { enable: advance });
      const bits = w.load * w.activation;
      return {
        planes: unpack(read.slice(bits - 1, 0), w.load),
        shifts: read.width > bits ? [read.slice(read.width - 1, bits)] : [],
      };
    });
    return {
      planes: pack(each(w.activation, (b) => pack(fields.map((f) => f.planes[b]!)))),
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
