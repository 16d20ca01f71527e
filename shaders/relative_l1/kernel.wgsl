// sums = (sum |values - reference|, sum |reference|), in a fixed order: each of 256 threads adds every 256th value, and a tree adds
// the threads.
// Caller: one workgroup.
struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;       // [count]
@group(0) @binding(2) var<storage, read> reference: array<f32>;    // [count]
@group(0) @binding(3) var<storage, read_write> sums: array<vec2f>; // [1]

var<workgroup> partial: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = vec2f(0.0);
  for (var i = thread; i < params.count; i += 256u) {
    sum += abs(vec2f(values[i] - reference[i], reference[i]));
  }
  partial[thread] = sum;
  for (var half = 128u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] += partial[thread + half]; }
  }
  if (thread == 0u) { sums[0] = partial[0]; }
}
