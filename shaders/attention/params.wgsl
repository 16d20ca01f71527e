// What every attention kernel shares: its params, and which queries a workgroup handles.
//
// Caller: prepends HEAD_DIM4 (head dim / 4, at most 32), LANES (invocations of a workgroup that own different queries),
// GROUP_QUERIES (all of a workgroup) and what its kernel asks for beyond these.
struct Params {
  tokens: u32,
  keys: u32,   // as tokens in self-attention
  heads: u32,
  scale: f32,  // 1 / sqrt(head dim)
  first: u32,  // workgroup of the whole attention that this dispatch starts with
  head_dim4: u32,  // HEAD_DIM4 again: a loop bound by it is not unrolled, which software adapters' compilers overdo
}

@group(0) @binding(0) var<uniform> params: Params;

// Added to the score of a key that is not there: finite, so that a block without any key makes no NaN, and so low that its
// weights vanish as soon as a key is.
const LOWEST = -3.4e38;

struct Place {
  batch: u32,
  head: u32,
  query: u32,  // the workgroup's first
}

// Workgroups are counted flat over [batch, heads, tiles of GROUP_QUERIES].
fn place_of(id: u32) -> Place {
  let tiles = (params.tokens + GROUP_QUERIES - 1u) / GROUP_QUERIES;
  let group = params.first + id;
  let tile = group % tiles;
  let row = group / tiles;
  return Place(row / params.heads, row % params.heads, tile * GROUP_QUERIES);
}

fn output_row(place: Place, query: u32) -> u32 {
  return ((place.batch * params.tokens + query) * params.heads + place.head) * HEAD_DIM4;
}

fn log_sum_exp_index(place: Place, query: u32) -> u32 {
  return (place.batch * params.heads + place.head) * params.tokens + query;
}

fn key_bias(batch: u32, key: u32) -> f32 { return select(LOWEST, 0.0, is_key(batch, key)); }

fn biases_from(place: Place, first: u32) -> vec4f {
  return vec4f(
    key_bias(place.batch, first),
    key_bias(place.batch, first + 1u),
    key_bias(place.batch, first + 2u),
    key_bias(place.batch, first + 3u)
  );
}
