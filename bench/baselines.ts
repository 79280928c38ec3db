/** Quantization after training against binarization-aware training, as the paper compares them, on the models of models/. */
import { bundled } from '../cli/bundled.ts';
import { calibrationText } from '../cli/calibration.ts';
import type { Progress, Report } from '../cli/command.ts';
import { table } from '../cli/print.ts';
import {
  billm,
  bitsPerByte,
  calibrate,
  defaultNumerics,
  type FixedChoice,
  gptq,
  gptqPlanes,
  loadModel,
  type Method,
  type Model,
  quantizeModel,
  readCalibrationText,
  readWindows,
  roundToNearest,
  signs,
  variant,
} from '../golden/index.ts';
import { type Bench, measured } from './bench.ts';

/** Windows of 1024 bytes that are evaluated: bytes 0 to 65535 of kjv-val. */
const WINDOWS = 64;
/** Bits of a weight: of a grid, or of signs, of which salient columns have two. */
const METHODS: readonly { readonly name: string; readonly bits: string; readonly method: Method }[] = [
  ...[4, 3, 2].map((bits) => ({
    name: 'round to nearest',
    bits: String(bits),
    method: ((matrix) => ({ weights: roundToNearest(matrix, bits) })) satisfies Method as Method,
  })),
  ...[4, 3, 2].map((bits) => ({
    name: 'GPTQ',
    bits: String(bits),
    method: ((matrix, factor) => ({ weights: gptq(matrix, bits, factor()) })) satisfies Method as Method,
  })),
  { name: 'sign, best scale per row', bits: '1', method: (matrix) => ({ weights: signs(matrix) }) },
  { name: 'BiLLM', bits: '1 to 2', method: (matrix, factor) => ({ weights: billm(matrix, factor()).weights }) },
];

export const baselines: Bench = {
  describe: 'quantization after training (round to nearest, GPTQ, sign, BiLLM) against the trained binary model',
  rows: {
    async methods(progress, { threads }): Promise<Report> {
      const text = await readWindows(bundled('models/kjv-val.txt'), { windows: WINDOWS });
      const calibration = await readCalibrationText(calibrationText);
      const full = await loadModel(bundled('models/tiny-fp'));
      const tiny = await loadModel(bundled('models/tiny'));
      const results: Result[] = [];
      const add = async (name: string, bits: string, model: Model, fixed?: FixedChoice) =>
        results.push(await evaluate(name, bits, model, fixed));
      await add('full precision', '32', full);
      for (const { name, bits, method } of METHODS) {
        const model = quantizeModel(full, method, calibration, (done, total) =>
          progress(`${name}, ${bits} bits: matrix ${done} of ${total}`),
        );
        await add(name, bits, model);
      }
      await add('trained binary (tiny)', '1', tiny);
      const ranges = calibrate(full, calibration);
      for (const bits of ['8', '6', '4']) {
        const numerics = variant(defaultNumerics, 'dense_bits', bits);
        await add('fixed point, planes of one scale per row', bits, full, { calibration: ranges, numerics });
      }
      const planes = quantizeModel(
        full,
        (matrix, factor) => gptqPlanes(matrix, 4, factor()),
        calibration,
        (done, total) => progress(`GPTQ planes: matrix ${done} of ${total}`),
      );
      const numerics = variant(defaultNumerics, 'dense_bits', '4');
      await add('fixed point, GPTQ on such planes', '4', planes, {
        calibration: calibrate(planes, calibration),
        numerics,
      });
      return report(results);

      async function evaluate(name: string, bits: string, model: Model, fixed?: FixedChoice): Promise<Result> {
        const options = { threads, progress: shown(progress, name), ...(fixed === undefined ? {} : { fixed }) };
        const { bitsPerByte: value, clamped } = await bitsPerByte(model, text, options);
        return { name, bits, value, clamped: Object.values(clamped).reduce((sum, n) => sum + n, 0) };
      }
    },
  },
};

interface Result {
  readonly name: string;
  readonly bits: string;
  readonly value: number;
  readonly clamped: number;
}

const shown = (progress: Progress, name: string) => (done: number, total: number) =>
  progress(`${name}: window ${done} of ${total}`);

function report(results: readonly Result[]): Report {
  const of = (name: string) => results.find((result) => result.name.startsWith(name))!.value;
  const lost = results.reduce((sum, { clamped }) => sum + clamped, 0);
  const figures = results.map(({ name, bits, value }) => {
    const id = `${name.replaceAll(/[^a-z]+/gi, '_').toLowerCase()}.w${bits.replaceAll(/[^0-9]+/g, '_')}.bits_per_byte`;
    return measured(id, value, 'bits');
  });
  const rows = results.map(({ name, bits, value }) => [name, bits, value.toFixed(4), (2 ** value).toFixed(3)]);
  const trained = of('trained binary');
  return {
    figures,
    checks: [
      {
        name: 'the trained binary model beats binarization after training',
        ok: trained < Math.min(of('sign'), of('BiLLM')),
        detail: `${trained.toFixed(3)} against ${of('sign').toFixed(3)} and ${of('BiLLM').toFixed(3)} bits per byte`,
      },
      { name: 'every result fits its format', ok: lost === 0, detail: `${lost} clamped` },
    ],
    skipped: [],
    tools: {},
    text: table(['weights of in_proj and out_proj', 'bits', 'bits per byte', 'perplexity'], rows, [1, 2, 3]),
  };
}
