import type { LitElement, ReactiveController } from 'lit';

const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;

/** For one file at a time: of several that are dropped, the first. */
export function firstFile(take: (file: File) => void): (dropped: DataTransfer) => void {
  return ({ files: [file] }) => {
    if (file) take(file);
  };
}

/** Takes files that are dropped anywhere on a component, and says while some are over it. */
export class FileDrop implements ReactiveController {
  over = false;

  constructor(
    private readonly host: LitElement,
    private readonly take: (dropped: DataTransfer) => void,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.host.addEventListener('dragover', this.onOver);
    this.host.addEventListener('dragleave', this.onLeave);
    this.host.addEventListener('drop', this.onDrop);
  }

  hostDisconnected(): void {
    this.host.removeEventListener('dragover', this.onOver);
    this.host.removeEventListener('dragleave', this.onLeave);
    this.host.removeEventListener('drop', this.onDrop);
  }

  private readonly onOver = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    // A component inside of this one takes it.
    const taken = event.defaultPrevented;
    event.preventDefault();
    this.enter(!taken);
  };

  private readonly onLeave = ({ relatedTarget }: DragEvent) => {
    if (!(relatedTarget instanceof Node && this.host.contains(relatedTarget))) this.enter(false);
  };

  private readonly onDrop = (event: DragEvent) => {
    this.enter(false);
    if (!hasFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    if (event.dataTransfer) this.take(event.dataTransfer);
  };

  private enter(over: boolean): void {
    if (this.over === over) return;
    this.over = over;
    this.host.requestUpdate();
  }
}
