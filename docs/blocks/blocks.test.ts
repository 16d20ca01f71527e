import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { contentSecurityPolicy } from '../../apps/demo/content-security-policy.ts';
import { run } from '../../packages/cli/src/run.ts';
import { openModelFolder } from '../../packages/weights/src/index.ts';
import { pathSource } from '../../packages/weights/src/node.ts';
import { cliArguments, problemOf, ruleOf, rules } from './commands.ts';
import { allBlocks, type Block, blocksIn, docstringExamples, placeOf } from './extract.ts';
import { headersIn } from './headers.ts';
import { folderFiles } from './json.ts';
import { problemsInCss, problemsInHtml, readVocabulary } from './markup.ts';
import { newcomersClone } from './newcomer.ts';
import { commandsIn } from './shell.ts';
import { typecheck } from './typecheck.ts';

// Nothing is painted or drawn here: a command has understood its options once it asks for an adapter, or begins.
vi.mock('../../packages/cli/src/device.ts', () => ({
  openDevice: () => Promise.reject(new Error('would now begin')),
}));
vi.mock('../../packages/weights/src/synth/synth.ts', () => ({
  writeSynthModel: () => Promise.reject(new Error('would now begin')),
}));
vi.mock('../../packages/weights/src/synth/text-to-image.ts', () => ({
  writeTextToImageTiny: () => Promise.reject(new Error('would now begin')),
}));
vi.mock('../../packages/weights/src/synth/vae.ts', async (original) => ({
  ...(await original<object>()),
  writeSynthVae: () => Promise.reject(new Error('would now begin')),
}));
vi.mock('../../packages/webdit/src/text/embed-prompt.ts', () => ({
  embedPrompt: () => Promise.reject(new Error('would now begin')),
}));
vi.mock('../../packages/weights/src/convert/convert.ts', () => ({
  convertModel: () => Promise.reject(new Error('would now begin')),
}));

const blocks = allBlocks();
const languages = ['ts', 'tsx', 'js', 'html', 'css', 'sh', 'json', 'http', 'text'];
const inLanguage = (...names: string[]) => blocks.filter(({ language }) => names.includes(language));

test('every block has a language that is checked, and output samples say what they are', () => {
  expect(blocks.length).toBeGreaterThan(30);
  const unchecked = blocks.filter(
    ({ language, about }) => !languages.includes(language) || (language === 'text' && !about),
  );
  expect(unchecked.map(placeOf)).toEqual([]);
});

test('blocks are found wherever they stand, and others than fences count', () => {
  const page =
    'A list\n\n- item\n\n  ```ts\n  const a = 1;\n  ```\n\n> ~~~sh\n> npm test\n> ~~~\n\ntext\n\n    indented\n';
  expect(blocksIn('page.md', page)).toEqual([
    { file: 'page.md', line: 5, language: 'ts', about: '', text: 'const a = 1;\n' },
    { file: 'page.md', line: 9, language: 'sh', about: '', text: 'npm test\n' },
    { file: 'page.md', line: 15, language: '', about: '', text: 'indented\n' },
  ]);
});

test('scripts type-check against the packages', { timeout: 120_000 }, () => {
  const broken: Block[] = [
    {
      file: 'a.md',
      line: 3,
      language: 'ts',
      about: '',
      text: "import { DiffusionPipeline } from 'webdit';\nDiffusionPipeline.load();\n",
    },
    { file: 'b.md', line: 9, language: 'js', about: '', text: "import { paint } from 'webdit';\npaint();\n" },
  ];
  const problems = typecheck([...inLanguage('ts', 'tsx', 'js'), ...broken]);
  expect(problems).toEqual([
    "a.md:5: Property 'load' does not exist on type 'typeof DiffusionPipeline'.",
    "b.md:10: Module '\"webdit\"' has no exported member 'paint'.",
  ]);
});

test('examples in docstrings type-check as well', { timeout: 120_000 }, () => {
  const imports =
    "import { DiffusionPipeline, planModel, registerPolicy } from 'webdit';import { WebDit } from '@webdit/element/react';";
  const examples = docstringExamples();
  expect(examples.length).toBeGreaterThan(2);
  expect(typecheck(examples.map((example) => ({ ...example, text: `${imports}\n${example.text}` })))).toEqual([]);
});

test('markup and styles ask of <web-dit> only what it has', () => {
  const vocabulary = readVocabulary();
  const wrong =
    '<web-dit words="x"><p slot="head"></p></web-dit><style>web-dit::part(hat) { --webdit-hue: red }</style>';
  const block = { file: 'a.md', line: 1, language: 'html', about: '', text: wrong };
  expect(problemsInHtml(block, vocabulary)).toHaveLength(4);
  expect(problemsInCss({ ...block, text: 'web-dit { color; }' }, vocabulary)).toHaveLength(1);
  expect(inLanguage('html').flatMap((html) => problemsInHtml(html, vocabulary))).toEqual([]);
  expect(inLanguage('css').flatMap((css) => problemsInCss(css, vocabulary))).toEqual([]);
});

test('JSON is what its file must be', async () => {
  const json = inLanguage('json');
  expect(json.length).toBeGreaterThan(4);
  expect(json.filter(({ about }) => !folderFiles.some((pattern) => pattern.test(about))).map(placeOf)).toEqual([]);
  for (const page of new Set(json.map(({ file }) => file))) {
    const folder = join(clone.folder, 'models', 'of-the-docs');
    cpSync(join(clone.folder, 'models/emoji-dit'), folder, { recursive: true });
    for (const { file, about, text } of json) if (file === page) writeFileSync(join(folder, about), text);
    const { schedules, read } = await openModelFolder(pathSource(folder));
    const { parseSchedule } = await import('../../packages/core/src/index.ts');
    for (const path of schedules) parseSchedule(JSON.parse(new TextDecoder().decode(await read(path))), path);
  }
});

test('headers are those of the demo, or sent by the tests in Chromium', () => {
  const byAbout = new Map(inLanguage('http').map((block) => [block.about, headersIn(block)]));
  expect([...byAbout.keys()].sort()).toEqual([
    'a server of models for other origins',
    'cross-origin isolation',
    'headers of the demo',
    'policy of a page with the element',
  ]);
  const config = contentSecurityPolicy().config as unknown as () => { preview: { headers: object } };
  expect(byAbout.get('headers of the demo')).toEqual(config().preview.headers);
});

let clone: ReturnType<typeof newcomersClone>;
const home = process.cwd();
beforeAll(() => {
  clone = newcomersClone();
  process.chdir(clone.folder);
});
afterAll(() => {
  process.chdir(home);
  clone.remove();
});

const commands = inLanguage('sh').flatMap(commandsIn);

test('every command of the docs is covered by a rule', () => {
  expect(commands.length).toBeGreaterThan(20);
  expect(commands.map(problemOf).filter((problem) => problem !== null)).toEqual([]);
  const block = { file: 'a.md', line: 1, language: 'sh', about: '' };
  const problems = (text: string) => commandsIn({ ...block, text }).map(problemOf);
  expect(problems('make all\nnpm run -s lint # no\nnode scripts/run.mjs paint \\\n  "a b"\n')).toEqual([
    'a.md:2: no rule of docs/blocks/commands.ts covers "make all".',
    'a.md:3: no rule of docs/blocks/commands.ts covers "npm run -s lint".',
    'a.md:4: no rule of docs/blocks/commands.ts covers "node scripts/run.mjs paint a b".',
  ]);
  expect(problems('npm run lnt\nnpm run screens\nnpm run test:all\nnpm install webdit react-native\n')).toEqual([
    'a.md:2: package.json has no script "lnt".',
    'a.md:3: package.json has no script "screens".',
    'a.md:4: .ci/run runs no "test:all".',
    'a.md:5: e2e/fixtures installs no "react-native".',
  ]);
  expect(problems('npm run pack\nnpx vitest run docs/blocks docs/nothing\n')).toEqual([
    'a.md:2: no stage of npm test or npm run test:full runs "pack".',
    'a.md:3: there is no docs/nothing.',
  ]);
  expect(problems('python3 -m training.sheets\npython3 -m training.export --to x\npython3 -m pytest\n')).toEqual([
    'a.md:2: there is no training/sheets.py.',
    'a.md:3: training/export.py has no option --to.',
    'a.md:4: the stage runs python3 -m pytest training.',
  ]);
  expect(() => problems('npm test | tail')).toThrow('a.md:2: "| tail" is more than');
});

test.each(rules)('$title', (rule) => {
  const own = commands.filter((command) => ruleOf(command) === rule);
  expect(own.length).toBeGreaterThan(0);
  expect(own.map(problemOf).filter((problem) => problem !== null)).toEqual([]);
});

test.each(
  commands.flatMap((command) => {
    const args = cliArguments(command);
    return args ? [{ place: command.place, line: args.join(' '), args }] : [];
  }),
)('$place: webdit $line', async ({ args }) => {
  cpSync('models/emoji-dit', 'my-site/models/my-model', { recursive: true });
  // What `synth` would have left.
  mkdirSync('my-site/models/pixart-tiny', { recursive: true });
  writeFileSync('my-site/models/pixart-tiny/prompt_embeds.safetensors', '');
  const errors: string[] = [];
  const code = await run(args, { line: () => {}, progress: () => {} }, (error) => errors.push(error));
  const understood = errors.length > 0 && errors.every((error) => error.includes('would now begin'));
  expect({ errors: understood ? [] : errors, code: understood ? 0 : code }).toEqual({ errors: [], code: 0 });
});
