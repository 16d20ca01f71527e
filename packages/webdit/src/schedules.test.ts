import { WebDiTError } from '@webdit/core';
import { describe, expect, it, vi } from 'vitest';
import { FolderSchedules } from './schedules.ts';

const schedule = {
  format: 'webdit-schedule/1',
  policy: 'procache',
  steps: 4,
  sampler: 'ddim-respaced',
  pattern: '1020',
} as const;
const { signal } = new AbortController();

function folder(files: Readonly<Record<string, object>>) {
  const read = vi.fn(async (path: string) => {
    const file = files[path];
    if (file === undefined) throw new WebDiTError('not-found', `no ${path}`, 'Copy it.');
    return new TextEncoder().encode(JSON.stringify(file));
  });
  const under = (directory: string) => Object.keys(files).filter((path) => path.startsWith(directory));
  return { schedules: under('schedules'), calibrations: under('calibration'), read };
}

describe('FolderSchedules', () => {
  it('reads each file once, and none for a run that takes none', async () => {
    const source = folder({ 'schedules/a.json': schedule, 'schedules/b.json': { ...schedule, pattern: '1010' } });
    const schedules = new FolderSchedules(source);
    for (const cache of ['none', 'fora:2', { policy: 'procache', pattern: '1010' }, schedule]) {
      expect(await schedules.for(cache, signal)).toEqual({ schedules: [], calibrations: [] });
    }
    expect(source.read).not.toHaveBeenCalled();
    expect((await schedules.for('procache', signal)).schedules.map(({ pattern }) => pattern)).toEqual(['1020', '1010']);
    await schedules.for({ policy: 'procache' }, signal);
    expect(source.read.mock.calls.map(([path]) => path)).toEqual(['schedules/a.json', 'schedules/b.json']);
  });

  it('names the file that cannot be read, and tries again', async () => {
    const source = folder({ 'schedules/a.json': { ...schedule, speed: 3 } });
    const schedules = new FolderSchedules(source);
    await expect(schedules.for('procache', signal)).rejects.toMatchObject({
      code: 'format',
      message: 'The schedule schedules/a.json sets "speed", which means nothing here.',
    });
    source.read.mockResolvedValueOnce(new TextEncoder().encode(JSON.stringify(schedule)));
    expect((await schedules.for('procache', signal)).schedules).toEqual([schedule]);
    await expect(
      new FolderSchedules({ ...source, schedules: ['schedules/c.json'] }).for('procache', signal),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});
