// Self-attention with online softmax: no N x N matrix is stored. Also writes each query's log-sum-exp.
//
// One workgroup of 64 handles 64 queries of one (batch row, head), one query per invocation, and walks the keys in tiles
// of 16 kept in workgroup memory (16 KiB at head dim 128). The running maximum rescales what was summed so far.
//
// Caller: prepends `const HEAD_DIM4: u32` (head dim / 4, at most 32); dispatch ceil(tokens / 64) x heads x batch.
const TILE_KEYS = 16u;
const LOWEST = -3.4e38;

struct Params {
  tokens: u32,
  heads: u32,
  scale: f32,  // 1 / sqrt(head dim)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;           // [batch, tokens, 3, heads, HEAD_DIM4]
@group(0) @binding(2) var<storage, read_write> output: array<vec4f>;  // [batch, tokens, heads, HEAD_DIM4]
@group(0) @binding(3) var<storage, read_write> log_sum_exp: array<f32>;  // [batch, heads, tokens]

var<workgroup> keys: array<vec4f, TILE_KEYS * HEAD_DIM4>;
var<workgroup> values: array<vec4f, TILE_KEYS * HEAD_DIM4>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = group.y;
  let batch = group.z;
  let width = params.heads * HEAD_DIM4;
  let batch_base = batch * params.tokens * 3u * width;
  let query = group.x * 64u + lane;
  let is_query = query < params.tokens;
  let query_base = batch_base + min(query, params.tokens - 1u) * 3u * width + head * HEAD_DIM4;

  var q: array<vec4f, HEAD_DIM4>;
  var sum: array<vec4f, HEAD_DIM4>;
  for (var d = 0u; d < HEAD_DIM4; d++) { q[d] = qkv[query_base + d] * params.scale; }
  var maximum = LOWEST;
  var denominator = 0.0;

  for (var first = 0u; first < params.tokens; first += TILE_KEYS) {
    let count = min(TILE_KEYS, params.tokens - first);
    for (var i = lane; i < count * HEAD_DIM4; i += 64u) {
      let key = batch_base + (first + i / HEAD_DIM4) * 3u * width + head * HEAD_DIM4 + i % HEAD_DIM4;
      keys[i] = qkv[key + width];
      values[i] = qkv[key + 2u * width];
    }
    workgroupBarrier();

    var scores: array<f32, TILE_KEYS>;
    var tile_maximum = maximum;
    for (var j = 0u; j < count; j++) {
      var products = vec4f();
      for (var d = 0u; d < HEAD_DIM4; d++) { products = fma(q[d], keys[j * HEAD_DIM4 + d], products); }
      scores[j] = products.x + products.y + products.z + products.w;
      tile_maximum = max(tile_maximum, scores[j]);
    }
    let rescale = exp(maximum - tile_maximum);
    maximum = tile_maximum;
    denominator *= rescale;
    for (var d = 0u; d < HEAD_DIM4; d++) { sum[d] *= rescale; }
    for (var j = 0u; j < count; j++) {
      let weight = exp(scores[j] - maximum);
      denominator += weight;
      for (var d = 0u; d < HEAD_DIM4; d++) { sum[d] = fma(vec4f(weight), values[j * HEAD_DIM4 + d], sum[d]); }
    }
    workgroupBarrier();
  }

  if (is_query) {
    let out = (batch * params.tokens + query) * width + head * HEAD_DIM4;
    for (var d = 0u; d < HEAD_DIM4; d++) { output[out + d] = sum[d] / denominator; }
    log_sum_exp[(batch * params.heads + head) * params.tokens + query] = maximum + log(denominator);
  }
}
