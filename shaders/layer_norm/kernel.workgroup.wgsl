// adaLN: LayerNorm without affine weights of its own, then modulate.wgsl.
//
// One workgroup of 64 per row. Two passes over the row (mean, then the mean of squared differences), so that a row of tiny
// variance around a large mean keeps its digits.
//
// Caller: C is a multiple of 4; dispatch one workgroup a row, folded into y beyond 65535.
// Fragments: `params`, input at binding 1, `batch_of`, `source_row` and `load`, which is called once an element (rows.*); `reduce` (common/reduce.wgsl).
alias Sum = f32;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.rows) { return; }
  let source = source_row(row);
  let base = source * C4;
  var sum = 0.0;
  for (var i = lane; i < C4; i += 64u) { sum += dot(load(source, i), vec4f(1.0)); }
  let mean = reduce(lane, sum) / f32(C4 * 4u);
  var squares = 0.0;
  for (var i = lane; i < C4; i += 64u) {
    let d = input[base + i] - mean;
    squares += dot(d, d);
  }
  let inverse = 1.0 / sqrt(reduce(lane, squares) / f32(C4 * 4u) + EPSILON);
  let table = table_of(row);
  for (var i = lane; i < C4; i += 64u) { store(row, i, table, (input[base + i] - mean) * inverse); }
}
