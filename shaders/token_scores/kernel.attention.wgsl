// How much attention each token receives: scores[b, h, j] = sum over queries i of softmax(q_i k / sqrt(d))_j.
//
// Second pass over the log-sum-exp that attention left behind, so that no N x N map is stored. One workgroup of 64 handles
// 64 keys of one (batch row, head), a key per invocation, and walks the queries in tiles kept in workgroup memory.
//
// Caller: prepends `const HEAD_DIM4: u32` (head dim / 4, at most 32); dispatch ceil(tokens / 64) x heads x batch.
const TILE_QUERIES = 16u;

struct Params {
  tokens: u32,
  heads: u32,
  scale: f32,  // 1 / sqrt(head dim)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;         // [batch, tokens, 3, heads, HEAD_DIM4]
@group(0) @binding(2) var<storage, read> log_sum_exp: array<f32>;   // [batch, heads, tokens]
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;  // [batch, heads, tokens]

var<workgroup> queries: array<vec4f, TILE_QUERIES * HEAD_DIM4>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = group.y;
  let batch = group.z;
  let width = params.heads * HEAD_DIM4;
  let batch_base = batch * params.tokens * 3u * width;
  let row = (batch * params.heads + head) * params.tokens;
  let key = group.x * 64u + lane;
  let is_key = key < params.tokens;
  let key_base = batch_base + min(key, params.tokens - 1u) * 3u * width + width + head * HEAD_DIM4;

  var k: array<vec4f, HEAD_DIM4>;
  for (var d = 0u; d < HEAD_DIM4; d++) { k[d] = qkv[key_base + d]; }
  var total = 0.0;
  for (var first = 0u; first < params.tokens; first += TILE_QUERIES) {
    let count = min(TILE_QUERIES, params.tokens - first);
    for (var i = lane; i < count * HEAD_DIM4; i += 64u) {
      let query = batch_base + (first + i / HEAD_DIM4) * 3u * width + head * HEAD_DIM4 + i % HEAD_DIM4;
      queries[i] = qkv[query] * params.scale;
    }
    workgroupBarrier();
    for (var i = 0u; i < count; i++) {
      var products = vec4f();
      for (var d = 0u; d < HEAD_DIM4; d++) { products = fma(queries[i * HEAD_DIM4 + d], k[d], products); }
      total += exp(products.x + products.y + products.z + products.w - log_sum_exp[row + first + i]);
    }
    workgroupBarrier();
  }
  if (is_key) { scores[row + key] = total; }
}
