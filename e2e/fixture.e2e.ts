import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from './fixture.ts';

const assets = fileURLToPath(new URL('../apps/demo/dist/assets', import.meta.url));

test('what a page or its worker complains about is seen', async ({ page, complaints }) => {
  await page.goto('/');
  await page.evaluate(() => {
    console.error('a console error');
    setTimeout(() => {
      throw new Error('an uncaught error');
    });
    document.body.append(Object.assign(document.createElement('img'), { src: 'http://elsewhere.test/a.png' }));
    document.body.setAttribute('style', 'color: red');
    setTimeout(() => {
      document.body.innerHTML = '<p>a string</p>';
    });
  });
  const workerFile = readdirSync(assets).find((name) => name.startsWith('worker-'));
  const [worker] = await Promise.all([
    page.waitForEvent('worker'),
    page.evaluate((url) => void new Worker(url, { type: 'module' }), `/assets/${workerFile}`),
  ]);
  await worker.evaluate(() => fetch('http://elsewhere.test/b').catch(() => {}));
  // Outside the call, for which the browser's inspector lifts the policy.
  await worker.evaluate(() => void setTimeout(() => Function('return 1')));
  const seen = [
    /^a console error/,
    /an uncaught error/,
    /^securitypolicyviolation: img-src http:\/\/elsewhere\.test\/a\.png/,
    /^securitypolicyviolation: style-src-attr inline/,
    /^securitypolicyviolation: require-trusted-types-for trusted-types-sink Element innerHTML/,
    /^securitypolicyviolation: connect-src http:\/\/elsewhere\.test\/b/,
    /^securitypolicyviolation: script-src eval/,
  ];
  for (const pattern of seen) {
    await expect.poll(() => complaints.unexpected.some((text) => pattern.test(text)), String(pattern)).toBe(true);
  }
  complaints.allow(/./s);
});
