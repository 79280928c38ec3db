/** Options that several commands share. */
import type { Argv } from 'yargs';
import type { ZeroChoice } from '../golden/index.ts';
import { defaultChoices } from '../hw/index.ts';

export interface ModelArgs {
  readonly model: string;
  readonly zeros: ZeroChoice;
}

export const modelOptions = <T>(y: Argv<T>) =>
  y
    .option('model', {
      type: 'string',
      demandOption: true,
      describe: 'folder with config.json and the checkpoint',
      requiresArg: true,
    })
    .option('zeros', {
      choices: ['refuse', 'plus', 'minus'] as const,
      default: 'refuse' as const,
      describe: 'latent weights that are exactly zero: refuse the model, or take them for +1 or -1',
    });

export interface SizeArgs {
  readonly lanes: number;
  readonly columns: number;
  readonly 'scan-lanes': number;
}

export const sizeOptions = <T>(y: Argv<T>) =>
  y
    .option('lanes', {
      type: 'number',
      default: defaultChoices.lanes,
      describe: 'R: matrix rows at once',
      requiresArg: true,
    })
    .option('columns', {
      type: 'number',
      default: defaultChoices.columns,
      describe: 'K: matrix columns per cycle',
      requiresArg: true,
    })
    .option('scan-lanes', {
      type: 'number',
      default: defaultChoices.scanLanes,
      describe: 'L: state elements per cycle, a power of two',
      requiresArg: true,
    });
