import type { TensorSink } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import { describeModelFolder, openModelFolder } from './model-folder.ts';
import type { ModelSource } from './source.ts';
import { pathSource } from './sources/path.ts';
import { emojiDiT, errorOf, golden, scratchFolder } from './testing/fixtures.ts';
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

describe('describeModelFolder', () => {
  /** A folder that notes which files were opened. */
  const watched = (folder: string): ModelSource & { readonly opened: string[] } => {
    const source = pathSource(folder);
    const opened: string[] = [];
    return {
      ...source,
      opened,
      open: (path, options) => {
        opened.push(path);
        return source.open(path, options);
      },
    };
  };

  test.each([emojiDiT, golden('dit-original-tiny'), golden('dit-diffusers-tiny')])(
    'says of %s what opening it says, and reads no weights and no class table',
    async (path) => {
      const source = watched(path);
      const { classes, read, ...said } = await describeModelFolder(source);
      expect(source.opened.filter((file) => /safetensors|classes/.test(file))).toEqual([]);
      const opened = await openModelFolder(pathSource(path));
      expect(opened).toMatchObject(said);
      expect(await classes()).toEqual(opened.classes);
      for (const schedule of said.schedules) expect((await read(schedule)).length).toBeGreaterThan(0);
    },
  );

  test('refuses a folder without a model', async () => {
    const error = await errorOf(describeModelFolder(pathSource(await scratchFolder())));
    expect(error).toMatchObject({ code: 'not-found', message: expect.stringContaining('is not a model folder') });
  });
});
