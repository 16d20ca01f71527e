/** Ids of T5's special tokens. */
const special = ['<pad>', '</s>', '<unk>'] as const;
const unknownId = special.indexOf('<unk>');
/** Stands for the space before a word. */
const space = '▁';

const characters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?:;-\'"()&/'];
const endings = ['s', 'ed', 'er', 'es', 'ing', 'ly', 'y', 'th', 'tion', 'ness', 'ful', 'less'];
const words = [
  'a an the of in on at with and or to from by for under over near behind between into out up down is are was no not very',
  'A An The red green blue yellow orange purple pink black white grey brown golden silver dark light bright pale deep',
  'small big large tiny huge old new young long short tall wide round square soft hard warm cold wet dry wild quiet',
  'one two three four five six seven eight nine ten many few some all half',
  'cat dog bird fish horse cow fox bear lion wolf owl frog rabbit mouse dragon robot man woman child girl boy king queen',
  'house tree flower forest river lake sea ocean mountain hill sky cloud sun moon star rain snow wind fire water stone',
  'city street road bridge tower castle garden room window door table chair lamp book clock cup hat coat shoe ship boat',
  'car train plane bicycle apple pizza bread cake coffee tea morning evening night day summer winter spring autumn',
  'photo picture painting drawing sketch portrait landscape style oil ink watercolor pixel art detailed sharp blurry',
  'quality low high best worst sitting standing running flying sleeping eating playing reading looking made like',
];

type Piece = readonly [text: string, logProbability: number];

/** Pieces of a caption, from whole words down to single characters; probabilities fall along each list, as in a real vocabulary. */
function pieces(): Piece[] {
  const along = (texts: readonly string[], first: number): Piece[] =>
    texts.map((text, n) => [text, -Number((first + Math.sqrt(n) / 8).toFixed(6))]);
  const wholeWords = words.flatMap((line) => line.split(' ')).map((word) => space + word);
  // "a" and "y" are there as words or endings, too.
  const known = new Set(endings);
  return [
    ...special.map((text): Piece => [text, 0]),
    [space, -2.5],
    ...along(wholeWords, 4),
    ...along(endings, 6),
    ...along(
      characters.filter((character) => !known.has(character)),
      9,
    ),
  ];
}

/** How many ids the tokenizer has. */
export const vocabularySize = pieces().length;

/** `tokenizer.json` of Hugging Face's tokenizers, as T5's: Unigram pieces of words, and `</s>` behind them. Nothing is normalized. */
export function tokenizerJson(): object {
  const [, end] = special;
  const ends = { SpecialToken: { id: end, type_id: 0 } };
  const metaspace = { type: 'Metaspace', replacement: space, prepend_scheme: 'always', split: true };
  const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    post_processor: {
      type: 'TemplateProcessing',
      single: [sequence('A'), ends],
      pair: [sequence('A'), ends, sequence('B'), ends],
      special_tokens: { [end]: { id: end, ids: [special.indexOf(end)], tokens: [end] } },
    },
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: unknownId, vocab: pieces(), byte_fallback: false },
  };
}

/** `tokenizer_config.json`, with the length of T5's tokenizers. */
export function tokenizerConfig(): object {
  const [pad, end, unknown] = special;
  return {
    tokenizer_class: 'T5Tokenizer',
    model_max_length: 512,
    pad_token: pad,
    eos_token: end,
    unk_token: unknown,
    extra_ids: 0,
    additional_special_tokens: [],
    clean_up_tokenization_spaces: true,
  };
}
