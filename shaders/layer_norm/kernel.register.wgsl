// adaLN as kernel.workgroup.wgsl, one invocation per row: no workgroup memory and no barrier, which adapters that run on a CPU
// pay dearly for. A long sum in f32 leaves the mean a little off; the second pass, over the differences, says by how much.
//
// Caller: C is a multiple of 4; dispatch ceil(rows / 16), folded into y beyond 65535.
// Fragments: `params`, input at binding 1, `batch_of`, `source_row` and `load`, which is called once an element (rows.*).
@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * 16u + lane;
  if (row >= params.rows) { return; }
  let source = source_row(row);
  let base = source * C4;
  var sum = vec4f();
  for (var i = 0u; i < C4; i++) { sum += load(source, i); }
  let mean = dot(sum, vec4f(1.0)) / f32(C4 * 4u);
  var rest = vec4f();
  var squares = vec4f();
  for (var i = 0u; i < C4; i++) {
    let d = input[base + i] - mean;
    rest += d;
    squares += d * d;
  }
  let correction = dot(rest, vec4f(1.0)) / f32(C4 * 4u);
  let variance = dot(squares, vec4f(1.0)) / f32(C4 * 4u) - correction * correction;
  let inverse = 1.0 / sqrt(variance + EPSILON);
  let table = table_of(row);
  for (var i = 0u; i < C4; i++) { store(row, i, table, (input[base + i] - mean - correction) * inverse); }
}
