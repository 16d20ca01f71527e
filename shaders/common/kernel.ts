/** Optional WebGPU features that kernels have variants for. */
export type KernelFeature = 'shader-f16' | 'subgroups';

const enables: Readonly<Record<KernelFeature, string>> = {
  'shader-f16': 'enable f16;',
  // Quads share their control flow by how rows are dealt out, which the compiler cannot see.
  subgroups: 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);',
};

/** One WGSL module of several texts, with the directives its features need in front. */
export function wgslModule(parts: readonly string[], features: readonly KernelFeature[] = []): string {
  return [...features.map((feature) => enables[feature]), ...parts].join('\n');
}

/** How a kernel uses one storage buffer of bind group 0. Binding 0 is always the kernel's uniform `params`. */
export type StorageAccess = 'read' | 'read_write';

/**
 * One compiled-to-be WGSL kernel: its text, what it binds, and which of its constants the caller sets. The contract of
 * each buffer is in the comment at the top of the `.wgsl` file.
 */
export interface Kernel {
  /** `<op>[.<variant>...]`, as `report.kernels` prints it. */
  readonly name: string;
  readonly op: string;
  /** Complete WGSL module with the entry point `main`. */
  readonly source: string;
  /** Storage buffers of group 0, in binding order from 1. */
  readonly storage: readonly StorageAccess[];
  /** True when group 1 binding 0 holds the `Step` uniform (common/step.wgsl). */
  readonly usesStep: boolean;
  /** Optional WebGPU features the device must have; the source enables them. */
  readonly features?: readonly KernelFeature[];
  /** Files of this folder tree the source was put together from; the coverage test checks that none is left out. */
  readonly files: readonly string[];
}

/** Values for a kernel's WGSL `override` constants. */
export type KernelConstants = Readonly<Record<string, number>>;

export type Workgroups = readonly [x: number, y: number, z: number];

/** Most workgroups a dispatch may have along one axis on every WebGPU adapter. */
export const maxWorkgroupsPerDimension = 65535;

/** Invocations of a flat kernel's workgroup (`@workgroup_size(64)`). */
export const flatWorkgroupSize = 64;

/** Workgroups for a flat kernel over `count` items. */
export function flatWorkgroups(count: number): Workgroups {
  return foldedWorkgroups(Math.ceil(count / flatWorkgroupSize));
}

/** Workgroups along x, folded into y beyond the limit of one axis. */
export function foldedWorkgroups(groups: number): Workgroups {
  if (groups <= maxWorkgroupsPerDimension) return [groups, 1, 1];
  return [maxWorkgroupsPerDimension, Math.ceil(groups / maxWorkgroupsPerDimension), 1];
}
