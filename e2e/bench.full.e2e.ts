import { expect, test } from 'playwright/test';
import { baseUrl, serve } from '../bench/serve.ts';

interface Result {
  readonly crossOriginIsolated: boolean;
  readonly peer: string;
  readonly ceilings: {
    readonly gigabytesPerSecond: number;
    readonly probes: readonly Record<'form' | 'width' | 'accumulators' | 'number' | 'gflops', unknown>[];
  };
  readonly kernels: readonly { readonly rates: readonly Record<'ms' | 'gflops' | 'share', number>[] }[];
  readonly steps: readonly {
    readonly depth: number;
    readonly dispatchesPerBlock: number;
    readonly steps: readonly Record<'dispatches' | 'encodeMs' | 'megabytes', number>[];
  }[];
}

test('the bench page measures the adapter and hands its numbers out as JSON', async ({ page, context }) => {
  const server = await serve({ isolated: true });
  try {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${baseUrl(server)}bench/`);
    await expect(page.locator('#adapter')).toContainText('swiftshader');
    await expect(page.getByLabel('compare with onnxruntime-web')).toBeHidden();
    await page.getByLabel('quick').check();
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByRole('button', { name: 'Copy JSON' }).click({ timeout: 90_000 });
    await expect(page.getByRole('status')).toHaveText('Copied.');
    const text = await page.evaluate(() => navigator.clipboard.readText());
    const { crossOriginIsolated, peer, ceilings, kernels, steps } = JSON.parse(text) as Result;

    expect(crossOriginIsolated).toBe(true);
    expect(peer).toContain('--onnx');
    const f32 = ceilings.probes.filter(({ number }) => number === 'f32');
    const members = f32.map(({ form, width, accumulators }) => `${form} ${width} ${accumulators}`);
    expect(new Set(members).size).toBe(16);
    const rates = kernels.flatMap((model) => model.rates);
    expect(rates.length).toBeGreaterThan(10);
    const measured = [
      ceilings.gigabytesPerSecond,
      ...ceilings.probes.map(({ gflops }) => gflops as number),
      ...rates.flatMap(({ ms, gflops, share }) => [ms, gflops, share]),
      ...steps.flatMap((model) => model.steps.flatMap(({ dispatches, megabytes }) => [dispatches, megabytes])),
      // The clock ticks in steps of 5 us: short steps may take none.
      ...steps.map((model) => model.steps[0]?.encodeMs ?? 0),
    ];
    expect(measured.filter((value) => !(Number.isFinite(value) && value > 0))).toEqual([]);
    expect(steps.map(({ depth }) => depth)).toEqual([8, 28]);
    // On a software adapter the linears of DiT-XL/2 are cut.
    expect(steps[0]?.dispatchesPerBlock).toBe(7);
    expect(steps[1]?.dispatchesPerBlock).toBeGreaterThan(8);
    expect(await page.locator('table').count()).toBe(4);
  } finally {
    await server.close();
  }
});
