import { cpus } from 'node:os';

/** Where and when numbers were measured. */
export function machine(): { date: string; machine: { cpu: string; cores: number; runtime: string } } {
  const all = cpus();
  return {
    date: new Date().toISOString(),
    machine: { cpu: all[0]?.model.trim() || 'unknown', cores: all.length, runtime: `Node ${process.versions.node}` },
  };
}
