// Picks the tokens a selective step recomputes in one layer, and ages the others.
//
//   raw      = sum over planes of scores (attention: one plane per head), averaged over the batch rows if shared
//   score    = sign * raw / ||raw||_2 + staleness_weight * age / staleness_period
//   bonus    : the best token of each window x window square gets score += bonus_ratio * score
//   selected : the `selected` highest, ties to the lower index, best first
//   age      : 0 for the selected, + 1 for the others
//
// One workgroup per batch row. A token's rank is the number of tokens before it, so no sort is needed and the order is
// total. `ages` holds nothing of use after a full step: `reset` says so, `aged` adds the steps that selected nothing.
//
// Caller: tokens <= TOKENS <= 4096, a grid row by row, `window` divides its sides; dispatch `batch` workgroups.
override TOKENS: u32;  // elements of `ranked`: params.tokens, and LANES at least

const LANES = 256u;

struct Params {
  tokens: u32,
  planes: u32,            // score planes per batch row
  selected: u32,
  batch: u32,
  window: u32,            // 1: no bonus
  share: u32,             // 1: all batch rows select by their mean raw score
  reset: u32,             // 1: ages start at 0
  aged: u32,              // added to every age first
  columns: u32,           // tokens in a row of the grid
  sign: f32,              // -1 prefers low raw scores
  staleness: f32,         // weight / period
  bonus_ratio: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;      // [batch, planes, tokens]
@group(0) @binding(2) var<storage, read_write> ages: array<u32>;  // [batch, tokens]
@group(0) @binding(3) var<storage, read_write> ids: array<u32>;   // [batch, tokens]; the first `selected` are written

// All the workgroup memory there is, at 4096 tokens: the sum of squares is made in it first.
var<workgroup> ranked: array<f32, TOKENS>;

fn raw_score(batch: u32, token: u32) -> f32 {
  var sum = 0.0;
  for (var plane = 0u; plane < params.planes; plane++) {
    sum += scores[(batch * params.planes + plane) * params.tokens + token];
  }
  return sum / f32(params.planes);
}

fn mean_score(batch: u32, token: u32) -> f32 {
  if (params.share == 0u) { return raw_score(batch, token); }
  var sum = 0.0;
  for (var b = 0u; b < params.batch; b++) { sum += raw_score(b, token); }
  return sum / f32(params.batch);
}

// Whether `token` is the best of its window; the first of equals in reading order.
fn leads_window(token: u32) -> bool {
  let side = params.columns;
  let x = token % side;
  let y = token / side;
  let corner = (y - y % params.window) * side + x - x % params.window;
  for (var dy = 0u; dy < params.window; dy++) {
    for (var dx = 0u; dx < params.window; dx++) {
      let other = corner + dy * side + dx;
      if (ranked[other] > ranked[token] || (ranked[other] == ranked[token] && other < token)) { return false; }
    }
  }
  return true;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let batch = group.x;
  let row = batch * params.tokens;
  var squares = 0.0;
  for (var token = lane; token < params.tokens; token += LANES) {
    let raw = mean_score(batch, token);
    squares += raw * raw;
  }
  ranked[lane] = squares;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) { ranked[lane] += ranked[lane + half]; }
    workgroupBarrier();
  }
  let norm = max(sqrt(ranked[0]), 1e-30);
  workgroupBarrier();
  for (var token = lane; token < params.tokens; token += LANES) {
    if (params.reset == 1u) { ages[row + token] = 0u; }
    let age = ages[row + token] + params.aged;
    ages[row + token] = age;
    ranked[token] = params.sign * mean_score(batch, token) / norm + params.staleness * f32(age);
  }
  workgroupBarrier();
  if (params.window > 1u) {
    // Decided for all tokens before any score changes: a lane's tokens are LANES apart, so bits of one u32 suffice.
    var leads = 0u;
    var bit = 0u;
    for (var token = lane; token < params.tokens; token += LANES) {
      leads |= select(0u, 1u, leads_window(token)) << bit;
      bit++;
    }
    workgroupBarrier();
    bit = 0u;
    for (var token = lane; token < params.tokens; token += LANES) {
      if (((leads >> bit) & 1u) == 1u) { ranked[token] += params.bonus_ratio * ranked[token]; }
      bit++;
    }
    workgroupBarrier();
  }
  for (var token = lane; token < params.tokens; token += LANES) {
    let score = ranked[token];
    var rank = 0u;
    for (var other = 0u; other < params.tokens; other++) {
      let value = ranked[other];
      rank += select(0u, 1u, value > score || (value == score && other < token));
    }
    if (rank < params.selected) {
      ids[row + rank] = token;
      ages[row + token] = 0u;
    } else {
      ages[row + token] += 1u;
    }
  }
}
