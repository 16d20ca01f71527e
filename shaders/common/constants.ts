/** `const NAME = 4u;` lines for the sizes a kernel's text is made for. */
export function wgslConstants(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `const ${name} = ${value}u;`)
    .join('\n');
}
