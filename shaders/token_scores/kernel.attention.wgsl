// How much attention each token receives: scores[b, h, j] = sum over queries i of softmax(q_i k / sqrt(d))_j.
//
// Second pass over the log-sum-exp that attention left behind, so that no N x N map is stored. An invocation owns KEYS
// keys, LANES apart, and walks the queries in blocks of 4 x BLOCKS: a matrix has a query in each column.
//
// Caller: prepends HEAD_DIM4 (head dim / 4), KEYS, BLOCKS and LANES; unrolls $k over KEYS and $b over BLOCKS; dispatches
// workgroups flat over [batch, heads, tiles of KEYS x LANES keys].
struct Params {
  tokens: u32,  // queries
  keys: u32,
  heads: u32,
  scale: f32,   // 1 / sqrt(head dim)
  first: u32,   // workgroup of the whole pass that this dispatch starts with
  head_dim4: u32,  // HEAD_DIM4 again: a loop bound by it is not unrolled, which software adapters' compilers overdo
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;         // [batch, tokens, 3, heads, HEAD_DIM4]
@group(0) @binding(2) var<storage, read> log_sum_exp: array<f32>;   // [batch, heads, tokens]
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;  // [batch, heads, keys]

struct Place {
  batch: u32,
  head: u32,
}

fn query_row(place: Place, query: u32) -> u32 {
  let token = min(query, params.tokens - 1u);
  return ((place.batch * params.tokens + token) * 3u * params.heads + place.head) * HEAD_DIM4;
}

fn query_rows(place: Place, first: u32) -> vec4u {
  return vec4u(
    query_row(place, first),
    query_row(place, first + 1u),
    query_row(place, first + 2u),
    query_row(place, first + 3u)
  );
}

fn load_queries(rows: vec4u, d: u32) -> mat4x4f {
  return mat4x4f(qkv[rows.x + d], qkv[rows.y + d], qkv[rows.z + d], qkv[rows.w + d]);
}

// A query beyond the end hands out nothing: exp(score - 3.4e38) is 0.
fn load_log_sum_exp(place: Place, query: u32) -> f32 {
  let row = (place.batch * params.heads + place.head) * params.tokens;
  return select(3.4e38, log_sum_exp[row + min(query, params.tokens - 1u)], query < params.tokens);
}

fn load_log_sum_exps(place: Place, first: u32) -> vec4f {
  return vec4f(
    load_log_sum_exp(place, first),
    load_log_sum_exp(place, first + 1u),
    load_log_sum_exp(place, first + 2u),
    load_log_sum_exp(place, first + 3u)
  );
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tiles = (params.keys + KEYS * LANES - 1u) / (KEYS * LANES);
  let group = params.first + id.x;
  let place = Place(group / tiles / params.heads, (group / tiles) % params.heads);
  let key$k = (group % tiles) * KEYS * LANES + $ku * LANES + lane;
  let row$k = query_row(place, min(key$k, params.keys - 1u)) + params.heads * HEAD_DIM4;
  var total$k = vec4f();
  for (var first = 0u; first < params.tokens; first += 4u * BLOCKS) {
    let rows$b = query_rows(place, first + 4u * $bu);
    let log_sum_exp$b = load_log_sum_exps(place, first + 4u * $bu);
    var s$k_$b = vec4f();
    for (var d = 0u; d < params.head_dim4; d++) {
      let k$k = qkv[row$k + d];
      let queries$b = load_queries(rows$b, d);
      s$k_$b += k$k * queries$b;
    }
    total$k += exp(s$k_$b * params.scale - log_sum_exp$b);
  }
  let row = (place.batch * params.heads + place.head) * params.keys;
  if (key$k < params.keys) { scores[row + key$k] = dot(total$k, vec4f(1)); }
}
