import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, it } from 'vitest';
import type { Picture } from './index.ts';
import { WebDit } from './react.ts';

it('takes words, under the names of the properties', () => {
  const html = renderToString(createElement(WebDit, { model: '/m', prompt: 'a red fox', negativePrompt: 'blurry' }));
  expect(html).toMatch(/^<web-dit/);
});

it('renders on a server, children and all', () => {
  const pictures: Picture[] = [];
  const fallback = createElement('p', { slot: 'fallback' }, 'No WebGPU.');
  const element = createElement(
    WebDit,
    {
      model: '/m',
      label: '🍕',
      steps: 20,
      autostart: true,
      className: 'x',
      onImage: ({ detail }) => pictures.push(detail),
    },
    fallback,
  );
  const html = renderToString(element);
  expect(html).toMatch(/^<web-dit[^>]* class="x"[^>]*><p slot="fallback">No WebGPU\.<\/p><\/web-dit>$/);
  expect(html).not.toContain('onImage');
});
