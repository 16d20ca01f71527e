// A layer's modulation vectors in adaLN-single: output[r, :] = table + source[r, :], the source repeated where the table is wider.
//
// A block has a table of its own and shares the source, six vectors made of the timestep; the final layer's two both add the
// timestep embedding itself. One invocation per four elements. Caller: dispatch over rows * width4 / 64 workgroups, flat.
struct Params {
  rows: u32,
  width4: u32,         // of the table
  source_width4: u32,  // divides width4
  output_offset: u32,  // in vec4
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<vec4f>;         // [width4]
@group(0) @binding(2) var<storage, read> source: array<vec4f>;        // [rows, source_width4]
@group(0) @binding(3) var<storage, read_write> output: array<vec4f>;  // [rows, width4] from output_offset

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  let row = item / params.width4;
  let column = item % params.width4;
  if (row >= params.rows) { return; }
  let value = source[row * params.source_width4 + column % params.source_width4];
  output[params.output_offset + item] = table[column] + value;
}
