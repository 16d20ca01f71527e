import { expect, it } from 'vitest';
import { errorText, figures, inUnit, limitText } from './numbers.ts';

it('writes three figures, whatever the size', () => {
  expect([0, 0.09999, 0.00123, 1.234, 12.34, 123.4, 12345, Number.NaN].map(figures)).toEqual([
    '0',
    '0.100',
    '0.00123',
    '1.23',
    '12.3',
    '123',
    '12,345',
    '–',
  ]);
});

it('writes errors in their unit, and says when they are none', () => {
  expect(errorText(2.06e-7)).toBe('2.1e-7');
  expect(errorText(null)).toBe('not a number');
  expect(inUnit(1.4e-5, '')).toBe('1.4e-5');
  expect(inUnit(128.83, 'dB')).toBe('128.8 dB');
  expect(inUnit(Number.POSITIVE_INFINITY, 'dB')).toBe('identical');
  expect(inUnit(0.995, 'share')).toBe('99.5 %');
  expect(inUnit(1, 'share')).toBe('100 %');
});

it('writes limits as a person reads them', () => {
  expect(limitText('maxStorageBufferBindingSize', 2 ** 31 - 4)).toBe('2.00 GiB');
  expect(limitText('maxComputeWorkgroupStorageSize', 16384)).toBe('16 KiB');
  expect(limitText('minUniformBufferOffsetAlignment', 256)).toBe('256 bytes');
  expect(limitText('maxComputeInvocationsPerWorkgroup', 1024)).toBe('1,024');
  expect(limitText('maxComputeWorkgroupsPerDimension', 65535)).toBe('65,535');
});
