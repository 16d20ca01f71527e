import { errorCodes, WebDiTError } from '@webdit/core';
import { describe, expect, it } from 'vitest';
import { fromWire, settle, signalOfPort, toWire, unwrap } from './protocol.ts';

const cross = (error: unknown) => fromWire(structuredClone(toWire(error)));

describe('errors', () => {
  it.each(errorCodes)('carries %s with message, remedy and the text of its cause', (code) => {
    const error = new WebDiTError(code, 'It broke.', 'Mend it.', { cause: new TypeError('socket closed') });
    const arrived = cross(error);
    expect(arrived).toBeInstanceOf(WebDiTError);
    expect(arrived).toMatchObject({
      code,
      message: 'It broke.',
      remedy: 'Mend it.',
      cause: 'TypeError: socket closed',
    });
  });

  it('keeps name, message and stack of other errors, and survives things that are no errors', () => {
    const original = new RangeError('too far');
    expect(cross(original)).toMatchObject({ name: 'RangeError', message: 'too far', stack: original.stack });
    expect(cross('plain text')).toMatchObject({ name: 'Error', message: 'plain text' });
    expect(cross(undefined)).toMatchObject({ message: 'undefined' });
  });

  it('settles into outcomes that unwrap to the value or the error', async () => {
    expect(unwrap(await settle(async () => 7))).toBe(7);
    const failed = await settle(async () => {
      throw new WebDiTError('unknown-label', 'No.', 'Yes.');
    });
    expect(() => unwrap(failed)).toThrow(expect.objectContaining({ code: 'unknown-label' }));
  });
});

describe('signalOfPort', () => {
  it('aborts when a message arrives', async () => {
    const { port1, port2 } = new MessageChannel();
    const { signal, close } = signalOfPort(port2);
    expect(signal.aborted).toBe(false);
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    port1.postMessage('abort');
    await aborted;
    expect(signal.aborted).toBe(true);
    close();
  });
});
