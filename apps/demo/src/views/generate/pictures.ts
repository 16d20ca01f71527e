import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { summarizeRun } from '../../run-summary.ts';
import type { Painting, Session } from '../../session.ts';
import { PictureHistory } from './history.ts';
import { type Entry, indexedDbHistory } from './history-store.ts';
import { decodePicture, encodePicture } from './picture-file.ts';

/** A view's pictures: the one it shows as a file, and all that were painted. Renders the view anew when they change. */
export class Pictures implements ReactiveController {
  readonly history: PictureHistory;
  /** The picture that is shown. */
  shown: Entry | null = null;
  private loading: Promise<void> | null = null;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly session: () => Session,
  ) {
    host.addController(this);
    const tabs = new BroadcastChannel('webdit-history');
    this.history = new PictureHistory(indexedDbHistory(), tabs, () => host.requestUpdate());
  }

  hostConnected(): void {
    this.loading ??= this.history.load();
  }

  /** Puts what has just been painted first. */
  async keep({ image, report, ...painting }: Painting): Promise<void> {
    const kept = { ...painting, report: summarizeRun(report) };
    const png = await encodePicture({ ...kept, image });
    const entry = await this.history.add({ ...kept, png });
    // Another picture may be shown by now.
    if (this.session().painting?.image !== image) return;
    this.shown = entry;
    this.host.requestUpdate();
  }

  /** Shows a picture from the history. */
  async restore(entry: Entry): Promise<void> {
    const { settings, report, model, png, over } = entry;
    const image = await decodePicture(png);
    this.shown = entry;
    this.session().show({ image, settings, report, model, ...(over ? { over } : {}) });
  }
}
