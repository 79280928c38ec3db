/** Chooses an array for a list of matrices, a memory and a device. */
import type { MatmulNumerics } from '../../golden/fixed/index.ts';
import type { Device } from '../devices.ts';
import { HardwareProblem } from '../problem.ts';
import { loadCycles, type Schedule, schedule, type Work } from './cycles.ts';
import { orderOf } from './layout.ts';
import { type Engine, laneCells, type MatmulParameters, matmulWidths } from './parameters.ts';
import { type Resources, resources } from './resources.ts';

export interface NamedMatrix {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly planes: number;
}

export interface PlanRequest {
  /** In the order in which they are multiplied. */
  readonly matrices: readonly NamedMatrix[];
  /** That the memory delivers per cycle. */
  readonly bitsPerCycle: number;
  readonly device: Device;
  /** Vectors that come together: 1 when text is written, more when a prompt is read. */
  readonly vectors: number;
  /** Undefined: the one that costs less for the same time. */
  readonly engine: Engine | undefined;
  readonly maxShift: number;
  /** Columns that share an exponent. */
  readonly segment: number;
  readonly numerics: MatmulNumerics;
}

export interface Plan {
  readonly parameters: MatmulParameters;
  readonly resources: Resources;
  /** Each matrix alone, then all in a row. */
  readonly alone: readonly (Schedule & { readonly name: string; readonly utilisation: number })[];
  readonly together: Schedule & { readonly utilisation: number };
  /** Cycles that the memory takes to deliver all weights, their padding included. */
  readonly memoryCycles: number;
}

/** Of a device, that the array may take: the rest is for the scan, the mixer and routing. */
const share = 0.7;

const fits = (r: Resources, d: Device): boolean =>
  r.lut <= share * d.lut && r.ff <= share * d.ff && r.bram <= share * d.bram && r.dsp <= share * d.dsp;

interface Candidate {
  readonly parameters: MatmulParameters;
  readonly resources: Resources;
  readonly cycles: number;
}

/** The fastest array that fits; of those within 1 % of it, the one of the fewest LUTs. Throws a `HardwareProblem` where none fits. */
export function planMatmul(request: PlanRequest): Plan {
  const all = candidates(request);
  const fitting = all.filter((c) => fits(c.resources, request.device));
  if (fitting.length === 0) throw tooSmall(request, all);
  const best = Math.min(...fitting.map((c) => c.cycles));
  const near = fitting.filter((c) => c.cycles <= 1.01 * best);
  const chosen = near.reduce((a, b) => (b.resources.lut < a.resources.lut ? b : a));
  return describe(chosen, request);
}

/** K by powers of two, R as many as the memory feeds or a share of it, both engines, T and A' by powers of two. */
function candidates(request: PlanRequest): Candidate[] {
  const found: Candidate[] = [];
  const tokens = [1, 2, 4, 8, 16, 32, 64].filter((t) => t <= request.vectors);
  const { family } = request.device;
  const both: readonly Engine[] = family === 'ecp5' ? ['popcount'] : ['popcount', 'table'];
  const engines = request.engine === undefined ? both : [request.engine];
  if (!engines.every((e) => both.includes(e)))
    throw new HardwareProblem('matmul', 'engine', `${both.join(' or ')} on ${family}`, `${request.engine}`, both[0]);
  const { activationBits } = request.numerics;
  const allPlanes = [1, 2, 4, 8].filter((n) => activationBits % n === 0 && n < activationBits);
  for (const engine of engines) {
    for (const planes of engine === 'table' ? [activationBits] : [activationBits, ...allPlanes]) {
      for (let columns = 16; columns <= 1024; columns *= 2) {
        for (const lanes of laneCounts((request.bitsPerCycle * activationBits) / planes / columns)) {
          for (const t of engine === 'table' ? [1] : tokens) {
            const parameters = arrayFor(request, { engine, lanes, columns, tokens: t, activationPlanes: planes });
            const taken = resources(parameters, family);
            found.push({ parameters, resources: taken, cycles: estimate(parameters, request) });
          }
        }
      }
    }
  }
  return found;
}

/** As many as the memory feeds, one less, and shares of it. */
function laneCounts(fed: number): Set<number> {
  const most = Math.min(1024, Math.ceil(fed));
  const lanes = new Set([most, Math.max(1, most - 1)]);
  for (let few = most; few > 1; few = Math.floor(few * 0.8)) lanes.add(few);
  return lanes;
}

type Size = Required<Pick<MatmulParameters, 'engine' | 'lanes' | 'columns' | 'tokens' | 'activationPlanes'>>;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** The rest of an array: loads of up to 64 columns, and as many results per cycle as let those of a tile leave while the next is computed. */
export function arrayFor(
  { matrices, numerics, maxShift, segment, device }: PlanRequest,
  { engine, lanes, columns, tokens, activationPlanes }: Size,
): MatmulParameters {
  const maxRows = Math.max(...matrices.map((m) => m.rows));
  const own = maxShift === 0 ? columns : gcd(columns, segment);
  const passes = numerics.activationBits / activationPlanes;
  const cycles = passes * Math.min(...matrices.map((m) => m.planes * Math.ceil(m.cols / columns)));
  const table = engine === 'table';
  return {
    ...{
      lanes,
      columns,
      activationPlanes,
      segment: own,
      load: gcd(columns, table && columns > 256 ? columns / 4 : 64),
      tokens,
    },
    drain: table ? lanes : Math.min(lanes, Math.ceil((tokens * lanes) / cycles)),
    planes: Math.max(...matrices.map((m) => m.planes)),
    ...{ maxShift, maxRows, maxColumns: Math.max(...matrices.map((m) => m.cols)), numerics, engine },
    storedRows: table ? maxRows : 0,
    cells: laneCells(device.family, engine),
  };
}

const beatsOf = (p: MatmulParameters, m: NamedMatrix): number =>
  Math.ceil(m.rows / p.lanes) * Math.ceil(m.cols / p.columns) * m.planes;

/** Cycles for all vectors: of the weights, by the array or the memory, of the results that leave, or of the activations that are loaded. */
function estimate(p: MatmulParameters, { matrices, vectors, bitsPerCycle }: PlanRequest): number {
  const { passes, chunks } = matmulWidths(p);
  const stream = Math.max(passes, (p.lanes * p.columns) / bitsPerCycle);
  const perLoad = loadCycles(p);
  const leave = p.tokens * Math.ceil(p.lanes / p.drain);
  const cycles = matrices.map((m) => {
    const loads = p.tokens * Math.ceil(m.cols / p.columns) * chunks * perLoad;
    return Math.max(beatsOf(p, m) * stream, Math.ceil(m.rows / p.lanes) * leave, loads);
  });
  return Math.ceil(vectors / p.tokens) * (cycles.reduce((sum, n) => sum + n, 0) + 16);
}

const workOf = (p: MatmulParameters, { rows, cols, planes }: NamedMatrix): Work => ({
  ...{ rows, cols, planes, tokens: p.tokens, order: orderOf(p) },
});

function describe({ parameters: p, resources: taken }: Candidate, { matrices, bitsPerCycle }: PlanRequest): Plan {
  const { passes } = matmulWidths(p);
  const offered = (p.lanes * p.columns) / passes;
  const useful = (of: readonly NamedMatrix[]): number => of.reduce((sum, m) => sum + m.rows * m.cols * m.planes, 0);
  const run = (of: readonly NamedMatrix[]) => {
    const s = schedule(
      p,
      of.map((m) => workOf(p, m)),
    );
    return { ...s, utilisation: useful(of) / (s.cycles * offered) };
  };
  const beats = matrices.reduce((sum, m) => sum + beatsOf(p, m), 0);
  return {
    parameters: p,
    resources: taken,
    alone: matrices.map((m) => ({ name: m.name, ...run([m]) })),
    together: run(matrices),
    memoryCycles: Math.ceil((beats * p.lanes * p.columns) / bitsPerCycle),
  };
}

function tooSmall({ device }: PlanRequest, all: readonly Candidate[]): HardwareProblem {
  const least = all.reduce((a, b) => (b.resources.lut < a.resources.lut ? b : a)).resources;
  const text = ({ lut, ff, bram }: Resources | Device): string => `${lut} LUT, ${ff} FF, ${bram} block RAM`;
  const part = `${Math.round(100 * share)} % of ${text(device)}`;
  return new HardwareProblem('matmul', 'device', part, `${text(least)} for the smallest array`, 'one that holds that');
}
