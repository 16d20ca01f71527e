import { expect, test } from 'vitest';
import { etagVersion, gitVersion, hashVersion, isHashVersion, isPinned } from './version.ts';

test('hashes and strong ETags pin what they name; weak ETags, dates and what was loaded once do not', () => {
  expect([hashVersion('61be'), gitVersion('61be'), etagVersion('"61be"')].filter(isPinned)).toHaveLength(3);
  expect([etagVersion('W/"1"'), 'date-Sat, 01 Mar 2025 10:00:00 GMT 7', 'once-1', undefined].some(isPinned)).toBe(
    false,
  );
  expect([hashVersion('61be'), gitVersion('61be'), etagVersion('"1"')].map(isHashVersion)).toEqual([
    true,
    false,
    false,
  ]);
});
