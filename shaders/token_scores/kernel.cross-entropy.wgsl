// How undecided each token is about the text: scores[b, token] = offset + entropy of p, where p_j is the mean over heads of
// softmax(q k / sqrt(d))_j and the entropy is -sum over keys of p_j ln(p_j + 1e-7).
//
// Second pass over the log-sum-exp that cross-attention left behind. One invocation per query; queries of chosen tokens
// overwrite those tokens' scores alone. Caller: dispatch over batch * queries / 16 workgroups, flat.
struct Params {
  queries: u32,    // per batch row
  keys: u32,
  heads: u32,
  scale: f32,      // 1 / sqrt(head dim)
  head_dim4: u32,
  batch: u32,
  tokens: u32,     // per batch row of scores and ids
  offset: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;            // [batch, queries, heads, head_dim4]
@group(0) @binding(2) var<storage, read> kv: array<vec4f>;           // [batch, keys, 2, heads, head_dim4]
@group(0) @binding(3) var<storage, read> mask: array<u32>;           // [batch, keys], 0 hides the key
@group(0) @binding(4) var<storage, read> log_sum_exp: array<f32>;    // [batch, heads, queries]
@group(0) @binding(5) var<storage, read> ids: array<u32>;            // [batch, tokens]: the token of each query
@group(0) @binding(6) var<storage, read_write> scores: array<f32>;   // [batch, tokens]

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 16u + id.x;
  if (item >= params.batch * params.queries) { return; }
  let batch = item / params.queries;
  let query = item % params.queries;
  let width4 = params.heads * params.head_dim4;
  var entropy = 0.0;
  for (var key = 0u; key < params.keys; key++) {
    if (mask[batch * params.keys + key] == 0u) { continue; }
    let key_row = (batch * params.keys + key) * 2u * width4;
    var p = 0.0;
    for (var head = 0u; head < params.heads; head++) {
      var products = vec4f();
      for (var d = 0u; d < params.head_dim4; d++) {
        let column = head * params.head_dim4 + d;
        products = fma(q[item * width4 + column], kv[key_row + column], products);
      }
      let score = dot(products, vec4f(1)) * params.scale;
      p += exp(score - log_sum_exp[(batch * params.heads + head) * params.queries + query]);
    }
    p /= f32(params.heads);
    entropy -= p * log(p + 1e-7);
  }
  scores[batch * params.tokens + ids[batch * params.tokens + query]] = params.offset + entropy;
}
