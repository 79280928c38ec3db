import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GoldenProblem } from '../problem.ts';
import { openSafetensors } from './safetensors.ts';
import { findTensor, type TensorInfo, type TensorSource } from './tensors.ts';

/**
 * Opens the tensors of a model directory: model.safetensors, or the shards model-*-of-*.safetensors as one source.
 * Errors: `checkpoint-missing`, those of `openSafetensors`, and `tensor-unexpected` when two shards hold the same name.
 */
export async function openCheckpoint(dir: string): Promise<TensorSource> {
  const files = await findFiles(dir);
  const shards: TensorSource[] = [];
  try {
    for (const file of files) shards.push(await openSafetensors(join(dir, file)));
    return shards.length === 1 ? shards[0]! : joinShards(dir, shards);
  } catch (error) {
    for (const shard of shards) await shard.close();
    throw error;
  }
}

async function findFiles(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => [] as string[]);
  if (names.includes('model.safetensors')) return ['model.safetensors'];
  const shards = names.filter((name) => /^model-\d+-of-\d+\.safetensors$/.test(name)).sort();
  if (shards.length > 0) return shards;
  throw new GoldenProblem({
    id: 'checkpoint-missing',
    what: 'no checkpoint found',
    where: dir,
    expected: 'a directory with config.json and model.safetensors (or its shards)',
    found: names.length === 0 ? 'no such directory, or an empty one' : 'no file of these names',
    remedy: 'Give the directory that the model was saved or downloaded to.',
  });
}

/** Several files as one source. */
function joinShards(dir: string, shards: readonly TensorSource[]): TensorSource {
  const tensors = new Map<string, TensorInfo>();
  const home = new Map<string, TensorSource>();
  for (const shard of shards) {
    for (const [name, info] of shard.tensors) {
      if (tensors.has(name)) throw twice(name, shard.where);
      tensors.set(name, info);
      home.set(name, shard);
    }
  }
  const source: TensorSource = {
    where: dir,
    tensors,
    async readBytes(name, start, into) {
      const shard = home.get(findTensor(source, name).name)!;
      await shard.readBytes(name, start, into);
    },
    async close() {
      for (const shard of shards) await shard.close();
    },
  };
  return source;
}

function twice(name: string, where: string): GoldenProblem {
  return new GoldenProblem({
    id: 'tensor-unexpected',
    what: `tensor ${name} is in two shards`,
    where,
    expected: 'every tensor in one shard',
    found: 'two of the same name',
    remedy: 'Remove shards that belong to another checkpoint.',
  });
}
