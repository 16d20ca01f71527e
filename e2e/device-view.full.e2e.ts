import type { Page } from 'playwright/test';
import {
  encodeSafetensors,
  parseSafetensors,
  tensorToFloat32,
} from '../packages/weights/src/safetensors/whole-file.ts';
import { expect, test } from './fixture.ts';

interface Check {
  readonly case: string;
  readonly tensor: string;
  readonly error: number;
  readonly target: number;
  readonly unit: string;
  readonly ok: boolean;
}

interface Kernel {
  readonly kernel: string;
  readonly error: number;
  readonly tolerance: number;
  readonly ok: boolean;
}

/** What the tests read of a `webdit-device/1` document. */
interface DeviceDocument {
  readonly format: string;
  readonly date: string;
  readonly userAgent: string;
  readonly adapter: { readonly architecture: string; readonly limits: Readonly<Record<string, number>> };
  readonly pipeline: { readonly name: string; readonly dtype: string } | null;
  readonly check: {
    readonly verdict: string | null;
    readonly golden: { readonly complete: boolean; readonly ok: boolean; readonly checks: readonly Check[] } | null;
    readonly kernels: { readonly complete: boolean; readonly checks: readonly Kernel[] } | null;
  };
  readonly benchmark: {
    readonly format: string;
    readonly ceilings: { readonly gflops: { readonly f32: number }; readonly gigabytesPerSecond: number };
    readonly steps: readonly { readonly steps: readonly { readonly kind: string; readonly ms: number }[] }[];
  } | null;
}

async function copied(page: Page): Promise<DeviceDocument> {
  await page.getByRole('button', { name: 'Copy JSON' }).click();
  await expect(page.locator('device-view').getByText(/^Copied \d+ lines/)).toBeVisible();
  return JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as DeviceDocument;
}

const press = (page: Page, name: string) => page.locator('device-view').getByRole('button', { name }).click();
const tensorRows = (page: Page) => page.locator('check-results tr[data-case]');

test('says what the adapter is, measures it, checks it against its references, and hands it all on', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto('/#/device');
  const view = page.locator('device-view');
  await expect(view.getByRole('heading', { name: /swiftshader/i })).toBeVisible();
  await expect(view.getByText('Largest binding')).toBeVisible();
  await expect(view.getByText('Loads the model first: 23.4 MB').first()).toBeVisible();
  const before = await copied(page);
  expect(before).toMatchObject({ format: 'webdit-device/1', pipeline: null, benchmark: null });
  expect(before.check).toEqual({ verdict: null, golden: null, kernels: null });
  expect(before.adapter.limits.maxBufferSize).toBeGreaterThan(2 ** 27);
  expect(requests.filter((url) => /safetensors|\.onnx|\.wasm/.test(url))).toEqual([]);

  await press(page, 'Measure this GPU');
  await expect(view.locator('bench-results')).toBeVisible({ timeout: 90_000 });
  const cell = (kind: string) => view.locator(`bench-results tr[data-kind="${kind}"] td`).first();
  for (const kind of ['full', 'full, storing', 'selective', 'reuse']) {
    // A step of a second and more has a comma: 1,234.
    expect(Number((await cell(kind).textContent())?.replaceAll(',', '')), kind).toBeGreaterThan(0);
  }

  await press(page, 'Check this GPU');
  // The runs are through, and the first kernel.
  await expect(view.getByText('Kernel variants so far')).toBeVisible({ timeout: 90_000 });
  await press(page, 'Stop');
  await expect(view.getByText('Stopped.')).toBeVisible({ timeout: 20_000 });
  await expect(tensorRows(page)).toHaveCount(10);
  const verdicts = await tensorRows(page).locator('td:last-child').allTextContents();
  expect(verdicts).toEqual(Array(10).fill('ok'));

  const { adapter, pipeline, check, benchmark, ...head } = await copied(page);
  expect(Date.parse(head.date)).toBeGreaterThan(Date.parse(before.date));
  expect(head.userAgent).toContain('Chrome');
  expect(adapter.architecture).toBe('swiftshader');
  expect(pipeline).toMatchObject({ name: 'emoji-dit', dtype: 'f16' });
  expect(check.verdict).toBeNull();
  expect(check.golden).toMatchObject({ complete: true, ok: true });
  for (const { case: run, tensor, error, target, unit } of check.golden?.checks ?? []) {
    expect(error, `${run}/${tensor}`).toBeGreaterThan(0);
    if (unit === '') expect(error, `${run}/${tensor}`).toBeLessThan(target);
    else expect(error, `${run}/${tensor}`).toBeGreaterThanOrEqual(target);
  }
  const policies = ['none', 'fora', 'procache', 'procache-values', 'procache-attention'];
  const runs = new Set(check.golden?.checks.map((one) => one.case));
  expect([...runs]).toEqual(['forward', 'pytorch', ...policies, 'picture']);
  expect(check.kernels?.complete).toBe(false);
  expect(check.kernels?.checks.length).toBeGreaterThan(0);
  for (const { kernel, error, tolerance, ok } of check.kernels?.checks ?? []) {
    expect(ok, kernel).toBe(true);
    expect(error, kernel).toBeGreaterThan(0);
    expect(error, kernel).toBeLessThan(tolerance);
  }
  expect(benchmark?.format).toBe('webdit-bench/1');
  expect(benchmark?.ceilings.gflops.f32).toBeGreaterThan(0.1);
  expect(benchmark?.ceilings.gigabytesPerSecond).toBeGreaterThan(0.01);
  const ms = new Map(benchmark?.steps[0]?.steps.map((step) => [step.kind, step.ms]));
  expect(ms.get('full')).toBeGreaterThan(2 * (ms.get('reuse') ?? Number.NaN));

  // One per cent off in a single tensor.
  await page.route('**/check/golden.safetensors', async (route) => {
    const response = await route.fetch();
    const tensors = parseSafetensors(new Uint8Array(await response.body()));
    const forward = tensors.get('forward');
    if (!forward) throw new Error('the check folder has no tensor "forward"');
    const off = { ...forward, data: tensorToFloat32(forward).map((value) => value * 1.01) };
    const body = Buffer.from(encodeSafetensors({ ...Object.fromEntries(tensors), forward: off }));
    await route.fulfill({ response, body });
  });
  await press(page, 'Check this GPU');
  await expect(view.getByRole('status').filter({ hasText: 'FAIL' })).toContainText(
    '9 of 10 tensors are within their targets; worst is One forward pass',
    { timeout: 90_000 },
  );
  await expect(tensorRows(page).first().locator('td').last()).toHaveText('FAIL');
  await press(page, 'Stop');
  await expect(view.getByText('Stopped.')).toBeVisible({ timeout: 20_000 });
  const broken = await copied(page);
  expect(broken.check.verdict).toBe('FAIL');
  const wrong = broken.check.golden?.checks.filter(({ ok }) => !ok) ?? [];
  expect(wrong.map((one) => one.case)).toEqual(['forward']);
  expect(wrong[0]?.error).toBeCloseTo(0.01 / 1.01, 4);
});
