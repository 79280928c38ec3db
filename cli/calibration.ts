/** Where the static ranges of the fixed-point model come from: a file, or the bundled text. */
import {
  CALIBRATION_OFFSET,
  CALIBRATION_WINDOW,
  CALIBRATION_WINDOWS,
  type Calibration,
  type CalibrationText,
  calibrate,
  GoldenProblem,
  type Model,
  readCalibration,
  readCalibrationText,
} from '../golden/index.ts';
import { bundled } from './bundled.ts';
import type { Progress } from './command.ts';
import { CommandProblem } from './problem.ts';
import { readWords } from './words.ts';

/** The bundled calibration text: a part of kjv-val that is not evaluated. */
export const calibrationText: CalibrationText = {
  text: bundled('models/kjv-val.txt'),
  offset: CALIBRATION_OFFSET,
  window: CALIBRATION_WINDOW,
  windows: CALIBRATION_WINDOWS,
};

/** The windows of a text as tokens of the model in `dir`: bytes, or what its tokenizer makes of them. */
export async function calibrationTokens(
  dir: string,
  { config }: Model,
  from: CalibrationText,
): Promise<ArrayLike<number>[]> {
  const words = await readWords(dir, config.vocabSize);
  const windows = await readCalibrationText(from);
  if (config.vocabSize === 256) return windows;
  const decoder = new TextDecoder();
  return windows.map((bytes) => words.encode(decoder.decode(bytes)));
}

/** The ranges in `file`; without one, those of the bundled text. */
export async function rangesFor(
  { model: dir, calibration: file }: { readonly model: string; readonly calibration: string | undefined },
  model: Model,
  progress: Progress,
): Promise<Calibration> {
  if (file !== undefined) return readCalibration(file, model);
  const windows = await calibrationTokens(dir, model, calibrationText).catch((error: unknown) => {
    throw error instanceof GoldenProblem && error.id === 'usage' ? noRanges(dir, error) : error;
  });
  return calibrate(model, windows, (done, total) => progress(`calibration: window ${done} of ${total}`));
}

/** The model's ranges must come from tokens, and there is nothing that makes them of the bundled text. */
const noRanges = (dir: string, { found }: GoldenProblem): CommandProblem =>
  new CommandProblem({
    id: 'usage-required',
    what: 'fixed point needs ranges, and there is no tokenizer.json beside the model to read the bundled text with',
    where: dir,
    expected: '--calibration FILE, a tokenizer.json beside the model, or a vocabulary of 256',
    found,
    remedy: `popscan calibrate --model ${dir} --ids 1,2,3 --out FILE makes them of tokens; then give --calibration FILE`,
  });
