import type { Page } from 'playwright/test';
import type { configure, WebDitElement } from '../packages/element/src/index.ts';
import { countWeights, elementUrl, expect, model, openWith, painted, pixels, test } from './embed-fixture.ts';
import { countBuffers, forgetBuffers, lastBuffers, pageBuffers, workerBuffers } from './gpu-buffers.ts';

test('elements take turns, move, go and come back, with one worker and no buffer lost', async ({ page }) => {
  await countBuffers(page);
  await openWith(page, `<div id="left"></div><div id="right"></div>`);
  const weights = countWeights(page);

  const order = await page.evaluate(async (model) => {
    const make = (label: string) => {
      const element = document.createElement('web-dit');
      Object.assign(element, { id: label, model, label, steps: 2, seed: 1 });
      document.getElementById('left')?.append(element);
      return element;
    };
    const [pizza, cat] = [make('pizza'), make('butterfly')];
    const told: string[] = [];
    document.addEventListener('webdit-step', ({ target, detail }) => {
      told.push(`${(target as HTMLElement).id} ${detail.n}`);
    });
    document.addEventListener('webdit-image', ({ target }) => told.push((target as HTMLElement).id));
    await Promise.all([pizza.generate(), pizza.generate(), cat.generate(), cat.generate()]);
    return told;
  }, model);
  const turn = (id: string) => [`${id} 0`, `${id} 1`, id];
  expect(order).toEqual([...turn('pizza'), ...turn('butterfly'), ...turn('pizza'), ...turn('butterfly')]);
  expect(page.workers()).toHaveLength(1);
  expect(weights.whole).toBe(1);
  expect(weights.asked).toBeLessThanOrEqual(2);
  const settled = await workerBuffers(page);
  expect(settled.created).toBeGreaterThan(10);

  const moved = await page.evaluate(async () => {
    const pizza = document.getElementById('pizza') as WebDitElement;
    const steps: number[] = [];
    pizza.addEventListener('webdit-step', ({ detail }) => {
      steps.push(detail.n);
      if (detail.n === 1) document.getElementById('right')?.append(pizza);
    });
    pizza.steps = 4;
    await pizza.generate();
    return { steps, parent: pizza.parentElement?.id };
  });
  expect(moved).toEqual({ steps: [0, 1, 2, 3], parent: 'right' });

  // Removal stops a run for good, and the next in the queue goes on at once.
  const removal = await page.evaluate(async () => {
    const [pizza, cat] = ['pizza', 'butterfly'].map((id) => document.getElementById(id) as WebDitElement) as [
      WebDitElement,
      WebDitElement,
    ];
    pizza.steps = 1000;
    const steps: number[] = [];
    const failures: unknown[] = [];
    pizza.addEventListener('webdit-error', ({ detail }) => failures.push(detail));
    pizza.addEventListener('webdit-step', ({ detail }) => {
      steps.push(detail.n);
      if (detail.n === 1) pizza.remove();
    });
    const running = pizza.generate();
    const next = cat.generate();
    const reason = await running.catch((error: unknown) => error);
    await next;
    return { steps, failures, reason: (reason as Error).name, state: pizza.state, next: cat.state };
  });
  expect(removal).toEqual({ steps: [0, 1], failures: [], reason: 'AbortError', state: 'done', next: 'done' });

  const mounts = await page.evaluate(async (model) => {
    const left = document.getElementById('left') as HTMLElement;
    const states = new Set<string>();
    for (let n = 0; n < 30; n++) {
      const element = document.createElement('web-dit');
      Object.assign(element, { model, label: 'pizza', loading: 'eager' });
      const ready = new Promise((resolve) => {
        element.addEventListener('webdit-state', ({ detail }) => {
          if (detail.to === 'ready') resolve(null);
        });
      });
      left.append(element);
      await ready;
      states.add(element.state);
      element.remove();
    }
    return [...states];
  }, model);
  expect(mounts).toEqual(['ready']);
  expect(page.workers()).toHaveLength(1);
  expect((await workerBuffers(page)).alive).toBe(settled.alive);
  expect(await pageBuffers(page)).toMatchObject({ created: 0, alive: 0 });

  // With the last element the model goes.
  await page.evaluate(() => document.getElementById('butterfly')?.remove());
  await expect.poll(() => page.workers().length, { timeout: 15_000 }).toBe(0);
  expect((await lastBuffers(page))?.alive).toBe(0);
});

test('30 elements that come, paint and go leave no buffer behind', async ({ page }) => {
  await countBuffers(page);
  await openWith(page, '');
  const paintOne = () =>
    page.evaluate(async (model) => {
      const element = document.createElement('web-dit');
      Object.assign(element, { model, label: 'pizza', steps: 1, seed: 1 });
      document.querySelector('main')?.append(element);
      const { blob } = await element.generate();
      element.remove();
      return blob.size;
    }, model);
  await paintOne();
  const { alive } = await workerBuffers(page);
  for (let n = 1; n < 30; n++) {
    expect(await paintOne()).toBeGreaterThan(1000);
    expect((await workerBuffers(page)).alive).toBe(alive);
  }
  await page.evaluate(async (url) => {
    const element: { readonly configure: typeof configure } = await import(url);
    element.configure({ keepAlive: 0 });
  }, elementUrl);
  // From here on each element has a worker of its own, which goes with it: at rest, and in the middle of a run.
  await paintOne();
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await lastBuffers(page)).toMatchObject({ alive: 0 });
  await forgetBuffers(page);
  const reason = await page.evaluate(async (model) => {
    const element = document.createElement('web-dit');
    Object.assign(element, { model, label: 'pizza', steps: 1000 });
    element.addEventListener('webdit-step', () => element.remove(), { once: true });
    document.querySelector('main')?.append(element);
    return element.generate().catch(({ name }: Error) => name);
  }, model);
  expect(reason).toBe('AbortError');
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await lastBuffers(page)).toMatchObject({ alive: 0 });
});

const show = (page: Page, state: DocumentVisibilityState) =>
  page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: state });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

test('automatic runs wait to be seen, pause and give way; what somebody asked for is painted at once', async ({
  page,
}) => {
  const workers: string[] = [];
  page.on('worker', (worker) => workers.push(worker.url()));
  const tag = (id: string, steps: number, more = '') =>
    `<web-dit id="${id}" model="${model}" label="${id}" steps="${steps}" seed="1" ${more}></web-dit>`;
  await openWith(
    page,
    `<div class="far"></div>${tag('pizza', 2, 'autostart')}<div class="far"></div>${tag('butterfly', 200, 'autostart')}
     <div class="far"></div>${tag('sunflower', 2)}`,
    { css: '.far { height: 3000px; }' },
  );
  const state = (id: string) => expect(page.locator(`#${id}`));
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await state('pizza').toHaveAttribute('state', 'idle');
  expect(workers).toEqual([]);

  // A page in the background begins nothing by itself.
  await show(page, 'hidden');
  await page.locator('#pizza').scrollIntoViewIfNeeded();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await state('pizza').toHaveAttribute('state', 'idle');
  await show(page, 'visible');
  await painted(page.locator('#pizza'));

  await page.locator('#butterfly').scrollIntoViewIfNeeded();
  const steps = await page.locator('#butterfly').evaluateHandle((element: WebDitElement) => {
    const seen: number[] = [];
    element.addEventListener('webdit-step', ({ detail }) => seen.push(detail.n));
    return seen;
  });
  const done = () => steps.evaluate((seen) => seen.length);
  await expect.poll(done, { timeout: 30_000 }).toBeGreaterThan(2);
  await show(page, 'hidden');
  let counted = -1;
  const stands = async () => {
    const was = counted;
    counted = await done();
    return was === counted;
  };
  await expect.poll(stands, { intervals: [2_000], timeout: 20_000 }).toBe(true);
  await state('butterfly').toHaveAttribute('state', 'generating');
  await show(page, 'visible');
  await expect.poll(done, { timeout: 30_000 }).toBeGreaterThan(counted + 2);
  // It went on where it was.
  const seen = await steps.jsonValue();
  expect(seen).toEqual(seen.map((_, n) => n));
  await show(page, 'hidden');
  // Asked for, though nobody sees it; the automatic run stops for it, and is not lost.
  const asked = await page.evaluate(async () => {
    const [asked, automatic] = ['sunflower', 'butterfly'].map((id) => document.getElementById(id) as WebDitElement) as [
      WebDitElement,
      WebDitElement,
    ];
    const failures: unknown[] = [];
    automatic.addEventListener('webdit-error', ({ detail }) => failures.push(detail));
    await asked.generate();
    automatic.steps = 3;
    return { state: asked.state, automatic: automatic.state, failures };
  });
  expect(asked).toEqual({ state: 'done', automatic: 'generating', failures: [] });
  await show(page, 'visible');
  await painted(page.locator('#butterfly'));

  // The picture follows the attributes.
  const again = page.locator('#butterfly');
  const before = await pixels(again);
  await again.evaluate((element: WebDitElement) => {
    element.label = 'cat';
  });
  await expect(page.getByRole('img', { name: 'Painted cat, seed 1' })).toBeVisible({ timeout: 60_000 });
  expect(await pixels(again)).not.toBe(before);
});

test('stops by the keyboard, goes on with the next, and comes back after it was taken away', async ({ page }) => {
  await openWith(page, `<web-dit model="${model}" label="pizza" steps="200" seed="1" loading="eager"></web-dit>`);
  const tag = page.locator('web-dit');
  await expect(tag).toHaveAttribute('state', 'ready', { timeout: 60_000 });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await expect(page.getByText(/^Step \d+ of 200$/)).toBeVisible({ timeout: 30_000 });
  await page.keyboard.press('Space');
  await expect(tag).toHaveAttribute('state', 'ready');
  await expect(page.getByRole('button', { name: 'Paint' })).toBeFocused();
  const result = await tag.evaluate(async (element: WebDitElement) => {
    element.steps = 2;
    const parent = element.parentElement as HTMLElement;
    element.remove();
    const refused = await element.generate().catch((error: unknown) => error);
    parent.append(element);
    const { seed, label, image } = await element.generate();
    const jpeg = await element.toBlob('image/jpeg', 0.8);
    return {
      refused: (refused as Error).message,
      seed,
      label,
      width: image.width,
      jpeg: jpeg?.type,
      state: element.state,
    };
  });
  expect(result).toEqual({
    refused: 'This element is in no document.',
    seed: 1,
    label: 'pizza',
    width: 64,
    jpeg: 'image/jpeg',
    state: 'done',
  });
});
