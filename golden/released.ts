/** The sizes that the authors of Bi-Mamba released (MODEL.md 1). */
import type { ModelConfig } from './config.ts';

const released = (dModel: number, nLayer: number): ModelConfig => ({
  dModel,
  nLayer,
  vocabSize: 32000,
  paddedVocabSize: 32000,
  dInner: 2 * dModel,
  nHeads: (2 * dModel) / 64,
  headDim: 64,
  dState: 128,
  nGroups: 1,
  dConv: 4,
  convBias: true,
  normEps: 1e-5,
  tieEmbeddings: true,
  notHonoured: [],
});

export const releasedConfigs = {
  '780M': released(1536, 48),
  '1.3B': released(2048, 48),
  '2.7B': released(2560, 64),
} as const satisfies Record<string, ModelConfig>;
