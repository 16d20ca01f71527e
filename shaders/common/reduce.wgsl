// Sum over a workgroup of 64 in a fixed order: a binary tree. Caller: `Sum`, the type of what is summed.
var<workgroup> partial: array<Sum, 64>;

fn reduce(lane: u32, value: Sum) -> Sum {
  partial[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  let total = partial[0];
  workgroupBarrier();
  return total;
}
