/** Where a `byteStream` gets its bytes. */
export interface ByteProducer {
  /** Writes the next bytes to the front of `view`. @returns how many; 0 at the end. */
  read(view: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Called once: at the end, after a failed read, or when the stream is cancelled, then perhaps while a read is waiting. */
  close(): Promise<void> | void;
}

/** A byte stream, read when asked: into the reader's own buffer, or 64 KiB at a time. */
export function byteStream(producer: ByteProducer): ReadableStream<Uint8Array<ArrayBuffer>> {
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await producer.close();
  };
  return new ReadableStream({
    type: 'bytes',
    autoAllocateChunkSize: 64 * 1024,
    async pull(controller) {
      const request = controller.byobRequest;
      const free = request?.view;
      if (!free) throw new TypeError('A byte stream with automatic chunks always has a request.');
      let count: number;
      try {
        count = await producer.read(new Uint8Array(free.buffer as ArrayBuffer, free.byteOffset, free.byteLength));
      } catch (error) {
        await close();
        throw error;
      }
      // Cancelled while it was read.
      if (!open) return;
      if (count === 0) {
        await close();
        controller.close();
      }
      request.respond(count);
    },
    cancel: close,
  });
}
