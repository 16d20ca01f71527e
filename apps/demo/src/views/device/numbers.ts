import type { TensorCheck } from 'webdit';

/** Three figures, whatever the size. */
export function figures(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  // Rounded first: 0.09999 has the digits of 0.1.
  const digits = 2 - Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))));
  return digits < 0 ? Math.round(value).toLocaleString('en') : value.toFixed(Math.min(6, digits));
}

/** An error of many magnitudes: `2.1e-7`. */
export function errorText(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'not a number';
  return value === 0 ? '0' : value.toExponential(1);
}

/** A check's error or its target, in the check's unit. */
export function inUnit(value: number, unit: TensorCheck['unit']): string {
  switch (unit) {
    case 'dB':
      return value === Number.POSITIVE_INFINITY ? 'identical' : `${value.toFixed(1)} dB`;
    case 'share':
      return `${(100 * value).toFixed(1).replace(/\.0$/, '')} %`;
    case '':
      return errorText(value);
  }
}

const binary = ['bytes', 'KiB', 'MiB', 'GiB'];

/** A limit of the adapter, in units a person reads: bytes by their name, other numbers with thousands apart. */
export function limitText(name: string, value: number): string {
  if (!/(Size|Alignment)$/.test(name) || /Workgroup(Size)|TextureDimension/.test(name))
    return value.toLocaleString('en');
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < binary.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${Number.isInteger(size) ? size : figures(size)} ${binary[unit]}`;
}
