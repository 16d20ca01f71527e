// Keys and values from their buffers, four at a time, each loaded by one lane of a quad and swapped to the others: a quarter
// of the loads, which are the dear part on adapters that run on the CPU.
//
// A lane sees the four in its own order: its own, its neighbour's, and those two further. Scores, biases and values of a
// lane agree in it, and a softmax has none.
struct Invocation {
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
}

// The row this lane loads; beyond the end it is the last one, and its bias takes it out.
fn key_rows(place: Place, first: u32, invocation: Invocation) -> u32 {
  return key_row(place, min(first + (invocation.subgroup_lane & 3u), params.keys - 1u));
}

fn key_biases(place: Place, first: u32, invocation: Invocation) -> vec4f {
  let bias = key_bias(place.batch, first + (invocation.subgroup_lane & 3u));
  return vec4f(bias, quadSwapX(bias), quadSwapY(bias), quadSwapDiagonal(bias));
}

fn load_keys(row: u32, d: u32) -> mat4x4f {
  let key = load_key(row + d);
  return mat4x4f(key, quadSwapX(key), quadSwapY(key), quadSwapDiagonal(key));
}

fn load_values(row: u32, d: u32) -> mat4x4f {
  let value = load_value(row + d);
  return mat4x4f(value, quadSwapX(value), quadSwapY(value), quadSwapDiagonal(value));
}
