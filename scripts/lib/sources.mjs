import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

const folders = ['packages', 'shaders', 'apps', 'e2e', 'testing', 'scripts', 'bench', 'docs', 'training'];
const skipped = new Set(['node_modules', 'dist', 'generated', 'site']);
const lintable = /\.(ts|mjs|js|wgsl|css|html)$/;
const parsable = /\.(ts|mjs|js)$/;

/**
 * A source file of the repository.
 * @typedef {{path: string, lines: number, imports: {specifier: string, typeOnly: boolean}[], globals: Set<string>}} Source
 */

/** Reads every source file under `root`; paths use `/` and are relative to it. @returns {Source[]} */
export function readSources(root) {
  const paths = folders.filter((name) => existsSync(join(root, name))).flatMap((name) => [...files(join(root, name))]);
  for (const entry of readdirSync(root)) if (parsable.test(entry)) paths.push(join(root, entry));
  return paths.map((path) => readSource(root, path));
}

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (lintable.test(entry.name)) yield path;
  }
}

function readSource(root, file) {
  const text = readFileSync(file, 'utf8');
  const path = relative(root, file).split(sep).join('/');
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const source = { path, lines, imports: [], globals: new Set() };
  if (parsable.test(file)) visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true), source);
  return source;
}

function visit(node, source) {
  const specifier = importedText(node);
  if (specifier !== undefined) source.imports.push({ specifier, typeOnly: isTypeOnly(node) });
  if (ts.isIdentifier(node) && !isMemberName(node)) source.globals.add(node.text);
  ts.forEachChild(node, (child) => visit(child, source));
}

function importedText(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier?.text;
  if (ts.isImportTypeNode(node)) return node.argument.literal?.text;
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic && ts.isStringLiteralLike(node.arguments[0]) ? node.arguments[0].text : undefined;
}

function isTypeOnly(node) {
  if (ts.isImportTypeNode(node)) return true;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  return ts.isImportDeclaration(node) && node.importClause?.isTypeOnly === true;
}

/** `x.name`, `{name: ...}` and declarations of members do not refer to a global. */
function isMemberName(node) {
  const { parent } = node;
  const isProperty = ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent);
  if (isProperty) return (parent.name ?? parent.right) === node;
  const declares =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent);
  return declares && parent.name === node;
}
