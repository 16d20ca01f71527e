import { performance } from 'node:perf_hooks';

/**
 * What a stage found. `skipped` tests and what could not run on this machine, `notRun`, are said again at the end, and
 * are failures in CI. `unavailable`, what nobody can expect of a machine, and `retried`, what passed on another try, are said as
 * loudly, and are none. `failures` names the failed tests: a log of CI may be cut before its end.
 * @typedef {{passed: number, failed: number, skipped: number, failures?: string[], notRun?: string[], unavailable?: string[], retried?: string[]}} Tally
 * A stage that does what a script of package.json does names it: `script`.
 * @typedef {{name: string, script?: string, run: () => Promise<Tally>}} Stage
 */

/** Runs every stage, also after a failure, and ends with the line `N passed, N failed`. @param {Stage[]} stages */
export async function runSuite(stages, budgetMinutes) {
  const inCi = Boolean(process.env.CI) && process.env.CI !== 'false';
  const began = performance.now();
  const total = { passed: 0, failed: 0, skipped: 0, failures: [], notRun: [], unavailable: [], retried: [] };
  const lines = [];
  for (const { name, run } of stages) {
    process.stdout.write(`\n== ${name}\n`);
    const start = performance.now();
    const tally = await run().catch((error) => {
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
      return { passed: 0, failed: 1, skipped: 0, failures: [name] };
    });
    for (const key of ['passed', 'failed', 'skipped']) total[key] += tally[key];
    for (const key of ['failures', 'notRun', 'unavailable', 'retried']) total[key].push(...(tally[key] ?? []));
    const verdict = tally.failed > 0 ? 'FAILED' : tally.unavailable ? 'absent' : 'ok    ';
    const line = `${verdict} ${seconds(start).padStart(8)}  ${name}`;
    process.stdout.write(`== ${line}\n`);
    lines.push(line);
  }
  process.stdout.write(`\n${lines.join('\n')}\n`);
  const overBudget = performance.now() - began > budgetMinutes * 60_000;
  process.stdout.write(`total  ${seconds(began).padStart(8)}, budget ${budgetMinutes} min\n`);
  if (overBudget) process.stdout.write(`!! over budget: ${seconds(began)} of ${budgetMinutes} min\n`);
  for (const what of total.failures) process.stdout.write(`!! failed: ${what}\n`);
  for (const what of [...total.notRun, ...total.unavailable]) process.stdout.write(`!! not run here: ${what}\n`);
  for (const what of total.retried) process.stdout.write(`!! passed on another try: ${what}\n`);
  if (total.skipped > 0) process.stdout.write(`!! ${total.skipped} skipped\n`);
  // On a developer's machine a missing driver, a skipped test or a slow day is said aloud; CI has no excuse.
  if (inCi) total.failed += total.notRun.length + total.skipped + (overBudget ? 1 : 0);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
