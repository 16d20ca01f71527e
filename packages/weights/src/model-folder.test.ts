import type { TensorSink } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import { openModelFolder } from './model-folder.ts';
import { pathSource } from './sources/path.ts';
import { golden } from './testing/fixtures.ts';
import { RecordingSink } from './testing/recording-sink.ts';

describe('aborting', () => {
  const folder = golden('dit-original-tiny');
  const refuse: TensorSink = {
    begin() {
      throw new Error('the sink was touched');
    },
  };

  test('rejects with the reason, before and during a load', async () => {
    const reason = new Error('enough');
    const aborted = AbortSignal.abort(reason);
    await expect(openModelFolder(pathSource(folder), { signal: aborted })).rejects.toBe(reason);
    const model = await openModelFolder(pathSource(folder));
    await expect(model.loadWeights(refuse, { signal: aborted })).rejects.toBe(reason);

    const controller = new AbortController();
    let calls = 0;
    const load = model.loadWeights(new RecordingSink(), {
      signal: controller.signal,
      onProgress: () => {
        if (++calls === 3) controller.abort(reason);
      },
    });
    await expect(load).rejects.toBe(reason);
    expect(calls).toBe(3);
  });

  test('reports bytes up to the size of the file', async () => {
    const model = await openModelFolder(pathSource(folder));
    const seen: number[] = [];
    await model.loadWeights(new RecordingSink(), {
      onProgress: ({ loaded, total }) => {
        expect(total).toBe(1120600);
        seen.push(loaded);
      },
    });
    expect(seen.at(-1)).toBe(1120600);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});
