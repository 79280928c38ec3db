/** The random source of stochastic rounding: golden's `noiseByte` for Q rows x L elements per beat, in the order of the scan. */
import {
  bit,
  type Design,
  defineModule,
  increment,
  type ModuleBuilder,
  pack,
  sink,
  source,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import { mix, NOISE_STRIDE, type RowState } from '../../golden/fixed/index.ts';
import { plusDirect } from './arithmetic.ts';
import { noiseTokenShape } from './interface.ts';
import type { ScanParameters } from './parameters.ts';
import { walkRows } from './walk.ts';

const word = uint(32);
const wrapped = (x: number): bigint => BigInt.asUintN(32, BigInt(x));
const plus = (a: UInt, b: UInt | bigint): UInt => a.add(b).trunc(32);

/** Puts a register behind a step. */
type Step = (name: string, value: UInt) => UInt;

/** x (1 + 2^n), the shifted x straight at the carry chain: of its bits only those that are left need LUTs beside the sum's. */
const withShifted = (x: UInt, n: number): UInt => plusDirect(x.shl(n).trunc(32), x);
/** x 1025: the first two steps of golden's `mix` are a sum, which may be made of parts, times this. */
const spread = (x: UInt): UInt => withShifted(x, 10);
/** Its other steps. 2 stages. */
function scramble(x: UInt, name: string, step: Step): UInt {
  const sum = step(`${name}_sum`, withShifted(x.xor(x.shr(6).ext(32)), 3));
  return step(name, withShifted(sum.xor(sum.shr(11).ext(32)), 15));
}
/** `mix`, Jenkins' one-at-a-time hash with words for bytes, of a sum. 3 stages. */
const mixed = (sum: UInt, name: string, step: Step): UInt => scramble(step(`${name}_spread`, spread(sum)), name, step);

/** Stages of a token's key, which the surroundings hide behind the token before. */
const keyStages = 8;
/** Stages from a beat's place to its bytes. */
export const noiseStages = 10;

const noiseInterface = (p: ScanParameters) => ({
  token: sink(noiseTokenShape(p), 'one token of one layer'),
  noise: source(uint(8 * p.lanes * p.rows), `a byte for every element of a beat, ${p.rows} rows x ${p.lanes} elements`),
});

/** One beat per cycle, without a gap between tokens of more than `keyStages` beats. */
export function noiseSource(p: ScanParameters, { seed }: RowState): Design<ReturnType<typeof noiseInterface>> {
  return defineModule(
    {
      name: `scan_noise_l${p.lanes}_q${p.rows}_seed${seed}`,
      doc: 'Random bytes of stochastic rounding: a hash of seed, layer, token, row and element.',
      ports: noiseInterface(p),
    },
    (m, io) => {
      m.comment(
        'Key of the token that is next: mix(mix(mix(0, seed), layer), token), ready when it has waited long enough.',
      );
      const { layer, token } = io.token.payload;
      const held: Step = (name, value) => m.delay(name, value);
      const layerKey = mixed(held('layer_start', plus(layer.ext(32), wrapped(mix(0, seed)))), 'layer_key', held);
      const tokenKey = mixed(held('token_start', plus(layerKey, token)), 'token_key', held);
      const waited = m.register('waited', uint(4), { reset: 0 });
      const keyed = waited.eq(keyStages).named('keyed');
      const walkFree = m.wire('walk_free', bit);
      const next = { valid: io.token.valid.and(keyed), ready: walkFree, payload: io.token.payload };
      const advance = io.noise.ready.or(io.noise.valid.not()).named('advance');
      const lastTile = m.wire('last_tile', bit);
      const walk = walkRows(m, next, p.rows, advance.and(lastTile));
      io.token.ready.drive(walkFree.and(keyed));
      const waits = io.token.valid.and(walk.take.not());
      waited.next(waits.mux(keyed.mux(waited, increment(waited)), 0));

      m.comment('Place of the beat: key and row, and the words of the row from this beat on.');
      const beat = walk.busy.and(advance).named('beat');
      const key = m.delay('key', tokenKey, { enable: walk.take });
      const tilesOf = m.delay('tiles', next.payload.tiles, { enable: walk.take });
      const tile = m.register('tile', tilesOf.type);
      const row = m.register('row', word);
      const rowWords = m.register('row_words', word);
      lastTile.drive(increment(tile).eq(tilesOf));
      const { wordDone, bytes } = partWords(m, p, tile);
      const start = walk.take.or(walk.step).named('start_row');
      m.when(start, () => {
        tile.next(0);
        rowWords.next(0);
      }).elsewhen(beat, () => {
        tile.next(increment(tile));
        rowWords.next(wordDone.mux(plus(rowWords, wrapped(Math.max(1, p.lanes / 4) * NOISE_STRIDE)), rowWords));
      });
      const passed = walk.headDone.mux(
        walk.rowsLeft,
        m.constant(walk.rowsLeft.type, Math.min(p.rows, 2 ** walk.rowsLeft.width - 1)),
      );
      row.next(walk.take.mux(m.constant(word, 0), walk.step.mux(plus(row, passed.ext(32)), row)));

      m.comment('Keys of the rows, then the bytes: mix(mix(key, row), word stride), four elements a word.');
      const pipe = m.pipeline('hash', { enable: advance });
      const staged: Step = (name, value) => pipe.stage(name, value);
      const first = pipe.stage('row_start', plus(pipe.enter(key), pipe.enter(row)));
      const valid = pipe.flag(walk.busy);
      const place = pipe.enter(rowWords);
      const take = bytes(pipe.enter(tile), (value) => pipe.at(value, noiseStages));
      const noise = Array.from({ length: p.rows }, (_, q) => {
        const started = pipe.stage(`row_${q}_start`, plus(first, BigInt(q)));
        const rowKey = mixed(started, `row_${q}_key`, staged);
        const base = pipe.join({ rowKey, place }, (v) => pipe.stage(`row_${q}_word`, plus(v.rowKey, v.place)));
        const shared = pipe.stage(`row_${q}_shared`, spread(base));
        const words = Array.from({ length: Math.ceil(p.lanes / 4) }, (_, j) => {
          const own = pipe.stage(`row_${q}_own_${j}`, plus(shared, wrapped(j * NOISE_STRIDE * 1025)));
          return scramble(own, `row_${q}_bytes_${j}`, staged);
        });
        return take(pack(words));
      });
      io.noise.payload.drive(pack(noise));
      io.noise.valid.drive(pipe.at(valid, noiseStages));
    },
  );
}

/** Fewer than four lanes take their bytes of a word in several beats. */
function partWords(m: ModuleBuilder, p: ScanParameters, tile: UInt) {
  const beats = 4 / p.lanes;
  if (beats <= 1) return { wordDone: m.constant(bit, 1), bytes: () => (words: UInt) => words };
  const bits = Math.log2(beats);
  const place = (of: UInt): UInt => of.ext(of.width + bits).trunc(bits);
  return {
    wordDone: place(tile).all(),
    bytes: (element: UInt, later: (value: UInt) => UInt) => {
      const at = later(place(element));
      return (words: UInt) => {
        const parts = unpack(words, 8 * p.lanes);
        return parts.reduce((chosen, part, i) => at.eq(i).mux(part, chosen));
      };
    },
  };
}
