// How fast this adapter multiplies and adds: independent chains of value = value * factor + addend, nothing else.
//
// Factor, addend and first values come from a buffer and every chain's end is stored, so that no compiler can fold the work
// away; the caller checks the ends. Odd invocations start one further, so that no compiler computes a chain once for all. `Value`, `Wide` and `multiply_add` are put in front of this file, which is unrolled: $a
// over the chains (accumulators), $u over the steps of one turn of the loop, ACCUMULATORS and STEPS of them.
// Caller: dispatch invocations / 64 workgroups along x and y; each invocation runs its chains for turns * STEPS steps.
struct Params {
  invocations: u32,
  turns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> operands: array<Wide>;      // factor, addend, first value of each chain
@group(0) @binding(2) var<storage, read_write> ends: array<Wide>;    // [invocations, ACCUMULATORS]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  if (item >= params.invocations) { return; }
  let factor = Value(operands[0]);
  let addend = Value(operands[1]);
  var chain$a = Value(operands[2u + $au] + f32(id.x & 1u));
  for (var turn = 0u; turn < params.turns; turn++) {
    chain$a = multiply_add(chain$a, factor, addend);  // step $u
  }
  ends[item * ACCUMULATORS + $au] = Wide(chain$a);
}
