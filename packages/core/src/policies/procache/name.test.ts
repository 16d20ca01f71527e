import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { injectSelective, removeSelective } from '../../schedule/pattern.ts';
import { ratioSchedules, scoreKinds } from '../../schedule/settings.ts';
import { parseProCacheWords, proCacheName, type ResolvedProCache } from './name.ts';
import { pixArtPresets, presets, presetsOf } from './presets.ts';

const released = '10201020102010201020102010210210210210101010101010';
const run: ResolvedProCache = { ...presets.released, pattern: released, deepLayerStart: 21 };

describe('proCacheName', () => {
  it.each<[Partial<ResolvedProCache>, string]>([
    [{}, 'procache_s4x6.3x4.2x7_D21_r0.07'],
    [presets.paper, 'procache_s4x6.3x4.2x7_D21_r0.07_paper'],
    [{ ...presets.paper, tokenRatio: 0.3 }, 'procache_s4x6.3x4.2x7_D21_r0.3_paper'],
    [{ pattern: removeSelective(released) }, 'procache_s4x6.3x4.2x7_plain'],
    [{ pattern: '1'.repeat(50) }, 'procache_s1x50_plain'],
    [{ pattern: '101020' }, 'procache_s2x1.4x1_D21_r0.07'],
    [{ pattern: '1022102' }, 'procache_p1022x1.102x1_D21_r0.07'],
    [{ pattern: '12121' }, 'procache_p12x2.1x1_D21_r0.07'],
    [{ ratioSchedule: 'toca-ddpm250' }, 'procache_s4x6.3x4.2x7_D21_r0.07_toca-ddpm250'],
    [{ score: 'value-norm-negative' }, 'procache_s4x6.3x4.2x7_D21_r0.07_value-norm-negative'],
    [{ staleness: null, bonus: null }, 'procache_s4x6.3x4.2x7_D21_r0.07_nostale_nobonus'],
    [{ staleness: { weight: 0.5, period: 3 } }, 'procache_s4x6.3x4.2x7_D21_r0.07_stale0.5x3'],
    [{ bonus: { window: 4, ratio: 0.4 }, shareCfg: true }, 'procache_s4x6.3x4.2x7_D21_r0.07_bonus4x0.4_shared'],
    [
      { ...presets.paper, shareCfg: true },
      'procache_s4x6.3x4.2x7_D21_r0.07_constant_value-norm_nostale_nobonus_shared',
    ],
  ])('%o is %s', (change, name) => {
    expect(proCacheName({ ...run, ...change })).toBe(name);
  });

  it.each<[Partial<ResolvedProCache>, string]>([
    [{}, 'procache_s4x6.3x4.2x7_D21_r0.3'],
    [pixArtPresets.paper, 'procache_s4x6.3x4.2x7_D21_r0.3_paper'],
    [{ shareCfg: false }, 'procache_s4x6.3x4.2x7_D21_r0.3_unshared'],
    [presets.released, 'procache_s4x6.3x4.2x7_D21_r0.07_toca-ddim50_attention_stale0.25x4_bonus2x0.6_unshared'],
  ])('of PixArt %o is %s', (change, name) => {
    expect(proCacheName({ ...run, ...pixArtPresets.released, ...change }, 'pixart')).toBe(name);
  });

  const ratio = fc.oneof(fc.constant(0.07), fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs));
  const positive = fc.double({ min: 1e-9, max: 1e30, noNaN: true });
  const anyRun: fc.Arbitrary<ResolvedProCache> = fc.record({
    pattern: fc.oneof(
      fc.stringMatching(/^1[012]{0,40}$/),
      fc.stringMatching(/^1[01]{0,40}$/).map(injectSelective),
      fc.stringMatching(/^1[01]{0,40}$/),
    ),
    deepLayerStart: fc.nat(40),
    tokenRatio: ratio,
    ratioSchedule: fc.constantFrom(...ratioSchedules),
    score: fc.constantFrom(...scoreKinds),
    staleness: fc.option(
      fc.oneof(
        fc.constantFrom({ weight: 0.25, period: 4 }, { weight: 0.25, period: 3 }),
        fc.record({ weight: positive, period: positive }),
      ),
    ),
    bonus: fc.option(
      fc.oneof(
        fc.constant({ window: 2, ratio: 0.6 }),
        fc.constant({ window: 4, ratio: 0.4 }),
        fc.record({ window: fc.integer({ min: 2, max: 9 }), ratio: positive }),
      ),
    ),
    shareCfg: fc.boolean(),
  });

  it('reads back as the same run, so that no two runs share a name', () => {
    fc.assert(
      fc.property(anyRun, fc.constantFrom('dit', 'pixart'), (some, kind) => {
        const name = proCacheName(some, kind);
        const { mode, ...words } = parseProCacheWords(name.slice('procache_'.length));
        const { pattern, ...rest } = { ...presetsOf(kind)[mode ?? 'released'], ...words };
        expect(pattern).toBe(some.pattern);
        // without selective steps the rest decides nothing, and the name leaves it out
        if (some.pattern.includes('2')) expect({ pattern, ...rest }).toEqual(some);
        else expect(words).toEqual({ pattern });
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseProCacheWords', () => {
  it('reads a few words as users type them', () => {
    expect(parseProCacheWords('paper')).toEqual({ mode: 'paper' });
    expect(parseProCacheWords('B11_paper_r0.1')).toEqual({ budget: 11, mode: 'paper', tokenRatio: 0.1 });
    expect(parseProCacheWords('s3x1.2x1')).toEqual({ pattern: '10210' });
    expect(parseProCacheWords('reversed_unshared')).toEqual({ reversed: true, shareCfg: false });
    expect(parseProCacheWords('s3x1.2x1_plain_D4')).toEqual({ pattern: '10010', deepLayerStart: 4 });
  });

  it.each([
    '',
    'plain',
    'paper_plain',
    'p1020x1_plain',
    'fast',
    'B0',
    'D-1',
    'r',
    's',
    's4',
    'p2x1',
    'p13x1',
    'paper_released',
    'B11_B12',
    'nostale_stale1x1',
    's3x1_p10x1',
    'constructor',
  ])('refuses "%s"', (text) => {
    expect(() => parseProCacheWords(text)).toThrow(
      expect.objectContaining({ code: 'bad-argument', remedy: expect.stringMatching(/\S/) }),
    );
  });
});
