import { expect, it } from 'vitest';
import { Allocator } from './allocator.ts';
import type { DeviceHolder } from './device.ts';

it('counts bytes now, and at most since the peak was reset', () => {
  const device = {
    limits: { maxBufferSize: 1000 },
    pushErrorScope: () => {},
    popErrorScope: async () => null,
    createBuffer: () => ({ destroy: () => {} }),
  };
  const allocator = new Allocator({ device, maxStorageBufferBindingSize: 500 } as unknown as DeviceHolder);
  const weights = allocator.create('weights', 101, 0x80);
  const cache = allocator.create('cache', 400, 0x80);
  expect(allocator.bytes).toEqual({ current: 504, peak: 504 });
  allocator.destroy(cache);
  allocator.destroy(cache);
  expect(allocator.bytes).toEqual({ current: 104, peak: 504 });
  allocator.resetPeak();
  allocator.create('scratch', 20, 0);
  expect(allocator.bytes).toEqual({ current: 124, peak: 124 });
  allocator.destroy(weights);
  expect(allocator.bytes).toEqual({ current: 20, peak: 124 });
  expect(() => allocator.create('slab', 504, 0x80)).toThrow(expect.objectContaining({ code: 'out-of-memory' }));
});
