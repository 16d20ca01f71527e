// Where self-attention reads: queries, keys and values of one buffer.
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;              // [batch, tokens, 3, heads, HEAD_DIM4]
@group(0) @binding(2) var<storage, read_write> output: array<vec4f>;     // [batch, tokens, heads, HEAD_DIM4]
@group(0) @binding(3) var<storage, read_write> log_sum_exp: array<f32>;  // [batch, heads, tokens]

fn query_row(place: Place, query: u32) -> u32 {
  return ((place.batch * params.tokens + query) * 3u * params.heads + place.head) * HEAD_DIM4;
}

fn key_row(place: Place, key: u32) -> u32 {
  return query_row(place, key) + params.heads * HEAD_DIM4;
}

fn load_query(index: u32) -> vec4f { return qkv[index]; }
fn load_key(index: u32) -> vec4f { return qkv[index]; }
fn load_value(index: u32) -> vec4f { return qkv[index + params.heads * HEAD_DIM4]; }

fn is_key(batch: u32, key: u32) -> bool { return key < params.keys; }
