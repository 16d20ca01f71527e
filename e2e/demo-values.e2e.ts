import type { Route } from 'playwright/test';
import { expect, test } from './fixture.ts';
import { abort, generate } from './support.ts';

test('refuses bad values before it loads anything', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto('/#cache=procash');
  await generate(page).click();
  await expect(page.getByRole('alert')).toContainText(/no cache policy named "procash".*none, fora, .*procache/s);
  await page.goto('/#steps=0');
  await generate(page).click();
  await expect(page.getByRole('alert')).toContainText(/numInferenceSteps is 0/);
  expect(requests.filter((url) => /safetensors|\.onnx|worker/.test(url))).toEqual([]);
});

const badValues = [
  { hash: '#steps=0', code: 'bad-argument', says: /numInferenceSteps is 0\..*1 to 1000/s },
  { hash: '#steps=1001', code: 'bad-argument', says: /numInferenceSteps is 1001/ },
  { hash: '#guidance=', code: 'bad-argument', says: /guidanceScale is NaN/ },
  { hash: '#seed=-1', code: 'bad-argument', says: /seed is -1/ },
  { hash: '#label=piza&steps=2', code: 'unknown-label', says: /"piza".*pizza/s },
];

test('says what is wrong with a value, and what to do', async ({ page }) => {
  for (const { hash, code, says } of badValues) {
    // The same document: only the address after # changes, and the model stays loaded.
    await page.goto(`/${hash}`);
    await generate(page).click();
    const alert = page.getByRole('alert');
    await expect(alert).toContainText(says, { timeout: 60_000 });
    await expect(alert).toContainText(code);
    await expect(abort(page)).toHaveCount(0);
  }
});

const weights = '**/diffusion_pytorch_model.safetensors';
const brokenFolders = [
  {
    code: 'not-found',
    says: /has no file transformer\/diffusion_pytorch_model\.safetensors/,
    serve: (route: Route) => route.fulfill({ status: 404 }),
  },
  {
    code: 'integrity',
    says: /has 5000000 bytes instead of 20037192/,
    serve: async (route: Route) => {
      const body = (await (await route.fetch()).body()).subarray(0, 5_000_000);
      await route.fulfill({ body, contentType: 'application/octet-stream' });
    },
  },
];

test('says that the weights are missing or truncated, and works once they are there', async ({ page, complaints }) => {
  complaints.allow(/the server responded with a status of 404.*safetensors/);
  await page.goto('/#steps=1');
  for (const { code, says, serve } of brokenFolders) {
    await page.route(weights, serve);
    await generate(page).click();
    await expect(page.getByRole('alert')).toContainText(says, { timeout: 60_000 });
    await expect(page.getByRole('alert')).toContainText(code);
    await page.unroute(weights);
  }
  await generate(page).click();
  await expect(page.getByText(/^1 step in /)).toBeVisible({ timeout: 60_000 });
});
