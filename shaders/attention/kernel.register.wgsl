// Attention with online softmax: no N x N matrix is stored. Also writes each query's log-sum-exp, natural, scale included.
//
// For adapters that run on the CPU, where loads are dear and registers are memory: no workgroup memory and no barriers. An
// invocation owns QUERIES queries, LANES apart, and walks the keys in blocks of KEYS: the scores of a block and their weights
// are variables (s<query>_<four keys>), and the running maximum rescales what was summed so far.
//
// Caller: unrolls $b over KEYS / 4 and $q over QUERIES; prepends params.wgsl, a
// source.*.wgsl and a keys.*.wgsl; dispatches workgroups flat over [batch, heads, tiles of GROUP_QUERIES].
@compute @workgroup_size(LANES)
fn main(invocation: Invocation) {
  let place = place_of(invocation.group.x);
  let query$q = place.query + $qu * LANES + invocation.lane;
  let row$q = query_row(place, min(query$q, params.tokens - 1u));
  var sums: array<vec4f, QUERIES * HEAD_DIM4>;
  var maximum$q = LOWEST;
  var denominator$q = 0.0;

  for (var first = 0u; first < params.keys; first += KEYS) {
    let rows$b = key_rows(place, first + 4u * $bu, invocation);
    let bias$b = key_biases(place, first + 4u * $bu, invocation);
    var s$q_$b = vec4f();
    for (var d = 0u; d < params.head_dim4; d++) {
      let query$q = load_query(row$q + d);
      let keys$b = load_keys(rows$b, d);
      s$q_$b += query$q * keys$b;
    }
    s$q_$b = s$q_$b * params.scale + bias$b;
    var top$q = vec4f(maximum$q);
    top$q = max(top$q, s$q_$b);
    let maximum_now$q = max(max(top$q.x, top$q.y), max(top$q.z, top$q.w));
    let rescale$q = exp(maximum$q - maximum_now$q);
    maximum$q = maximum_now$q;
    s$q_$b = exp(s$q_$b - maximum$q);
    denominator$q *= rescale$q;
    denominator$q += dot(s$q_$b, vec4f(1));
    for (var d = 0u; d < params.head_dim4; d++) {
      var sum$q = sums[d * QUERIES + $qu] * rescale$q;
      let values$b = load_values(rows$b, d);
      sum$q += values$b * s$q_$b;
      sums[d * QUERIES + $qu] = sum$q;
    }
  }

  for (var d = 0u; d < params.head_dim4; d++) {
    if (query$q < params.tokens) { output[output_row(place, query$q) + d] = sums[d * QUERIES + $qu] / denominator$q; }
  }
  if (query$q < params.tokens) { log_sum_exp[log_sum_exp_index(place, query$q)] = maximum$q + log(denominator$q); }
}
