import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from 'playwright/test';

/** A selector, or one inside shadow roots. */
type Part = Parameters<AxeBuilder['include']>[0];

/**
 * What axe finds, one line for each element. The second theme differs in colours only, so only they are looked at again.
 * @param part of the page; default all of it.
 */
export async function problems(page: Page, part?: Part): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const axe = new AxeBuilder({ page });
    if (part !== undefined) axe.include(part);
    if (colorScheme === 'dark') axe.withRules(['color-contrast']);
    const { violations } = await axe.analyze();
    for (const { id, help, nodes } of violations) {
      found.push(
        ...nodes.map(({ target, failureSummary }) => `${colorScheme}: ${id}: ${help}: ${target} ${failureSummary}`),
      );
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  return found;
}

/** Fails unless a page, or a part of it, is accessible as far as a program can tell. */
export async function expectAccessible(page: Page, part?: Part): Promise<void> {
  expect(await problems(page, part)).toEqual([]);
}
