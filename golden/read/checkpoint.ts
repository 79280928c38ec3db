import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { excerpt, GoldenProblem } from '../problem.ts';
import { readSmallFile } from './file.ts';
import { type JsonObject, parseJson } from './json.ts';
import { openPytorch } from './pytorch.ts';
import { openSafetensors } from './safetensors.ts';
import { findTensor, type TensorInfo, type TensorSource } from './tensors.ts';

/**
 * Opens the tensors of a model directory, the first of these that is there: model.safetensors; shards of it; pytorch_model.bin; shards of it.
 * Shards are those that `<file>.index.json` names, or without an index all files `<name>-<i>-of-<n>`.
 * Errors: `checkpoint-missing`, `index-invalid`, those of `openSafetensors` and `openPytorch`, and `tensor-unexpected` when two shards hold
 * the same name.
 */
export async function openCheckpoint(dir: string): Promise<TensorSource> {
  const { files, index } = await findFiles(dir);
  const shards: TensorSource[] = [];
  try {
    for (const file of files)
      shards.push(await (file.endsWith('.bin') ? openPytorch : openSafetensors)(join(dir, file)));
    const source = shards.length === 1 ? shards[0]! : joinShards(dir, shards);
    for (const [name, file] of index) checkIndexed(dir, name, file, shards[files.indexOf(file)]!);
    return source;
  } catch (error) {
    for (const shard of shards) await shard.close();
    throw error;
  }
}

interface Files {
  readonly files: readonly string[];
  /** Tensor to file, where there is an index. */
  readonly index: ReadonlyMap<string, string>;
}

async function findFiles(dir: string): Promise<Files> {
  let missing: string | undefined;
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    missing = error.code === 'ENOENT' ? 'no such directory' : error.code === 'ENOTDIR' ? 'a file' : error.message;
    return [] as string[];
  });
  for (const [stem, end] of [
    ['model', '.safetensors'],
    ['pytorch_model', '.bin'],
  ] as const) {
    if (names.includes(stem + end)) return { files: [stem + end], index: new Map() };
    if (names.includes(`${stem}${end}.index.json`)) return readIndex(dir, `${stem}${end}.index.json`, end, names);
    const pattern = new RegExp(`^${stem}-\\d+-of-\\d+\\${end}$`);
    const shards = names.filter((name) => pattern.test(name)).sort();
    if (shards.length > 0) return { files: shards, index: new Map() };
  }
  throw new GoldenProblem({
    id: 'checkpoint-missing',
    what: 'no checkpoint found',
    where: dir,
    expected: 'a directory with config.json and model.safetensors or pytorch_model.bin (or their shards)',
    found: missing ?? (names.length === 0 ? 'an empty directory' : 'no file of these names'),
    remedy: 'give the directory that the model was saved or downloaded to',
  });
}

/** No separators, no control characters. */
const SHARD_NAME = /^[\w.-]+$/;

/** `{ "weight_map": { tensor: file } }`: files beside the index only, all of them `present`. */
async function readIndex(dir: string, file: string, end: string, present: readonly string[]): Promise<Files> {
  const path = join(dir, file);
  const refuse = (expected: string, found: string): never => {
    throw new GoldenProblem({
      id: 'index-invalid',
      what: 'invalid index of shards',
      where: path,
      expected,
      found,
      remedy: 'copy or download the index again, or remove it: the shards are found by their names too',
    });
  };
  const json = parseJson(await readSmallFile(path, 16 * 2 ** 20), path);
  const map = json instanceof Map ? json.get('weight_map') : undefined;
  if (!(map instanceof Map) || map.size === 0) return refuse('an object "weight_map" of tensors', 'none');
  const index = new Map<string, string>();
  for (const [name, shard] of map as JsonObject) {
    if (typeof shard !== 'string' || !SHARD_NAME.test(shard) || !shard.endsWith(end)) {
      return refuse(
        `the name of a ${end} file beside the index`,
        typeof shard === 'string' ? excerpt(shard) : 'no name',
      );
    }
    index.set(name, shard);
  }
  const files = [...new Set(index.values())].sort();
  const missing = files.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    throw new GoldenProblem({
      id: 'file-missing',
      what: 'a shard that the index names is missing',
      where: path,
      expected: `${excerpt(missing[0]!)} beside the index`,
      found: `${files.length - missing.length} of ${files.length} shards`,
      remedy: 'copy or download the missing shards too',
    });
  }
  return { files, index };
}

function checkIndexed(dir: string, name: string, file: string, shard: TensorSource): void {
  if (shard.tensors.has(name)) return;
  throw new GoldenProblem({
    id: 'index-invalid',
    what: `the index places ${excerpt(name)} in a shard that does not hold it`,
    where: dir,
    expected: `${excerpt(name)} in ${excerpt(file)}`,
    found: 'no tensor of this name',
    remedy: 'copy or download the shards and their index again',
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
    remedy: 'remove shards that belong to another checkpoint',
  });
}
