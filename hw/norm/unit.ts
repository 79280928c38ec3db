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
  type Inside,
  increment,
  type ModuleBuilder,
  pack,
  type SInt,
  sint,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import { connect, fifo } from '../../gen/stream/index.ts';
import { accumulate } from '../lanes/accumulate.ts';
import { clampCounter, underWay } from '../lanes/counters.ts';
import { rsqrt } from '../nonlinear/index.ts';
import { bitLength, magnitude, reduceTree, roundShiftBy, saturateSymmetric } from '../scan/arithmetic.ts';
import {
  biasRefinement,
  type NormInterface,
  type NormParameters,
  normInterface,
  normWidths,
  scaleShape,
} from './parameters.ts';

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
      const from = measure(m, io, p);
      quantize(m, io, p, from);
    },
  );
}

/** What waits for the second pass: the products of a beat, and the exponents of complete tiles. */
interface Measured {
  readonly words: ReturnType<typeof wordsInstance>;
  readonly exponents: ReturnType<typeof exponentsInstance>;
  /** A word leaves in this cycle. */
  readonly left: { drive(value: UInt): void };
}

const wordShape = (p: NormParameters) => {
  const w = normWidths(p);
  return { products: uint(p.lanes * w.product), count: uint(w.count), tile_end: bit, end: bit, last: bit };
};
const exponentShape = (p: NormParameters) => {
  const w = normWidths(p);
  return { exponent: uint(w.exponent), shift: uint(w.shift) };
};
const wordsInstance = (m: ModuleBuilder, p: NormParameters) =>
  m.instance('held_products', fifo(wordShape(p), { depth: waitingWords(p), style: 'block' }));
const exponentsInstance = (m: ModuleBuilder, p: NormParameters) =>
  m.instance('exponents', fifo(exponentShape(p), { depth: waitingWords(p), style: 'auto' }));

/** Where a beat is in its vector. */
function place(m: ModuleBuilder, io: Inside<NormInterface>, issue: UInt) {
  const { tile_words, tiles, groups } = io.token.payload;
  const word = m.register('word', tile_words.type, { reset: 0 });
  const tile = m.register('tile', tiles.type, { reset: 0 });
  const group = m.register('group', groups.type, { reset: 0 });
  const tileEnd = increment(word).eq(tile_words).named('tile_end');
  const groupEnd = tileEnd.and(increment(tile).eq(tiles)).named('group_end');
  const last = groupEnd.and(increment(group).eq(groups)).named('last');
  m.when(issue, () => {
    word.next(tileEnd.mux(m.constant(word.type, 0), increment(word)));
    m.when(tileEnd, () => tile.next(groupEnd.mux(m.constant(tile.type, 0), increment(tile))));
    m.when(groupEnd, () => group.next(last.mux(m.constant(group.type, 0), increment(group))));
  });
  const firstWord = word.eq(0).named('first_word');
  return { firstWord, firstTile: tile.eq(0).named('first_tile'), tileEnd, groupEnd, last };
}

/** The first pass, which never stalls: a beat is issued when there is room for what it leaves. */
function measure(m: ModuleBuilder, io: Inside<NormInterface>, p: NormParameters): Measured {
  const w = normWidths(p);
  const { activationBits } = p.numerics.matmul;
  const token = io.token.payload;
  m.comment('Issue: a beat of values and weights, with a place for its products, and for the scalars of its group.');
  const room = m.wire('room', bit);
  const issue = io.in.valid.and(io.weight.valid).and(io.token.valid).and(room).named('issue');
  const at = place(m, io, issue);
  io.in.ready.drive(io.weight.valid.and(io.token.valid).and(room));
  io.weight.ready.drive(io.in.valid.and(io.token.valid).and(room));
  io.token.ready.drive(issue.and(at.last));

  m.comment('Products.');
  const pipe = m.pipeline('beat');
  const issued = pipe.flag(issue);
  const { count, values } = io.in.payload;
  const x = unpack(values, p.inputBits).map((v, i) => pipe.enter(count.gt(i).mux(v, 0).asSigned().named(`x_${i}`)));
  const factors = (name: string, word: UInt, bits: number): SInt[] =>
    unpack(pipe.enter(word), bits).map((v, i) => pipe.stage(`${name}_${i}`, v.asSigned().mul(x[i]!)));
  const products = factors('product', io.weight.payload.scale, p.numerics.norm.weightBits);
  const biased = factors('biased', io.weight.payload.bias, p.numerics.norm.biasWeightBits);
  const squares = x.map((v, i) =>
    pipe.stage(
      `square_${i}`,
      v
        .mul(v)
        .trunc(2 * p.inputBits - 1)
        .asUnsigned(),
    ),
  );
  const words = wordsInstance(m, p);
  words.in.valid.drive(pipe.at(issued, 1));
  const flags = pipe.enter({ count, tile_end: at.tileEnd, end: at.groupEnd, last: at.last });
  words.in.payload.drive({ products: pack(products), ...pipe.at(flags, 1) });
  m.unused(words.count);
  m.assert('word_has_a_place', pipe.at(issued, 1).not().or(words.in.ready), 'a beat finds a place');

  m.comment('Of a tile the bits of all magnitudes together, which are as long as the largest; of a group the sums.');
  const tileBegins = { valid: issued, first: pipe.enter(at.firstWord) };
  const groupBegins = { valid: issued, first: pipe.enter(at.firstWord.and(at.firstTile).named('group_begins')) };
  const sizes = products.map((v, i) => pipe.stage(`size_${i}`, magnitude(v)));
  const together = reduceTree(pipe, 'sizes', sizes, 4, (a, b) => a.or(b));
  const none = m.constant(together.type, 0);
  const most = accumulate(m, pipe, 'most', tileBegins, together, none, (a, b) => a.or(b));
  const dot = accumulate(
    m,
    pipe,
    'dot',
    groupBegins,
    reduceTree(pipe, 'dot_sum', biased, 2, (a, b) => a.add(b)),
    m.constant(sint(w.dot), 0),
    (a, b) => a.add(b.ext(Math.max(w.dot, b.width))).trunc(w.dot),
  );
  const { floor, epsilon, bias_shift, bias_bits } = pipe.enter({ ...token });
  const squared = accumulate(
    m,
    pipe,
    'squared',
    groupBegins,
    reduceTree(pipe, 'square_sum', squares, 2, (a, b) => a.add(b)),
    epsilon,
    (a, b) => a.add(b).trunc(64),
  );

  m.comment('Exponent of a tile, and the largest of its group.');
  const length = pipe.stage(
    'length',
    bitLength(m, most.shr(activationBits - 1))
      .ext(w.exponent + 1)
      .trunc(w.exponent),
  );
  const exponent = pipe.join({ length, floor }, (v) =>
    pipe.stage('exponent', v.length.gt(v.floor).mux(v.length, v.floor)),
  );
  const single = pipe.enter(token.tiles.eq(1).named('single'));
  const above = pipe.join({ exponent, floor, single }, (v) => {
    const shift = resized(v.exponent.sub(v.floor).asUnsigned(), w.shift);
    return { exponent: v.exponent, shift: v.single.mux(m.constant(shift.type, 0), shift).named('shift') };
  });
  const tileAt = pipe.latency(exponent);
  const tileDone = pipe.flag(issue.and(at.tileEnd).named('tile_issued'));
  const exponents = exponentsInstance(m, p);
  exponents.in.valid.drive(pipe.at(tileDone, tileAt));
  exponents.in.payload.drive(above);
  m.unused(exponents.count);
  const top = accumulate(
    m,
    pipe,
    'top',
    { valid: tileDone, first: pipe.enter(at.firstTile) },
    exponent,
    m.constant(exponent.type, 0),
    (a, b) => a.gt(b).mux(a, b),
  );

  m.comment('Scalars of a group.');
  const groupDone = pipe.flag(issue.and(at.groupEnd).named('group_issued'));
  const scalars = Math.max(4, p.maxGroups);
  const bias = biasTerm(m, pipe, p, { dot, top, by: bias_shift, bits: bias_bits });
  const round = pipe.join({ top, floor, single }, (v) => {
    const above = resized(v.top.sub(v.floor).asUnsigned(), w.shift);
    return pipe.stage('round', v.single.mux(m.constant(above.type, 0), above));
  });
  const biasAt = pipe.latency(bias.value);
  const sums = m.instance(
    'sums',
    fifo({ round: uint(w.shift), bias: sint(w.bias) }, { depth: scalars, style: 'distributed' }),
  );
  m.unused(sums.count);
  sums.in.valid.drive(pipe.at(groupDone, biasAt));
  sums.in.payload.drive({ round: pipe.at(round, biasAt), bias: bias.value });
  connect(io.sums, sums.out);
  io.saturations.bias.drive(clampCounter(m, 'bias', bias.clamped, pipe.at(groupDone, biasAt)));

  const root = rsqrt(m, pipe, squared, m.constant(bit, 1));
  const scale = pipe.join({ ...root, top }, (v) => {
    const shift = v.exponent.ext(8).sub(v.top.ext(8)).trunc(8).named('scale_shift');
    return pipe.stage('scale_q', { mantissa: v.mantissa, shift });
  });
  const scaleAt = pipe.latency(scale);
  const scales = m.instance('scales', fifo(scaleShape, { depth: scalars, style: 'distributed' }));
  m.unused(scales.count);
  scales.in.valid.drive(pipe.at(groupDone, scaleAt));
  scales.in.payload.drive(scale);
  connect(io.scale, scales.out);

  const left = m.wire('word_leaves', bit);
  const taken = (stream: typeof io.sums | typeof io.scale): UInt => stream.valid.and(stream.ready);
  const groupIssued = issue.and(at.groupEnd);
  const free = [
    underWay(m, 'words_under_way', waitingWords(p), issue, left).ne(waitingWords(p)),
    underWay(m, 'sums_under_way', scalars, groupIssued, taken(io.sums)).ne(scalars),
    underWay(m, 'scales_under_way', scalars, groupIssued, taken(io.scale)).ne(scalars),
  ];
  room.drive(free.reduce((a, b) => a.and(b)));
  m.assert('exponent_has_a_place', pipe.at(tileDone, tileAt).not().or(exponents.in.ready), 'a tile finds a place');
  m.assert('sums_have_a_place', pipe.at(groupDone, biasAt).not().or(sums.in.ready), 'a group finds a place');
  m.assert('scale_has_a_place', pipe.at(groupDone, scaleAt).not().or(scales.in.ready), 'a group finds a place');
  return { words, exponents, left };
}

/** round(dot / 2^(by + top - 16)), saturated to `bits` bits. */
function biasTerm(
  m: ModuleBuilder,
  pipe: ReturnType<ModuleBuilder['pipeline']>,
  p: NormParameters,
  of: { readonly dot: SInt; readonly top: UInt; readonly by: UInt; readonly bits: UInt },
): { readonly value: SInt; readonly clamped: UInt } {
  const w = normWidths(p);
  const amount = pipe.join({ top: of.top, by: of.by }, (v) => pipe.stage('bias_amount', v.by.add(v.top)));
  const rounded = pipe.join({ dot: of.dot, amount }, (v) =>
    pipe.stage('bias_rounded_q', roundShiftBy(m, v.dot.shl(biasRefinement), v.amount, 'bias')),
  );
  return pipe.join({ rounded, bits: of.bits }, (v) => {
    const sign = v.rounded.bit(v.rounded.width - 1);
    const ones = sign.mux(m.constant(v.rounded.type, -1), 0);
    const beyond = v.rounded.shiftRight(v.bits.sub(1).trunc(v.bits.width).asUnsigned()).named('bias_beyond');
    const clamped = beyond.ne(ones).named('bias_is_clamped');
    const highest = m
      .constant(sint(w.bias + 1), 1)
      .shiftLeft(v.bits.sub(1).trunc(v.bits.width).asUnsigned(), w.bias + 1)
      .sub(1)
      .trunc(w.bias)
      .named('bias_highest');
    const limit = sign.mux(highest.not(), highest);
    return pipe.stage('bias', { value: clamped.mux(limit, resized(v.rounded, w.bias)), clamped });
  });
}

/** The second pass: the words of a tile whose exponent is known. Shifts right in two steps, each keeping what the next can need. */
function quantize(
  m: ModuleBuilder,
  io: Inside<NormInterface>,
  p: NormParameters,
  { words, exponents, left }: Measured,
): void {
  const { activationBits: bits } = p.numerics.matmul;
  m.comment('Second pass: words of complete tiles.');
  const advance = io.out.ready.or(io.out.valid.not()).named('advance');
  const read = words.out.valid.and(exponents.out.valid).and(advance).named('read');
  const { products, count, tile_end, end, last } = words.out.payload;
  words.out.ready.drive(exponents.out.valid.and(advance));
  exponents.out.ready.drive(read.and(tile_end));
  left.drive(read);
  const pipe = m.pipeline('out', { enable: advance });
  const { exponent, shift } = pipe.enter({ ...exponents.out.payload });
  const fine = exponent.trunc(3);
  const coarse = exponent.shr(3).shl(3).named('coarse');
  const q = unpack(pipe.enter(products), normWidths(p).product).map((v, i) => {
    const doubled = v.asSigned().shl(1);
    const near = pipe.stage(`near_${i}`, resized(doubled.shiftRight(coarse), bits + 8));
    const exact = pipe.stage(`exact_${i}`, near.shiftRight(pipe.at(fine, 1)).trunc(bits + 1));
    return pipe.stage(`q_${i}`, saturateSymmetric(exact.add(1).shr(1), bits, `q_${i}`).value);
  });
  const along = pipe.at(pipe.enter({ shift, count, end, last }), 3);
  io.out.valid.drive(pipe.at(pipe.flag(read), 3));
  io.out.payload.drive({ values: pack(q), ...along });
}

function resized<T extends UInt | SInt>(x: T, width: number): T {
  return (width <= x.width ? x.trunc(width) : x.ext(width)) as T;
}
