import { expect, it } from 'vitest';
import { formatRoute, parseRoute, viewNames } from './route.ts';
import { defaults } from './settings.ts';

it('survives the round trip through the address, in every view', () => {
  for (const view of viewNames) {
    const route = { view, settings: { ...defaults, label: 'hot dog & co', seed: 7 } };
    expect(parseRoute(formatRoute(route))).toEqual(route);
  }
});

it('reads a picture link without a view as the first view', () => {
  expect(parseRoute('#label=cat&seed=3')).toEqual({
    view: 'generate',
    settings: { ...defaults, label: 'cat', seed: 3 },
  });
  expect(parseRoute('')).toEqual({ view: 'generate', settings: defaults });
});

it('opens the first view for a view that does not exist, with the settings of the link', () => {
  expect(parseRoute('#/nowhere?seed=9')).toEqual({ view: 'generate', settings: { ...defaults, seed: 9 } });
});
