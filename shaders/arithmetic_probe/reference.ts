/**
 * Ends of one invocation's chains value = value * factor + addend after `steps` steps, in f64; `operands` are factor,
 * addend, first values, to which odd invocations add one.
 */
export function arithmeticProbeReference(operands: ArrayLike<number>, steps: number, invocation: number): Float64Array {
  const [factor, addend, ...first] = Array.from(operands) as [number, number, ...number[]];
  return Float64Array.from(first, (value) => {
    let end = value + (invocation % 2);
    for (let step = 0; step < steps; step++) end = end * factor + addend;
    return end;
  });
}
