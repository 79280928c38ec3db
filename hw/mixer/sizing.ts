/** Parameters of a mixer from a model's dimensions. */
import type { ModelConfig } from '../../golden/config.ts';
import type { Numerics } from '../../golden/fixed/index.ts';
import { convWords } from '../conv/unit.ts';
import { tileWords } from '../norm/layout.ts';
import { storeSize } from '../scan/parameters.ts';
import { type MixerParameters, mixerParts } from './parameters.ts';

/** What may be chosen. */
export interface MixerChoices {
  /** P: channels per cycle. */
  readonly lanes: number;
  /** L and Q of the scan. */
  readonly scanLanes: number;
  readonly scanRows: number;
}

/** What the matmul array asks for: C columns at once, S of them with one exponent, and the bits of its results. */
export interface ArrayPorts {
  readonly columns: number;
  readonly segment: number;
  readonly resultBits: number;
}

/** Columns of out_proj that share an exponent. */
export const scaleTile = ({ headDim }: Pick<ModelConfig, 'headDim'>, { norm }: Numerics): number =>
  norm.scaleTile === 'headdim' ? headDim : norm.scaleTile;

/** A mixer with the states of one sequence of all layers. Throws a `HardwareProblem` where a choice is out of range. */
export function mixerParameters(
  config: Pick<ModelConfig, 'nHeads' | 'headDim' | 'dState' | 'nGroups' | 'nLayer' | 'dConv'>,
  { lanes, scanLanes, scanRows }: MixerChoices,
  array: ArrayPorts,
  numerics: Numerics,
): MixerParameters {
  const { nHeads: heads, headDim, dState, nGroups: groups, nLayer } = config;
  const shape = { heads, headDim, dState, groups };
  const scan = { lanes: scanLanes, rows: scanRows };
  const state = storeSize(shape, scan);
  const words = convWords(shape, lanes);
  const tile = scaleTile(config, numerics);
  const p: MixerParameters = {
    ...{ lanes, ...array, numerics, ragged: headDim % lanes !== 0 },
    conv: { lanes, taps: config.dConv, maxWords: words, stateWords: nLayer * words, numerics },
    scan: {
      ...scan,
      ...{ maxHeads: heads, maxHeadDim: headDim, maxState: dState, maxGroups: groups },
      ...{ stateWords: nLayer * state.words, rowWords: nLayer * state.rows },
      ...{ numerics: numerics.scan, state: numerics.state },
    },
    norm: {
      ...{ lanes, inputBits: numerics.mixer.gatedBits, maxTileWords: tileWords(tile, headDim, lanes) },
      ...{ maxTiles: (heads * headDim) / groups / tile, maxGroups: groups, maxColumns: heads * headDim },
      ...{ maxShift: numerics.norm.tileSpread, numerics },
    },
  };
  mixerParts(p);
  return p;
}
