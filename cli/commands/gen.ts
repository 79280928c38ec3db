/** `popscan gen`: Verilog, memory images and a manifest for a model, or Verilog alone for a configuration. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { printVerilog } from '../../gen/index.ts';
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { type BinaryProjection, loadModel, type Model, type ModelConfig, readConfig } from '../../golden/index.ts';
import { beatValue, matmulArray, scanUnit, type UnitParameters, unitParameters, weightStream } from '../../hw/index.ts';
import type { Command, Figure, Progress, Report } from '../command.ts';
import { type ModelArgs, type SizeArgs, sizeOptions } from '../options.ts';
import { writeDirectory } from '../output-directory.ts';
import { CommandProblem } from '../problem.ts';
import { version } from '../version.ts';

interface Args extends SizeArgs {
  readonly model: string | undefined;
  readonly config: string | undefined;
  readonly zeros: ModelArgs['zeros'];
  readonly out: string;
}

export const genCommand: Command<Args> = {
  command: 'gen',
  describe: 'write Verilog, memory images and a manifest into a fresh directory',
  builder: (y) =>
    sizeOptions(y)
      .option('model', { type: 'string', describe: 'folder with config.json and the checkpoint', requiresArg: true })
      .option('config', {
        type: 'string',
        describe: 'a config.json alone: Verilog without memory images',
        requiresArg: true,
      })
      .option('zeros', {
        choices: ['refuse', 'plus', 'minus'] as const,
        default: 'refuse' as const,
        describe: 'latent weights that are exactly zero: refuse the model, or take them for +1 or -1',
      })
      .option('out', {
        type: 'string',
        demandOption: true,
        describe: 'directory to write; must not exist or be empty',
        requiresArg: true,
      }),
  run: async (a, progress) => {
    if ((a.model === undefined) === (a.config === undefined)) throw oneSource();
    const model = a.model === undefined ? undefined : await loadModel(a.model, { zeros: a.zeros, progress });
    const config = model?.config ?? (await readConfig(a.config!));
    const choices = { lanes: a.lanes, columns: a.columns, scanLanes: a['scan-lanes'] };
    const parameters = unitParameters(config, choices, defaultNumerics);
    const inputs =
      a.model === undefined ? await hashes('.', [a.config!]) : await hashes(a.model, await checkpointFiles(a.model));
    return write(a.out, config, model, parameters, inputs, progress);
  },
};

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
  inputs: Readonly<Record<string, string>>,
  progress: Progress,
): Promise<Report> {
  const started = performance.now();
  const entries: Entry[] = [];
  const units = [
    { design: matmulArray(parameters.matmul), name: 'matmul' },
    { design: scanUnit(parameters.scan), name: 'scan' },
  ].map(({ design, name }) => ({ name, verilog: printVerilog(design) }));
  const rtl = new Map(units.flatMap((u) => u.verilog.files.map((f) => [`rtl/${f.name}`, f.text])));
  await writeDirectory(out, async (save) => {
    const keep = async (path: string, data: string | Uint8Array): Promise<void> => {
      progress(`writing ${path}`);
      await save(path, data);
      entries.push({ path, bytes: Buffer.byteLength(data), sha256: sha256(data) });
    };
    for (const [path, text] of rtl) await keep(path, text);
    await keep('rtl/files.f', `${[...rtl.keys()].map((p) => p.replace('rtl/', '')).join('\n')}\n`);
    if (model !== undefined) for (const [path, data] of images(model, parameters)) await keep(path, data());
    const manifest = {
      popscan: version,
      inputs,
      config,
      tops: Object.fromEntries(units.map((u) => [u.name, u.verilog.top])),
      parameters,
      weights:
        'row tiles top to bottom, column groups left to right; a beat holds bit r*K+k for row r, column k; 1 is +1',
      files: entries,
    };
    await save('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
  });
  return report(out, entries, units[0]!.verilog.generatedNames, (performance.now() - started) / 1000);
}

/** The weight stream of every projection: binary (little-endian beats) and hex for $readmemh (one beat a line). */
function* images(model: Model, parameters: UnitParameters): Generator<[string, () => string | Uint8Array]> {
  for (const [i, layer] of model.layers.entries()) {
    for (const [name, p] of [
      ['in_proj', layer.inProj],
      ['out_proj', layer.outProj],
    ] as const) {
      if (p.kind !== 'binary') throw notBinary(i, name);
      const stream = weightStream(p as BinaryProjection, parameters.matmul);
      const digits = Math.ceil((parameters.matmul.lanes * parameters.matmul.columns) / 4);
      const hex = (): string =>
        Array.from(
          { length: stream.beats },
          (_, b) => `${beatValue(stream, b).toString(16).padStart(digits, '0')}\n`,
        ).join('');
      yield [`weights/layer_${i}_${name}.bin`, () => stream.bytes];
      yield [`weights/layer_${i}_${name}.hex`, hex];
    }
  }
}

function report(out: string, entries: readonly Entry[], generated: number, seconds: number): Report {
  const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'measured' });
  const rtl = entries.filter((e) => e.path.endsWith('.v'));
  return {
    figures: [
      figure('files', entries.length + 1, 'files'),
      figure('verilog_modules', rtl.length, 'modules'),
      figure(
        'bytes',
        entries.reduce((sum, e) => sum + e.bytes, 0),
        'bytes',
      ),
      figure('generated_names', generated, 'share of declared names in matmul'),
      figure('seconds', seconds, 's'),
    ],
    checks: [],
    skipped: [],
    tools: {},
    text: `${out}: ${rtl.map((e) => e.path).join(', ')}; manifest.json lists every file with its hash`,
  };
}

const checkpointFiles = async (dir: string): Promise<string[]> =>
  (await readdir(dir))
    .filter((f) => f === 'config.json' || /^model.*\.safetensors$|\.index\.json$|^pytorch_model.*\.bin$/.test(f))
    .sort();

async function hashes(dir: string, files: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const file of files) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(join(dir, file))) hash.update(chunk as Uint8Array);
    found[file.split(/[\\/]/).at(-1)!] = hash.digest('hex');
  }
  return found;
}

const oneSource = (): CommandProblem =>
  new CommandProblem({
    id: 'usage',
    what: 'gen needs a model or a configuration',
    where: 'the command line',
    expected: '--model DIR or --config FILE',
    found: 'neither, or both',
    remedy: 'give one of the two',
  });

const notBinary = (layer: number, name: string): CommandProblem =>
  new CommandProblem({
    id: 'not-binary',
    what: 'the matmul array takes binary weights',
    where: `layer ${layer} ${name}`,
    expected: 'a projection with wscale and wbias (1-bit weights)',
    found: 'full-precision weights',
    remedy: 'use a binarized checkpoint; with --config the RTL can be written without weights',
  });
