/** d to o: tokens 9 to 20. */
const LETTERS = Object.fromEntries([...'defghijklmno'].map((letter, i) => [letter, 9 + i]));

/** A tokenizer.json of 21 tokens: byte-pair encoding over bytes, two merges, and a token that starts every text. */
export const TOKENIZER = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [
    { id: 0, content: '<s>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  ],
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
  },
  decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: { '<s>': 0, a: 1, b: 2, c: 3, Ġ: 4, ab: 5, abc: 6, Ã: 7, '¤': 8, ...LETTERS },
    merges: ['a b', 'ab c'],
  },
};
