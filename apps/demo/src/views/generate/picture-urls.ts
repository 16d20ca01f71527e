import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Entry } from './history-store.ts';

/** Addresses of pictures for a component's links and images, which live as long as they are in use there. */
export class PictureUrls implements ReactiveController {
  private readonly urls = new Map<Entry, string>();

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly used: () => readonly Entry[],
  ) {
    host.addController(this);
  }

  of(entry: Entry): string {
    let url = this.urls.get(entry);
    if (url === undefined) {
      url = URL.createObjectURL(new Blob([entry.png], { type: 'image/png' }));
      this.urls.set(entry, url);
    }
    return url;
  }

  hostUpdated(): void {
    this.revoke(new Set(this.used()));
  }

  hostConnected(): void {
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.revoke(new Set());
  }

  private revoke(kept: ReadonlySet<Entry>): void {
    for (const [entry, url] of this.urls) {
      if (kept.has(entry)) continue;
      URL.revokeObjectURL(url);
      this.urls.delete(entry);
    }
  }
}
