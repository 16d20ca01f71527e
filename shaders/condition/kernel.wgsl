// Conditioning vectors: output[r, :] = SiLU(time_embedding[t_r, :] + label_table[label_r, :]), or the sum itself.
//
// Every consumer of the conditioning vector in DiT starts with SiLU, so it is applied here, once. adaLN-single has one that does not.
// The label table may be some rows of the whole: rows with other labels are left alone, for another dispatch.
// Caller: dispatch over rows * C4 / 64 workgroups, flat. Row r reads conditions[step.condition_row + r].
override C4: u32;
override ACTIVATES: bool;

struct Params {
  rows: u32,
  first_label: u32,  // the table's first row, of all labels
  labels: u32,       // rows of the table
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> time_embedding: array<vec4f>;  // [timesteps, C4]
@group(0) @binding(2) var<storage, read> label_table: array<vec4f>;     // [labels, C4]
@group(0) @binding(3) var<storage, read> conditions: array<vec2u>;      // (row of time_embedding, label)
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;    // [rows, C4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  let row = item / C4;
  let column = item % C4;
  if (row >= params.rows) { return; }
  let source = min(step.condition_row + row, arrayLength(&conditions) - 1u);
  let condition = conditions[source];
  // Wraps around for labels before the first.
  let label = condition.y - params.first_label;
  if (label >= params.labels) { return; }
  let sum = time_embedding[condition.x * C4 + column] + label_table[label * C4 + column];
  output[item] = select(sum, sum / (1.0 + exp(-max(sum, vec4f(-80.0)))), ACTIVATES);
}
