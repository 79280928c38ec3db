/**
 * The dimensions of a Bi-Mamba or Mamba-2 language model (notation of the Mamba-2 paper: H heads of P rows, state size N, G groups).
 * `readConfig` makes one from a checkpoint's config.json.
 */
export interface ModelConfig {
  /** Width of the residual stream. */
  readonly dModel: number;
  readonly nLayer: number;
  /** Tokens that exist. */
  readonly vocabSize: number;
  /** Rows of the embedding as trained: `vocabSize` rounded up. Padded rows take no part in logits, softmax or argmax. */
  readonly paddedVocabSize: number;
  /** H P: width of x, z and y. */
  readonly dInner: number;
  /** H */
  readonly nHeads: number;
  /** P */
  readonly headDim: number;
  /** N: state elements per row (h, p). */
  readonly dState: number;
  /** G: head h reads B and C of group floor(h G / H). */
  readonly nGroups: number;
  /** Taps of the causal depthwise convolution. */
  readonly dConv: number;
  readonly convBias: boolean;
  /** Added to the mean square in every RMSNorm. */
  readonly normEps: number;
  /** The output head is the embedding matrix. */
  readonly tieEmbeddings: boolean;
  /** Settings of the file that have no effect here, by name and with the reason. */
  readonly notHonoured: readonly string[];
}

/** Channels of the convolution: x, B and C side by side, d_inner + 2 G N. */
export function convDim(config: ModelConfig): number {
  return config.dInner + 2 * config.nGroups * config.dState;
}

/** Rows of in_proj: z, x, B, C, dt side by side, 2 d_inner + 2 G N + H. */
export function inProjRows(config: ModelConfig): number {
  return config.dInner + convDim(config) + config.nHeads;
}
