/** Small checkpoints with the logits that Hugging Face's Mamba-2 gives for them; testing/reference/make.py made them and says how. */
import { fileURLToPath } from 'node:url';

export const REFERENCES = ['hugging-face', 'torch-save', 'two-groups', 'row', 'single'] as const;

/** The folder of a checkpoint and its trace.safetensors. */
export const referenceDir = (name: (typeof REFERENCES)[number]): string =>
  fileURLToPath(new URL(`./reference/${name}`, import.meta.url));
