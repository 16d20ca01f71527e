import { expect, test } from 'vitest';
import { verifyGolden } from './goldens.ts';

test('webdit verify passes on emoji-dit, all runs and steps', async () => {
  const { exitCode, lastLine, output } = await verifyGolden('emoji-dit');
  expect(lastLine, output).toMatch(/^PASS worst \S+ \S+\/\S+$/);
  expect(exitCode).toBe(0);
});
