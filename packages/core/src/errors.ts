/** Every way WebDiT can refuse or fail. The set is closed: callers may switch over it. */
export const errorCodes = [
  'webgpu-unavailable',
  'adapter-unavailable',
  'device-lost',
  'out-of-memory',
  'not-found',
  'network',
  'integrity',
  'format',
  'shape-mismatch',
  'unsupported-config',
  'quota',
  'bad-argument',
  'unknown-label',
  'unknown-policy',
  'schedule-mismatch',
  'numeric',
  'worker-crashed',
] as const;

/** One of the codes; each has a section in the troubleshooting page. */
export type ErrorCode = (typeof errorCodes)[number];

/** An error as plain data. */
export interface WebDiTErrorData {
  readonly code: ErrorCode;
  /** One sentence: what is wrong. */
  readonly message: string;
  /** One sentence: what the reader can do about it. */
  readonly remedy: string;
}

/** The one error type users see. `message` says what is wrong, `remedy` what to do about it. */
export class WebDiTError extends Error {
  override readonly name = 'WebDiTError';
  readonly code: ErrorCode;
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, remedy: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.remedy = remedy;
  }

  /** Message and remedy in one line, as the CLI prints it. */
  override toString(): string {
    return `${this.code}: ${this.message} ${this.remedy}`;
  }

  /** Plain data, for crossing a worker boundary. */
  toJSON(): WebDiTErrorData {
    return { code: this.code, message: this.message, remedy: this.remedy };
  }

  /** The error that `toJSON` took apart. */
  static fromJSON(data: WebDiTErrorData): WebDiTError {
    return new WebDiTError(data.code, data.message, data.remedy);
  }
}
