/**
 * RMSNorm and the quantizer of what enters a projection, in one pass over the vector and one over each of its tiles.
 *
 *     in, weight --> products --> largest of a tile --> exponent --.
 *                     |   |                                         v
 *                     |   '-----> words that wait ----------------> shift, round --> out
 *                     '-> sum bias x --> bias term --> sums
 *                     '-> sum x^2 ----> 1/sqrt ------> scale
 *
 * 1/rms leaves beside the activations and multiplies the results of the product, which need not wait for it (docs/mixer.md).
 */
import {
  bit,
  type Design,
  defineModule,
  type Memory,
  pack,
  type Shape,
  sint,
  type Taken,
  type UInt,
  uint,
  type Value,
} from '../../gen/index.ts';
import { connect, fifo } from '../../gen/stream/index.ts';
import { clampCounter, underWay } from '../lanes/counters.ts';
import { type Beat, place, productsOf } from './beat.ts';
import { tileExponents } from './exponent.ts';
import { type NormInterface, type NormParameters, normInterface, normWidths, scaleShape } from './parameters.ts';
import { exponentShape, quantize, wordShape } from './quantize.ts';
import { biasTerm, inverseNorm } from './scalars.ts';

type Style = Memory['style'];

/** Beats between a tile's last value and its exponent, at the most. */
const slack = 24;

/** Words that wait for their exponent: a tile, and what comes meanwhile. */
export const waitingWords = (p: NormParameters): number => p.maxTileWords + slack;

/** golden's `quantizeInput`, bit for bit. A beat per cycle. */
export function normUnit(p: NormParameters): Design<NormInterface> {
  const { activationBits } = p.numerics.matmul;
  return defineModule(
    {
      name: `norm_p${p.lanes}_w${p.inputBits}_t${p.maxTileWords}`,
      doc: [
        `RMSNorm and quantizer: ${p.lanes} values of ${p.inputBits} bits per cycle to activations of ${activationBits} bits.`,
        '',
        'Streams are ready/valid: a beat moves at a rising edge at which both are 1; valid stays 1, with its payload, until then.',
        'Per vector: one beat of token; groups x tiles x tile_words beats of in and of weight, each of which gives one beat of out;',
        'per group one beat of sums and one of scale. With round half up:',
        `q = scale x / 2^e, magnitude at most ${2 ** (activationBits - 1) - 1}; e: the least that holds the tile, and floor at least;`,
        'shift = e - floor; round = top - floor, top the largest e of the group; both 0 where a group is one tile;',
        '1 / sqrt(sum x^2 + epsilon) = mantissa 2^(-16 - shift - top).',
      ].join('\n'),
      ports: normInterface(p),
    },
    (m, io) => {
      const w = normWidths(p);
      m.comment('Issue: a beat of values and weights, with a place for what it leaves.');
      const room = m.wire('room', bit);
      const issue = io.in.valid.and(io.weight.valid).and(io.token.valid).and(room).named('issue');
      const at = place(m, io, issue);
      io.in.ready.drive(io.weight.valid.and(io.token.valid).and(room));
      io.weight.ready.drive(io.in.valid.and(io.token.valid).and(room));
      io.token.ready.drive(issue.and(at.last));

      m.comment('First pass, which never stalls.');
      const pipe = m.pipeline('beat');
      const groupIssued = issue.and(at.groupEnd).named('group_issued');
      const beat: Beat = {
        ...{ m, io, p, pipe, issued: pipe.flag(issue), token: pipe.enter({ ...io.token.payload }) },
        tileDone: pipe.flag(issue.and(at.tileEnd).named('tile_issued')),
        groupDone: pipe.flag(groupIssued),
        firstWord: pipe.enter(at.firstWord),
        firstTile: pipe.enter(at.firstTile),
        groupBegins: pipe.enter(at.firstWord.and(at.firstTile).named('group_begins')),
        single: pipe.enter(io.token.payload.tiles.eq(1).named('single')),
      };
      const products = productsOf(beat);
      const tile = tileExponents(beat, products.scaled);
      const bias = biasTerm(beat, products, tile);
      const scale = inverseNorm(beat, products, tile);

      m.comment('What they leave waits in FIFOs, whose places are counted from the issue on.');
      const keep = <T extends Shape>(
        name: string,
        shape: T,
        depth: number,
        style: Style,
        done: UInt,
        value: Value<T>,
      ) => {
        const queue = m.instance(name, fifo(shape, { depth, style, counted: true }));
        queue.in.valid.drive(done);
        queue.in.payload.drive(value);
        m.unused(queue.count, queue.in.ready);
        return queue.out as Taken<T>;
      };
      const waiting = waitingWords(p);
      const groups = Math.max(4, p.maxGroups);
      const flags = pipe.enter({ count: io.in.payload.count, tile_end: at.tileEnd, end: at.groupEnd, last: at.last });
      const { count, tile_end, end, last } = pipe.at(flags, 1);
      const word = { products: pack(products.scaled), count, tile_end, end, last };
      const words = keep('kept_products', wordShape(p), waiting, 'block', pipe.at(beat.issued, 1), word);
      const tileAt = pipe.latency(tile.exponent);
      const { exponent, shift } = tile;
      const tiles = keep('kept_exponents', exponentShape(p), waiting, 'auto', pipe.at(beat.tileDone, tileAt), {
        exponent,
        shift,
      });
      const biasAt = pipe.latency(bias.value);
      const biasDone = pipe.at(beat.groupDone, biasAt);
      const sum = { round: pipe.at(tile.round, biasAt), bias: bias.value };
      const sumShape = { round: uint(w.shift), bias: sint(w.bias) };
      connect(io.sums, keep('sums_given', sumShape, groups, 'distributed', biasDone, sum));
      const scaleDone = pipe.at(beat.groupDone, pipe.latency(scale));
      connect(io.scale, keep('scales_given', scaleShape, groups, 'distributed', scaleDone, scale));
      io.saturations.bias.drive(clampCounter(m, 'bias', bias.clamped, biasDone));

      const left = quantize(m, io, p, words, tiles);
      const free = (name: string, most: number, come: UInt, go: UInt): UInt =>
        underWay(m, name, most, come, go).ne(most);
      const summed = io.sums.valid.and(io.sums.ready);
      const scaled = io.scale.valid.and(io.scale.ready);
      room.drive(
        free('words_under_way', waiting, issue, left)
          .and(free('sums_under_way', groups, groupIssued, summed))
          .and(free('scales_under_way', groups, groupIssued, scaled)),
      );
    },
  );
}
