declare module 'virtual:recorded-results' {
  import type { CompareSummary } from 'webdit';

  /** A comparison measured by this project and committed under `bench/results`, for want of one from this device. */
  const recorded: {
    /** Its name in `bench/results`. */
    readonly file: string;
    readonly command: string;
    /** As in 2026-11-22. */
    readonly date: string;
    /** Browser and its version. */
    readonly runtime: string;
    readonly adapter: string;
    readonly steps: number;
    readonly guidance: number;
    readonly rows: readonly CompareSummary[];
  };
  export default recorded;
}
