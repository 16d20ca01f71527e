// Reuse and forecast of cached branch outputs, fused: hidden += sum over entries of gate(entry) * weight(entry) * cache(entry).
//
// Reuse has weights of 1. A forecast is one pass for each full step it looks back on, each over the cache of that step.
// Entry e stands for branch e % BRANCHES of layer e / BRANCHES and lies at (e - slab_first) * row_elements of the slab. The
// sum runs in layer order, branch by branch, exactly as the blocks would have added them: a fused pass over all entries
// gives the bytes that one pass per entry would.
// One invocation per four channels of a token. Caller: dispatch over rows * C4 / 64 workgroups, flat.
override C4: u32;

override BRANCHES: u32;  // 2: attention, MLP; 3: cross-attention, which has no gate, between them

struct Params {
  rows: u32,
  tokens: u32,           // tokens per batch row
  first: u32,            // first entry of this pass
  count: u32,            // entries of this pass
  slab_first: u32,       // entry at the start of the slab
  modulation_rows: u32,  // rows of the modulation table
  first_weight: u32,     // element of `weights` that belongs to entry 0
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> hidden: array<vec4f>;  // [rows, C4]
@group(0) @binding(2) var<storage, read> modulation: array<vec4f>;    // [layer, modulation_rows, 6, C4]
@group(0) @binding(3) var<storage, read> slab: array<vec4f>;          // [entry, rows, C4]
@group(0) @binding(4) var<storage, read> weights: array<f32>;         // [entry] from first_weight

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  let row = item / C4;
  let column = item % C4;
  if (row >= params.rows) { return; }
  let table_row = step.modulation_row + row / params.tokens;
  var sum = hidden[item];
  for (var i = 0u; i < params.count; i++) {
    let entry = params.first + i;
    let layer = entry / BRANCHES;
    let branch = entry % BRANCHES;
    let is_last = branch + 1u == BRANCHES;
    var gate = vec4f(1);
    if (branch == 0u || is_last) {
      let part = select(2u, 5u, is_last);  // gate_attn, gate_mlp
      gate = modulation[((layer * params.modulation_rows + table_row) * 6u + part) * C4 + column];
    }
    let weight = weights[params.first_weight + entry];
    sum = sum + gate * (weight * slab[(entry - params.slab_first) * params.rows * C4 + item]);
  }
  hidden[item] = sum;
}
