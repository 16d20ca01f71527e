import { expose } from 'comlink';
import type { EngineHost } from '../protocol.ts';

/** What the page sees of a worker, with a host of the test's on the other side. */
export class FakeWorker extends EventTarget {
  terminated = false;
  private readonly channel = new MessageChannel();

  constructor(host: EngineHost) {
    super();
    expose(host, this.channel.port2);
    this.channel.port1.onmessage = ({ data }) => this.dispatchEvent(new MessageEvent('message', { data }));
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.channel.port1.postMessage(message, transfer);
  }

  crash(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }

  terminate(): void {
    this.terminated = true;
    this.channel.port1.close();
  }
}
