/** `popscan gen`: Verilog, memory images and a manifest for a model, or Verilog alone for a configuration. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { printDesigns, sourceMap } from '../../gen/index.ts';
import { defaultNumerics, rowFactors } from '../../golden/fixed/index.ts';
import {
  type BinaryProjection,
  loadModel,
  type Model,
  type ModelConfig,
  projectionForm,
  readConfig,
} from '../../golden/index.ts';
import {
  checkMatrix,
  factorStream,
  headerImage,
  hexImage,
  type ImageFacts,
  type MatmulParameters,
  orderOf,
  page,
  scanWidths,
  targetCells,
  type UnitParameters,
  unitParameters,
  weightStream,
} from '../../hw/index.ts';
import { type Unit, unitNames, verifiedUnits } from '../../verify/units.ts';
import { version } from '../../verify/version.ts';
import { bundled } from '../bundled.ts';
import type { Command, Figure, Progress, Report } from '../command.ts';
import type { Scratch } from '../io.ts';
import { listOf } from '../list.ts';
import { type SizeArgs, sizeChoices, sizeOptions, type ZerosArgs, zerosOption } from '../options.ts';
import { refuseOccupied, writeDirectory } from '../output-directory.ts';
import { CommandProblem } from '../problem.ts';

interface Args extends SizeArgs, ZerosArgs {
  readonly model: string | undefined;
  readonly config: string | undefined;
  readonly out: string;
  readonly unit: string | undefined;
  readonly target: Target;
}

type Target = keyof typeof targetCells;

/** The look-up engine has cells for UltraScale+ alone. */
const tableTargets: readonly Target[] = ['portable', 'xcup', 'ice40'];

const layout = [
  'The directory appears whole or not at all, and the same input gives the same bytes:',
  '  rtl/*.v, rtl/files.f   Verilog, one module per file, and the list of the files',
  '  weights/*.bin, *.hex, *.h   the weight stream of every projection: bytes, for $readmemh, a C header',
  '  weights/*_factors.*    scales of rows, in the order of results, where the model has them',
  '  manifest.json          parameters, number formats, sha256 of every input and output',
];

export const genCommand: Command<Args> = {
  command: 'gen',
  describe: 'Write Verilog, memory images and a manifest into a fresh directory',
  builder: (y) =>
    sizeOptions(
      zerosOption(
        y
          .usage('popscan gen --model DIR | --config FILE --out DIR')
          .option('model', { group: 'Model:', type: 'string', describe: 'folder with config.json and the checkpoint' })
          .option('config', {
            group: 'Model:',
            type: 'string',
            describe: 'a config.json alone: Verilog without memory images',
          }),
      ),
    )
      .option('out', {
        group: 'Output:',
        type: 'string',
        demandOption: true,
        describe: 'directory to write; it must not exist, or be empty',
      })
      .option('unit', {
        group: 'Output:',
        type: 'string',
        describe: `which units, of ${unitNames.join(', ')} (default: all)`,
      })
      .option('target', {
        group: 'Output:',
        choices: Object.keys(targetCells) as Target[],
        default: 'portable' as const,
        describe: "what the matmul array's lanes are made of: equations that any tool takes, or cells of a family",
      })
      .epilogue(layout.join('\n'))
      .example('popscan gen --model models/nano --out out/nano', '')
      .example('popscan gen --model models/nano --out out/xcup --target xcup', 'LUT6_2 and CARRY8')
      .example('popscan gen --model models/tiny --out out/tiny --lanes 32 --columns 64', ''),
  run: async (a, progress, { scratch }) => {
    if ((a.model === undefined) === (a.config === undefined)) throw oneSource(a.model !== undefined);
    const choices = { ...sizeChoices(a), cells: cellsFor(a) };
    const units = a.unit === undefined ? unitNames : listOf('--unit', a.unit, unitNames);
    await refuseOccupied(a.out);
    const model = a.model === undefined ? undefined : await loadModel(a.model, { zeros: a.zeros, progress });
    if (model !== undefined) refuseDense(model);
    const config = model?.config ?? (await readConfig(a.config!));
    const form = model && projectionForm(model, defaultNumerics.denseBits);
    const parameters = unitParameters(config, { ...choices, ...form }, defaultNumerics);
    const inputs = await hashes(a.model === undefined ? [a.config!] : await checkpointFiles(a.model));
    return write(a.out, config, model, parameters, units, inputs, progress, scratch);
  },
};

function cellsFor(a: Args): (typeof targetCells)[Target] {
  const possible: readonly string[] = a['matmul-engine'] === 'table' ? tableTargets : Object.keys(targetCells);
  if (possible.includes(a.target)) return targetCells[a.target];
  throw new CommandProblem({
    id: 'option-range',
    what: `the look-up engine has no cells for ${a.target}`,
    where: `--target ${a.target}`,
    expected: possible.join(', '),
    found: a.target,
    remedy: 'give --target portable, or --matmul-engine popcount',
  });
}

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

async function write(
  out: string,
  config: ModelConfig,
  model: Model | undefined,
  parameters: UnitParameters,
  units: readonly Unit[],
  inputs: Readonly<Record<string, string>>,
  progress: Progress,
  scratch: Scratch,
): Promise<Report> {
  const started = performance.now();
  const entries: Entry[] = [];
  const printed = printDesigns(units.map((unit) => verifiedUnits[unit].design(parameters)));
  const tops = Object.fromEntries(units.map((unit, i) => [unit, printed.tops[i]!]));
  const rtl = new Map(printed.files.map((f) => [`rtl/${f.name}`, f]));
  await writeDirectory(out, scratch, async (save) => {
    const keep = async (path: string, data: string | Uint8Array): Promise<void> => {
      progress(`writing ${path}`);
      await save(path, data);
      entries.push({ path, bytes: Buffer.byteLength(data), sha256: sha256(data) });
    };
    for (const [path, file] of rtl) {
      await keep(path, file.text);
      await keep(`${path}.map`, sourceMap(file, bundled('.')));
    }
    await keep('rtl/files.f', `${[...rtl.keys()].map((p) => p.replace('rtl/', '')).join('\n')}\n`);
    const weights: Image['facts'][] = [];
    for (const { facts, files } of model === undefined ? [] : images(model, parameters)) {
      for (const [path, data] of files) await keep(path, data());
      weights.push(facts);
    }
    const manifest = {
      popscan: version,
      inputs,
      config,
      tops: Object.fromEntries(Object.entries(tops).map(([unit, { top }]) => [unit, top])),
      parameters,
      weight_layout:
        'docs/matmul.md; bit r K + k of a beat is row r, column k of its tile; 1 is +1; zeros beyond the matrix',
      weights,
      files: entries,
    };
    await save('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
  });
  const { stateWords, rowWords, lanes, rows } = parameters.scan;
  const widths = scanWidths(parameters.scan);
  const stateBits = (stateWords * lanes * widths.code + rowWords * widths.exponent) * rows;
  const generated = Object.fromEntries(Object.entries(tops).map(([unit, t]) => [unit, t.generatedNames]));
  return report(out, entries, generated, stateBits, (performance.now() - started) / 1000);
}

/** What the files of a projection's weights hold, and how to write them. */
interface Image {
  readonly facts: ImageFacts & { readonly beats: number; readonly beatBytes: number };
  readonly files: readonly (readonly [path: string, data: () => string | Uint8Array])[];
}

/** The weight stream of every projection: its bytes (little-endian beats), hex for $readmemh (one beat a line) and a C header. */
function* images(model: Model, { matmul: p }: UnitParameters): Generator<Image> {
  let address = 0;
  for (const [i, layer] of model.layers.entries()) {
    for (const [side, projection] of [
      ['in_proj', layer.inProj],
      ['out_proj', layer.outProj],
    ] as const) {
      const matrix = projection as BinaryProjection;
      const order = orderOf(p);
      const stream = weightStream({ ...matrix, planes: [matrix] }, p, { order });
      const name = `layer_${i}_${side}`;
      const { rows, cols } = matrix;
      checkMatrix(p, { rows, cols, planes: 1 });
      const facts = { name, rows, cols, lanes: p.lanes, columns: p.columns, order, address };
      address += Math.ceil(stream.bytes.length / page) * page;
      yield {
        facts: { ...facts, beats: stream.beats, beatBytes: stream.bytesPerBeat },
        files: [
          [`weights/${name}.bin`, () => stream.bytes],
          [`weights/${name}.hex`, () => hexImage(stream, p.lanes * p.columns)],
          [`weights/${name}.h`, () => headerImage(stream, facts)],
          ...factorFiles(name, matrix, p),
        ],
      };
    }
  }
}

/** Scales of rows, where the array takes them: bytes and hex. */
function factorFiles(name: string, matrix: BinaryProjection, p: MatmulParameters): Image['files'] {
  if (p.rowScaleBits === undefined) return [];
  if (matrix.pattern !== 'row') throw mixedScales(name, matrix.pattern);
  const { rowScale, rowBias } = rowFactors(matrix, p.rowScaleBits);
  const stream = factorStream({ scale: rowScale.values, offset: rowBias.values }, p);
  return [
    [`weights/${name}_factors.bin`, () => stream.bytes],
    [`weights/${name}_factors.hex`, () => hexImage(stream, 2 * p.drain * p.rowScaleBits!)],
  ];
}

const mixedScales = (name: string, pattern: string): CommandProblem =>
  new CommandProblem({
    id: 'row-scales',
    what: 'some projections have a scale per row, and this one has not',
    where: name,
    expected: 'scaling pattern row in all projections, or in none',
    found: `pattern ${pattern}`,
    remedy: 'train all projections with one pattern; with --config the RTL can be written without weights',
  });

function report(
  out: string,
  entries: readonly Entry[],
  generated: Readonly<Record<string, number>>,
  stateBits: number,
  seconds: number,
): Report {
  const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'measured' });
  const rtl = entries.filter((e) => e.path.endsWith('.v'));
  const units = Object.keys(generated).join(', ');
  return {
    figures: [
      figure('files', entries.length + 1, 'files'),
      figure('verilog_modules', rtl.length, 'modules'),
      figure(
        'bytes',
        entries.reduce((sum, e) => sum + e.bytes, 0),
        'bytes',
      ),
      ...Object.entries(generated).map(([unit, share]) =>
        figure(`${unit}.generated_names`, share, 'share of declared names'),
      ),
      figure('scan.state_bits', stateBits, 'bits of on-chip memory'),
      figure('seconds', seconds, 's'),
    ],
    checks: [],
    skipped: [],
    tools: {},
    text: `${out}: ${rtl.length} modules in rtl/, of ${units}; manifest.json lists every file with its hash`,
  };
}

const checkpointFiles = async (dir: string): Promise<string[]> =>
  (await readdir(dir))
    .filter((f) => f === 'config.json' || /^model.*\.safetensors$|\.index\.json$|^pytorch_model.*\.bin$/.test(f))
    .sort()
    .map((f) => join(dir, f));

async function hashes(files: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const file of files) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
    found[basename(file)] = hash.digest('hex');
  }
  return found;
}

const oneSource = (both: boolean): CommandProblem =>
  new CommandProblem({
    id: 'usage-required',
    what: both ? 'gen takes either a model or a configuration' : 'gen needs a model or a configuration',
    where: 'popscan gen',
    expected: '--model DIR or --config FILE',
    found: both ? 'both' : 'neither',
    remedy: 'give one of the two',
  });

function refuseDense(model: Model): void {
  for (const [i, { inProj, outProj }] of model.layers.entries()) {
    if (inProj.kind !== 'binary') throw notBinary(i, 'in_proj');
    if (outProj.kind !== 'binary') throw notBinary(i, 'out_proj');
  }
}

const notBinary = (layer: number, name: string): CommandProblem =>
  new CommandProblem({
    id: 'not-binary',
    what: 'the matmul array takes binary weights',
    where: `layer ${layer} ${name}`,
    expected: 'a projection with wscale and wbias (1-bit weights)',
    found: 'full-precision weights',
    remedy: 'use a binarized checkpoint; with --config the RTL can be written without weights',
  });
