import { cpus } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly runtime: string;
}

/** Where and when numbers were measured. */
export function machine(): { date: string; machine: Machine } {
  const all = cpus();
  return {
    date: new Date().toISOString(),
    machine: { cpu: all[0]?.model.trim() || 'unknown', cores: all.length, runtime: `Node ${process.versions.node}` },
  };
}

/** Several machines as one: every processor and runtime among them, and the cores of the smallest. */
export function joinMachines(machines: readonly [Machine, ...Machine[]]): Machine {
  const distinct = (name: 'cpu' | 'runtime') => [...new Set(machines.map((one) => one[name]))].join(' and ');
  return { cpu: distinct('cpu'), cores: Math.min(...machines.map(({ cores }) => cores)), runtime: distinct('runtime') };
}
