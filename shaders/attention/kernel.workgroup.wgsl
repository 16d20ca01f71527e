// Attention with online softmax, for GPUs: no N x N matrix is stored. Also writes each query's log-sum-exp, natural, scale
// included.
//
// INVOCATIONS, LANES x SPLIT of them, handle QUERIES x LANES queries; SPLIT of them share the same QUERIES. They walk the keys in
// tiles of 4 x SPLIT: each computes the scores of four keys, then every SPLIT-th four of the output, so that its sums are
// few enough for registers (sum<query>_<m>). Keys, then values, lie in workgroup memory, in rows of an odd length, which
// puts the rows that are read at once into different banks.
//
// Caller: SPLIT divides HEAD_DIM4; unrolls $q over QUERIES, $m over HEAD_DIM4 / SPLIT and $j over 4; the workgroup arrays
// are 16 KiB at most; prepends params.wgsl and a source.*.wgsl; dispatches workgroups flat over [batch, heads, tiles of
// GROUP_QUERIES].
const TILE_KEYS = 4u * SPLIT;
const ROW = HEAD_DIM4 | 1u;

var<workgroup> tile: array<vec4f, TILE_KEYS * ROW>;
var<workgroup> weights: array<vec4f, SPLIT * GROUP_QUERIES>;  // of four keys: part + 0, 1, 2, 3 x SPLIT
var<workgroup> tops: array<f32, SPLIT * GROUP_QUERIES>;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = place_of(group.x);
  let part = lane % SPLIT;
  let column$q = $qu * LANES + lane / SPLIT;
  let query$q = place.query + column$q;
  let row$q = query_row(place, min(query$q, params.tokens - 1u));
  var maximum$q = LOWEST;
  var total$q = vec4f();
  var sum$q_$m = vec4f();

  for (var first = 0u; first < params.keys; first += TILE_KEYS) {
    workgroupBarrier();
    for (var i = lane; i < TILE_KEYS * HEAD_DIM4; i += INVOCATIONS) {
      let key = min(first + i / HEAD_DIM4, params.keys - 1u);
      tile[i / HEAD_DIM4 * ROW + i % HEAD_DIM4] = load_key(key_row(place, key) + i % HEAD_DIM4);
    }
    workgroupBarrier();

    var s$q = vec4f();
    for (var d = 0u; d < params.head_dim4; d++) {
      let key$j = tile[(part + $ju * SPLIT) * ROW + d];
      let keys = mat4x4f(key0, key1, key2, key3);
      s$q += load_query(row$q + d) * keys;
    }
    let bias$j = key_bias(place.batch, first + part + $ju * SPLIT);
    let bias = vec4f(bias0, bias1, bias2, bias3);
    s$q = s$q * params.scale + bias;
    tops[part * GROUP_QUERIES + column$q] = max(max(s$q.x, s$q.y), max(s$q.z, s$q.w));
    workgroupBarrier();

    var top$q = maximum$q;
    for (var i = 0u; i < SPLIT; i++) {
      top$q = max(top$q, tops[i * GROUP_QUERIES + column$q]);
    }
    weights[part * GROUP_QUERIES + column$q] = exp(s$q - top$q);
    for (var i = lane; i < TILE_KEYS * HEAD_DIM4; i += INVOCATIONS) {
      let key = min(first + i / HEAD_DIM4, params.keys - 1u);
      tile[i / HEAD_DIM4 * ROW + i % HEAD_DIM4] = load_value(key_row(place, key) + i % HEAD_DIM4);
    }
    workgroupBarrier();

    let rescale$q = exp(maximum$q - top$q);
    maximum$q = top$q;
    total$q *= rescale$q;
    sum$q_$m *= rescale$q;
    for (var i = 0u; i < SPLIT; i++) {
      let weights$q = weights[i * GROUP_QUERIES + column$q];
      total$q += weights$q;
      let value$m_$j = tile[(i + $ju * SPLIT) * ROW + part + $mu * SPLIT];
      let values$m = mat4x4f(value$m_0, value$m_1, value$m_2, value$m_3);
      sum$q_$m += values$m * weights$q;
    }
  }

  let denominator$q = dot(total$q, vec4f(1));
  if (query$q < params.tokens) { output[output_row(place, query$q) + part + $mu * SPLIT] = sum$q_$m / denominator$q; }
  if (part == 0u && query$q < params.tokens) {
    log_sum_exp[log_sum_exp_index(place, query$q)] = maximum$q + log(denominator$q);
  }  // query $q
}
