// Importance by value norm: scores[b, j] = ||v_j||, over all heads together.
//
// One invocation per token. Caller: dispatch over batch * tokens / 64 workgroups, flat.
struct Params {
  rows: u32,    // batch * tokens
  width4: u32,  // heads * head dim / 4
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;         // [rows, 3, width4]
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;  // [rows]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * groups.x * 64u + id.x;
  if (row >= params.rows) { return; }
  let base = (row * 3u + 2u) * params.width4;
  var squares = vec4f();
  for (var i = 0u; i < params.width4; i++) {
    let v = qkv[base + i];
    squares = fma(v, v, squares);
  }
  scores[row] = sqrt(squares.x + squares.y + squares.z + squares.w);
}
