import { WebDiTError } from '@webdit/core';
import { byteStream } from '../byte-stream.ts';
import { type ResumeOptions, ResumingReader } from '../resuming-reader.ts';
import type { SourceFile, SourceFileParts } from '../source.ts';

/** A file of the network from some byte on, that goes on where it breaks off and is neither stored nor compared. */
export function networkPart(
  file: SourceFile,
  options: Pick<ResumeOptions, 'open' | 'retryDelays' | 'onBytes'>,
): SourceFileParts {
  const reader = new ResumingReader({ ...options, file, position: file.begin, hashed: false });
  return {
    ...file,
    stream: () => byteStream(reader),
    failure: (cause) => (cause instanceof WebDiTError ? cause : file.failure(cause)),
  };
}
