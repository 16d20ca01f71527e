import { requestDevice } from '@webdit/gpu';
import { benchTables, type Table } from '@webdit/gpu/bench';
import { peerTable } from './peer-table.ts';
import { type PageResult, type PageSettings, plainResult } from './result.ts';
import { nameOf, runInPage } from './run-in-page.ts';

/** What the runner finds in the page, and the page in the runner. */
export interface BenchWindow {
  runBenchmark(settings: PageSettings): Promise<PageResult>;
  onBenchProgress?(line: string): void;
}

const bench = window as unknown as BenchWindow;
const peerUrl = '/peer.onnx';
const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const run = element<HTMLButtonElement>('run');
const status = element('status');
const progress = element<HTMLProgressElement>('progress');
let latest: PageResult | undefined;

bench.runBenchmark = async (settings) => {
  run.disabled = true;
  progress.hidden = false;
  element('export').hidden = true;
  status.className = 'quiet';
  try {
    latest = await runInPage(settings, (what, done, total) => {
      progress.value = done / total;
      status.textContent = `${what}: ${done} of ${total}`;
      bench.onBenchProgress?.(status.textContent);
    });
    show(latest);
    status.textContent = 'Done.';
    return latest;
  } catch (error) {
    status.className = 'failed';
    status.textContent = String(error);
    throw error;
  } finally {
    run.disabled = false;
    progress.hidden = true;
  }
};

element<HTMLFormElement>('controls').addEventListener('submit', (event) => {
  event.preventDefault();
  const checked = (id: string) => element<HTMLInputElement>(id).checked;
  const peer = !element('peer-label').hidden && checked('peer');
  const settings = { quick: checked('quick'), kernels: true, onnx: peer ? peerUrl : null, forwards: 9 };
  // What fails is shown.
  bench.runBenchmark(settings).catch(() => {});
});

element('copy').addEventListener('click', () => {
  const copied = navigator.clipboard.writeText(JSON.stringify(latest && plainResult(latest), null, 2));
  copied.then(
    () => {
      status.textContent = 'Copied.';
    },
    (error: unknown) => {
      status.textContent = String(error);
    },
  );
});

function show({ report, peer }: PageResult): void {
  const tables = [...('contenders' in peer ? [peerTable(peer)] : []), ...(report ? benchTables(report) : [])];
  element('tables').replaceChildren(...tables.flatMap(tableElements));
  element('export').hidden = false;
}

function tableElements({ title, header, textColumns, rows }: Table): HTMLElement[] {
  const heading = document.createElement('h2');
  heading.textContent = title;
  const table = document.createElement('table');
  const addRow = (section: HTMLTableSectionElement, cells: readonly string[], tag: 'th' | 'td') => {
    const row = section.insertRow();
    for (const [i, text] of cells.entries()) {
      const cell = document.createElement(tag);
      cell.textContent = text;
      if (i < textColumns) cell.className = 'text';
      row.append(cell);
    }
  };
  addRow(table.createTHead(), header, 'th');
  const body = table.createTBody();
  for (const cells of rows) addRow(body, cells, 'td');
  const scroll = document.createElement('div');
  scroll.className = 'scroll';
  scroll.append(table);
  return [heading, scroll];
}

/** Names the adapter, and offers the peer where there is one. */
async function introduce(): Promise<void> {
  const line = element('adapter');
  try {
    const holder = await requestDevice(navigator.gpu);
    const { adapterInfo } = holder;
    holder.destroy();
    line.textContent = `${nameOf(adapterInfo)}${adapterInfo.isFallback ? ', a software adapter' : ''}`;
    run.disabled = false;
  } catch (error) {
    line.className = 'failed';
    line.textContent = String(error);
  }
  element('peer-label').hidden = !(await fetch(peerUrl, { method: 'HEAD' })).ok;
}

void introduce();
