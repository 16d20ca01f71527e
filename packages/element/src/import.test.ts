import { expect, it } from 'vitest';

it('can be imported where there is no DOM, as servers that render pages do', async () => {
  expect(typeof globalThis.window).toBe('undefined');
  expect(typeof globalThis.HTMLElement).toBe('undefined');
  const { WebDitElement } = await import('./index.ts');
  expect(typeof globalThis.window).toBe('undefined');
  const element = new WebDitElement();
  expect(element.state).toBe('idle');
  expect([
    element.label,
    element.prompt,
    element.negativePrompt,
    element.steps,
    element.loading,
    element.value,
  ]).toEqual([null, null, null, null, 'lazy', null]);
});
