/** A Bi-Mamba model of released dimensions with random signs, made in memory one layer at a time. */
import { randomFillSync } from 'node:crypto';
import {
  type BinaryProjection,
  type Calibration,
  convDim,
  inProjRows,
  type Layer,
  type Model,
  type ModelConfig,
  type Streamed,
} from '../golden/index.ts';

/** Weights of a size that keeps every intermediate near 1. Each layer is valid until the next is asked for: they share memory. */
export function syntheticModel(config: ModelConfig): Streamed<Model> {
  const { dModel, vocabSize } = config;
  const embedding = random(vocabSize * dModel, 1);
  const normF = new Float32Array(dModel).fill(1 / Math.sqrt(dModel));
  return { config, embedding, head: embedding, normF, layers: syntheticLayers(config) };
}

function* syntheticLayers(config: ModelConfig): Iterable<Layer> {
  const { dModel, dInner, nHeads, nLayer, dConv } = config;
  const channels = convDim(config);
  const inProj = positive(inProjRows(config), dModel);
  const outProj = positive(dModel, dInner);
  for (let i = 0; i < nLayer; i++) {
    randomFillSync(inProj.signs);
    randomFillSync(outProj.signs);
    yield {
      norm: new Float32Array(dModel).fill(1),
      inProj,
      convWeight: random(channels * dConv, 0.5),
      convBias: random(channels, 0.1),
      dtBias: random(nHeads, 1).map((v) => v - 3),
      a: random(nHeads, 1).map((v) => -Math.exp(v)),
      d: random(nHeads, 1),
      gatedNorm: new Float32Array(dInner).fill(1),
      outProj,
    };
  }
}

/** Uniform in +-size. */
function random(count: number, size: number): Float32Array {
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = size * (2 * Math.random() - 1);
  return out;
}

function positive(rows: number, cols: number): BinaryProjection {
  const rowWords = cols / 32;
  const signs = new Uint32Array(rows * rowWords);
  const wscale = new Float32Array(cols).fill(1 / Math.sqrt(cols));
  const wbias = random(cols, 0.1 / Math.sqrt(cols));
  return { kind: 'binary', rows, cols, signs, rowWords, pattern: 'column', wscale, wbias };
}

/** Ranges that hold what `syntheticModel` computes. */
export function syntheticCalibration({ nLayer, nHeads }: ModelConfig): Calibration {
  const layer = { z: 8, xbc: 8, dt: 8, conv: 16, x: 16, b: 16, c: 16, y: 512, gated: 2048 };
  return {
    residual: 64,
    layers: Array.from({ length: nLayer }, () => ({ ...layer, state: new Array<number>(nHeads).fill(64) })),
  };
}
