import type { ModelSource, OpenOptions } from '../source.ts';

/** What a load found in the store and left there. */
export interface StorageOutcome {
  /** `stored`: the whole model is in the store now. `network`: it is not, or not wholly; `notes` says why. */
  readonly state: 'stored' | 'network';
  /** Bytes of the model's files that are in the store. */
  readonly storedBytes: number;
  /** Bytes that came over the network for this load. */
  readonly networkBytes: number;
  /** What a user may want to know, one sentence each. */
  readonly notes: readonly string[];
}

export interface StoredSourceOptions {
  /** Take from the store, and add nothing to it. */
  readonly readOnly?: boolean;
  /** Wait for another tab that is storing a file, rather than leave it to that one. */
  readonly wait?: boolean;
  /** Milliseconds before each try to go on with a file that broke off, until one brings more of it. */
  readonly retryDelays?: readonly number[];
}

export interface KeepOptions extends OpenOptions {
  /** Called with how many of the file's bytes have been read, and how many it has, where that is known. */
  readonly onProgress?: (loaded: number, size: number | undefined) => void;
}

/** A model on the network, with a store in front of it. */
export interface StoredSource extends ModelSource {
  /**
   * Refuses a model that will not fit, as far as its manifest tells, before anything of it is fetched.
   * @throws WebDiTError `quota`.
   */
  checkRoom(options?: OpenOptions): Promise<void>;
  /**
   * Reads a file to its end, to have it in the store or to know that it is whole there.
   * @throws WebDiTError `quota` when it cannot be stored, and what `open` and reading throw.
   */
  keep(path: string, options?: KeepOptions): Promise<void>;
  /**
   * To be called once everything has been read that a load needs: declares the model whole, if it is. Later opens read the
   * store but add nothing to it, until `resume`.
   * @param needed paths of files that generating needs besides; they are stored now.
   * @throws the signal's reason.
   */
  finish(needed?: readonly string[], options?: OpenOptions): Promise<StorageOutcome>;
  /** For files that are needed after the load: opens add to the store again, if they ever did, until the next `finish`. */
  resume(): Promise<void>;
}
