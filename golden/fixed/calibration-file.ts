/** Calibrations on disk: a JSON manifest that says which model and which text they come from. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Model } from '../model.ts';
import { GoldenProblem } from '../problem.ts';
import { openFile, readAt, readSmallFile } from '../read/file.ts';
import { parseJson } from '../read/json.ts';
import { type Calibration, fingerprint, type LayerRanges } from './calibration.ts';

/** Where the windows of a calibration lie in a text. Defaults: 8 windows of 1024 bytes from byte 131072 on. */
export interface CalibrationText {
  readonly text: string;
  readonly offset: number;
  readonly window: number;
  readonly windows: number;
}

/** Bytes from here on calibrate, bytes before 65536 are evaluated. */
export const CALIBRATION_OFFSET = 131072;
export const CALIBRATION_WINDOW = 1024;
export const CALIBRATION_WINDOWS = 8;

/** The windows of a calibration text. Errors: `text-too-short`, those of reading. */
export async function readCalibrationText({ text, offset, window, windows }: CalibrationText): Promise<Uint8Array[]> {
  const file = await openFile(text);
  try {
    if (file.size < offset + window * windows) {
      throw new GoldenProblem({
        id: 'text-too-short',
        what: 'the text is too short for this calibration',
        where: text,
        expected: `at least ${offset + window * windows} bytes: ${windows} windows of ${window} from byte ${offset} on`,
        found: `${file.size} bytes`,
        remedy: 'give a smaller --offset, fewer or shorter windows, or a longer text',
      });
    }
    const bytes = new Uint8Array(window * windows);
    await readAt(file, offset, bytes);
    return Array.from({ length: windows }, (_, i) => bytes.subarray(i * window, (i + 1) * window));
  } finally {
    await file.handle.close();
  }
}

const FORMAT = 'popscan-calibration-1';

/** Writes the ranges with what they were measured on; the file appears whole or not at all. */
export async function writeCalibration(
  path: string,
  model: Model,
  ranges: Calibration,
  from: CalibrationText | { readonly ids: string },
): Promise<void> {
  const manifest = { format: FORMAT, model: fingerprint(model), from, ...ranges };
  const beside = `${path}.${process.pid}.new`;
  await writeFile(beside, `${JSON.stringify(manifest, null, 1)}\n`);
  await rename(beside, path);
}

/** Reads a calibration of this model. Errors: `calibration-invalid`, `json-invalid`, those of reading. */
export async function readCalibration(path: string, model: Model): Promise<Calibration> {
  parseJson(await readSmallFile(path, 2 ** 26), path);
  const json = JSON.parse(await readFile(path, 'utf8')) as Partial<Calibration> & { format?: unknown; model?: unknown };
  const refuse = (what: string, expected: string, found: string): never => {
    throw new GoldenProblem({
      id: 'calibration-invalid',
      what,
      where: path,
      expected,
      found,
      remedy: 'make it again: popscan calibrate --model DIR --out FILE',
    });
  };
  if (json.format !== FORMAT) refuse('not a calibration', `"format": "${FORMAT}"`, String(json.format).slice(0, 40));
  if (json.model !== fingerprint(model))
    refuse('the calibration is of another model', fingerprint(model), String(json.model).slice(0, 40));
  const { nLayer, nHeads } = model.config;
  const positive = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
  const good = (layer: LayerRanges) =>
    [layer.z, layer.xbc, layer.dt, layer.conv, layer.x, layer.b, layer.c, layer.y, layer.gated].every(positive) &&
    Array.isArray(layer.state) &&
    layer.state.length === nHeads &&
    layer.state.every(positive);
  const whole =
    positive(json.residual) && Array.isArray(json.layers) && json.layers.length === nLayer && json.layers.every(good);
  if (!whole)
    refuse('the calibration is incomplete', `ranges of ${nLayer} layers with ${nHeads} heads`, 'others, or none');
  return { residual: json.residual!, layers: json.layers! };
}
