import type { BufferScope } from '../allocator.ts';

/** Some rows of a feature map, in a buffer of their own while somebody needs them. */
export interface Band {
  readonly first: number;
  readonly rows: number;
  buffer: GPUBuffer | undefined;
}

/** Pixels with their channels together, `[height, width, channels]`, cut into bands of rows. */
export interface FeatureMap {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly bands: readonly Band[];
}

/** Size of a feature map. */
export type FeatureSize = Omit<FeatureMap, 'bands'>;

export const rowBytes = ({ channels, width }: Pick<FeatureSize, 'channels' | 'width'>): number => 4 * channels * width;

/** A map that is one band, in a buffer of its own. */
export function wholeMap(size: FeatureSize, buffer: GPUBuffer): FeatureMap {
  return { ...size, bands: [{ first: 0, rows: size.height, buffer }] };
}

export function bufferOf({ buffer, first }: Band): GPUBuffer {
  if (!buffer) throw new RangeError(`The band from row ${first} on is not there`);
  return buffer;
}

/**
 * Buffers of one size that bands take and give back while a program is made. The GPU runs a program in order, so what one dispatch was
 * the last to read the next may write.
 */
export class BandPool {
  readonly #free: GPUBuffer[] = [];

  constructor(
    readonly scope: BufferScope,
    readonly bytes: number,
  ) {}

  acquire(): GPUBuffer {
    return this.#free.pop() ?? this.scope.storage('vae.band', this.bytes / 4);
  }

  release(buffer: GPUBuffer): void {
    this.#free.push(buffer);
  }

  /** The bands of a map, none of which has a buffer yet. */
  map(size: FeatureSize): FeatureMap {
    const most = Math.floor(this.bytes / rowBytes(size));
    const count = Math.ceil(size.height / most);
    const bands = Array.from({ length: count }, (_, i) => ({
      first: i * most,
      rows: Math.min(most, size.height - i * most),
      buffer: undefined,
    }));
    return { ...size, bands };
  }

  /** Buffers for a band, unless it has one. */
  fill(band: Band): GPUBuffer {
    band.buffer ??= this.acquire();
    return band.buffer;
  }

  /** Gives back the bands that end at or before a row. */
  releaseBefore({ bands }: FeatureMap, row: number): void {
    for (const band of bands) {
      if (!band.buffer || band.first + band.rows > row) continue;
      this.release(band.buffer);
      band.buffer = undefined;
    }
  }
}
