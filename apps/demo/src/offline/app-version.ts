import type { Message, RuntimeFile } from './runtime-files.ts';

/** How often a page that stays open asks for a newer version, in milliseconds. */
const askAgain = 60 * 60 * 1000;

/** The service worker behind the page: which version of the app it holds, and whether there is a newer one. */
export class AppVersion {
  /** A newer version waits, or has taken over through another tab: this page is to be reloaded. */
  outdated = false;
  private registration: ServiceWorkerRegistration | null = null;
  private accepted = false;
  private asked = Date.now();

  private readonly listeners = new Set<() => void>();

  /** @returns what ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Where the service worker is in charge; null where there is none. */
  get scope(): string | null {
    return this.registration?.scope ?? null;
  }

  /** Registers the service worker, if this is a built page in a browser that has them. */
  async start(): Promise<void> {
    if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
    const { serviceWorker } = navigator;
    let controlled = serviceWorker.controller !== null;
    serviceWorker.addEventListener('controllerchange', () => {
      if (this.accepted) location.reload();
      else if (controlled) this.setOutdated();
      controlled = true;
    });
    try {
      const registration = await serviceWorker.register(new URL('sw.js', document.baseURI));
      this.watch(registration);
      // From the first answer on, so that whoever asks for the files is answered.
      await serviceWorker.ready;
      this.registration = registration;
      this.notify();
    } catch {
      // The browser or its user refuses service workers: the page works with a network, as it did before.
    }
  }

  /** Takes the newer version, and reloads the page. */
  update(): void {
    const waiting = this.registration?.waiting;
    this.accepted = true;
    if (waiting) waiting.postMessage({ type: 'activate' } satisfies Message);
    else location.reload();
  }

  /** The large files of the version in charge. Only where there is a `scope`. */
  async runtimeFiles(): Promise<readonly RuntimeFile[]> {
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<readonly RuntimeFile[]>((resolve) => {
      port1.onmessage = ({ data }) => resolve(data as readonly RuntimeFile[]);
    });
    this.registration?.active?.postMessage({ type: 'runtime-files' } satisfies Message, [port2]);
    const files = await answer;
    port1.close();
    return files;
  }

  private watch(registration: ServiceWorkerRegistration): void {
    const look = () => {
      // The first version of all takes over by itself.
      if (registration.waiting && registration.active) this.setOutdated();
    };
    const follow = () => registration.installing?.addEventListener('statechange', look);
    registration.addEventListener('updatefound', follow);
    follow();
    look();
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState !== 'visible' || Date.now() - this.asked < askAgain) return;
      this.asked = Date.now();
      // Without a network there is nothing new.
      registration.update().catch(() => {});
    });
  }

  private setOutdated(): void {
    this.outdated = true;
    this.notify();
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
