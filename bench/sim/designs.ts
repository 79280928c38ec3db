/** What is simulated in `popscan bench sim`. */
import { type Design, defineModule, input, output, uint, unpack } from '../../gen/index.ts';
import { arbiter } from '../../gen/stream/index.ts';
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { type MatmulParameters, matmulArray, type ScanParameters, scanUnit, storeSize } from '../../hw/index.ts';
import { type Beat, createRandom } from '../../sim/index.ts';
import { matmulBench } from '../../verify/bench-matmul.ts';
import { scanBench } from '../../verify/bench-scan.ts';
import { goldenScan } from '../../verify/golden-scan.ts';
import { randomMatmulJob } from '../../verify/jobs-corner.ts';
import { randomScanInput } from '../../verify/jobs-corner-scan.ts';
import type { UnitBench } from '../../verify/unit-bench.ts';
import { selfDriven, type selfDrivenPorts } from './self-driven.ts';

export type BenchDesign = Design<typeof selfDrivenPorts>;

const lanes = 16;
const columns = 256;

/** The popcount tile: weights and activations registered, AND, popcount, accumulated per row. New weights in every cycle. */
function popcountTile(): Design {
  const ports = {
    weight: input(uint(lanes * columns), 'bits of 16 x 256 weights'),
    activation: input(uint(columns), 'one bit plane of 256 activations'),
    total: output(uint(lanes * 32), 'sum of ones of every row'),
  };
  return defineModule(
    { name: `popcount_tile_r${lanes}_k${columns}`, doc: 'Ones of weight AND activation.', ports },
    (m, io) => {
      const weight = m.delay('weight_q', io.weight, { reset: 0 });
      const activation = m.delay('activation_q', io.activation, { reset: 0 });
      const totals = unpack(weight, columns).map((row, r) => {
        const ones = m.delay(`ones_${r}`, row.and(activation).popcount(), { reset: 0 });
        const total = m.register(`total_${r}`, uint(32), { reset: 0 });
        total.next(total.add(ones.ext(32)).trunc(32));
        return total;
      });
      io.total.drive(
        totals
          .map((t, r) =>
            t
              .ext(lanes * 32)
              .shl(32 * r)
              .trunc(lanes * 32),
          )
          .reduce((a, b) => a.or(b)),
      );
    },
  ) as Design;
}

const beatsOf = ({ feeds }: UnitBench): Readonly<Record<string, readonly Beat[]>> =>
  Object.fromEntries(Object.entries(feeds).map(([name, beats]) => [name, [...beats()]]));

function tile(): BenchDesign {
  const random = createRandom(1);
  const feeds = {
    weight: Array.from({ length: 32 }, () => random.bits(lanes * columns)),
    activation: Array.from({ length: 31 }, () => random.bits(columns)),
  };
  return selfDriven(popcountTile(), { feeds });
}

/** The whole matmul unit, 8-bit activations: 8 popcounts of 256 bits in each of 16 rows. */
function matmul(): BenchDesign {
  const p: MatmulParameters = {
    ...{ lanes, columns, segment: 64, tokens: 1, drain: 4, planes: 1, maxShift: 4, maxRows: 1024, maxColumns: 2048 },
    numerics: defaultNumerics.matmul,
  };
  const random = createRandom(2);
  const jobs = [0, 1].map((n) => randomMatmulJob(p, random, 64, 2048, `matrix ${n}`));
  return selfDriven(matmulArray(p) as Design, { feeds: beatsOf(matmulBench(jobs, p, false)) });
}

function scan(): BenchDesign {
  const shape = { heads: 4, groups: 1, headDim: 16, dState: 64 };
  const choice = { lanes: 8, rows: 2 };
  const { words, rows } = storeSize(shape, choice);
  const p: ScanParameters = {
    ...choice,
    ...{ maxHeads: 4, maxHeadDim: 16, maxState: 64, maxGroups: 1, stateWords: words, rowWords: rows },
    numerics: defaultNumerics.scan,
    state: defaultNumerics.state,
  };
  const random = createRandom(3);
  const of = goldenScan(shape, { slot: 0, layer: 0 }, p);
  const jobs = Array.from({ length: 4 }, (_, t) =>
    of.next(randomScanInput(shape, p, random, 'random'), { group: 'bench', label: `token ${t}` }),
  );
  return selfDriven(scanUnit(p) as Design, { feeds: beatsOf(scanBench(jobs, p)) });
}

/** The element of the stream library with the most logic: sixteen streams of 64 bits into one, in turns, both sides stalling. */
function stream(): BenchDesign {
  const names = Array.from({ length: 16 }, (_, i) => `s${i}`);
  const random = createRandom(4);
  const feeds = Object.fromEntries(
    names.map((name, i) => [name, Array.from({ length: 16 + i }, () => random.bits(64))]),
  );
  return selfDriven(arbiter(uint(64), names) as unknown as Design, { feeds, pace: 'stalling' });
}

export const designs = { tile, matmul, scan, stream } as const;
export type DesignName = keyof typeof designs;
