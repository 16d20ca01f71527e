// The chosen tokens of a token state, as they are: output[b, i, :] = input[b, ids[b, i], :].
//
// One invocation per four channels of a chosen token. Caller: dispatch over rows * C4 / 64 workgroups, flat.
override C4: u32;

struct Params {
  rows: u32,      // batch * selected
  tokens: u32,    // per batch row of the input
  selected: u32,  // per batch row of the output
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;         // [batch, tokens, C4]
@group(0) @binding(2) var<storage, read> ids: array<u32>;             // [batch, tokens], the first `selected` of each row
@group(0) @binding(3) var<storage, read_write> output: array<vec4f>;  // [batch, selected, C4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  let row = item / C4;
  if (row >= params.rows) { return; }
  let first = row / params.selected * params.tokens;
  output[item] = input[(first + ids[first + row % params.selected]) * C4 + item % C4];
}
