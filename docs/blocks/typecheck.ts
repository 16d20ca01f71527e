import { join } from 'node:path';
import ts from 'typescript';
import { repositoryPath } from '../../testing/repository.ts';
import { type Block, placeOf } from './extract.ts';

const docs = repositoryPath('docs');
const ambient = join(docs, 'blocks/ambient.d.ts');

/** Source files of the packages, parsed once for all programs. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * Checks each block as a module of its own, with the packages as a user of `docs/package.json` would import them. `ts` and `tsx`
 * are checked as strictly as this repository; in `js`, what may be null may be used as if it were not.
 *
 * @returns a line for each error.
 */
export function typecheck(blocks: readonly Block[]): string[] {
  const typed = blocks.filter(({ language }) => language === 'ts' || language === 'tsx');
  const plain = blocks.filter(({ language }) => language === 'js');
  return [
    ...check(typed, {}),
    ...check(plain, { allowJs: true, checkJs: true, strictNullChecks: false, exactOptionalPropertyTypes: false }),
  ];
}

function check(blocks: readonly Block[], changes: ts.CompilerOptions): string[] {
  if (blocks.length === 0) return [];
  const files = new Map(blocks.map((block, i) => [join(docs, `block-${i}.${block.language}`), block]));
  const options: ts.CompilerOptions = {
    ...repositoryOptions(),
    moduleDetection: ts.ModuleDetectionKind.Force,
    jsx: ts.JsxEmit.ReactJSX,
    ...changes,
  };
  const program = ts.createProgram([...files.keys(), ambient], options, hostOf(files, options));
  return [...files].flatMap(([path, block]) => {
    const file = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map((diagnostic) => describe(diagnostic, block));
  });
}

function repositoryOptions(): ts.CompilerOptions {
  const path = repositoryPath('tsconfig.json');
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, repositoryPath('')).options;
}

function hostOf(files: ReadonlyMap<string, Block>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile, fileExists, readFile } = host;
  return {
    ...host,
    fileExists: (path) => files.has(path) || fileExists(path),
    readFile: (path) => files.get(path)?.text ?? readFile(path),
    getSourceFile: (path, languageVersion, ...rest) => {
      const block = files.get(path);
      if (block) return ts.createSourceFile(path, block.text, languageVersion, true);
      if (!parsed.has(path)) parsed.set(path, getSourceFile(path, languageVersion, ...rest));
      return parsed.get(path);
    },
  };
}

function describe({ messageText, file, start }: ts.Diagnostic, block: Block): string {
  const row = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  return `${placeOf({ ...block, line: block.line + row })}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
}
