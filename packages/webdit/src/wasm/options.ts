import { badArgument, show } from '../check-values.ts';

/** What device `wasm` can do, by option of `fromPretrained`. */
const possible: Readonly<Record<string, readonly unknown[]>> = {
  dtype: [undefined, 'auto', 'f32'],
  math: [undefined, 'auto', 'f32'],
  tune: [undefined, 'auto', 'never'],
  vaeBackend: [undefined, 'auto', 'wasm'],
};

/** @throws WebDiTError `bad-argument` for an option that only a GPU can fulfil. */
export function checkWasmOptions(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (possible[name] === undefined || possible[name].includes(value)) continue;
    throw badArgument(
      `${name} is ${show(value)}, but device 'wasm' computes in f32 on the processor.`,
      `Leave ${name} out, or use a browser with WebGPU and device 'auto'.`,
    );
  }
}
