// Attention over few keys, such as an image of 64 tokens, where one invocation a query would leave most of a GPU idle: SPLIT
// invocations share a query. Also writes each query's log-sum-exp, natural, scale included.
//
// The scores of all keys lie in workgroup memory, so that the softmax is made in one go. Each invocation computes every
// SPLIT-th block of four keys of its query, and then every SPLIT-th four of its output. All sums run in key order.
//
// Caller: params.keys is KEYS at most; QUERIES is 1; prepends params.wgsl, a source.*.wgsl and
// keys.storage.wgsl; dispatches workgroups flat over [batch, heads, tiles of GROUP_QUERIES].
var<workgroup> weights: array<vec4f, GROUP_QUERIES * KEYS / 4u>;  // [four keys, query]

@compute @workgroup_size(INVOCATIONS)
fn main(invocation: Invocation) {
  let place = place_of(invocation.group.x);
  let part = invocation.lane % SPLIT;
  let column = invocation.lane / SPLIT;
  let query = place.query + column;
  let row = query_row(place, min(query, params.tokens - 1u));
  let fours = (params.keys + 3u) / 4u;

  for (var four = part; four < fours; four += SPLIT) {
    let rows = key_rows(place, 4u * four, invocation);
    var scores = vec4f();
    for (var d = 0u; d < params.head_dim4; d++) { scores += load_query(row + d) * load_keys(rows, d); }
    weights[four * GROUP_QUERIES + column] = scores * params.scale + key_biases(place, 4u * four, invocation);
  }
  workgroupBarrier();

  var top = vec4f(LOWEST);
  for (var four = 0u; four < fours; four++) { top = max(top, weights[four * GROUP_QUERIES + column]); }
  let maximum = max(max(top.x, top.y), max(top.z, top.w));
  workgroupBarrier();

  for (var four = part; four < fours; four += SPLIT) {
    let i = four * GROUP_QUERIES + column;
    weights[i] = exp(weights[i] - maximum);
  }
  workgroupBarrier();

  var total = vec4f();
  for (var four = 0u; four < fours; four++) { total += weights[four * GROUP_QUERIES + column]; }
  let denominator = dot(total, vec4f(1));
  if (query >= params.tokens) { return; }
  for (var d = part; d < params.head_dim4; d += SPLIT) {
    var sum = vec4f();
    for (var four = 0u; four < fours; four++) {
      sum += load_values(key_rows(place, 4u * four, invocation), d) * weights[four * GROUP_QUERIES + column];
    }
    output[output_row(place, query) + d] = sum / denominator;
  }
  if (part == 0u) { log_sum_exp[log_sum_exp_index(place, query)] = maximum + log(denominator); }
}
