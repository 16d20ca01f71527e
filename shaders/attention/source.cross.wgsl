// Where cross-attention reads: queries of the image, keys and values of a text with a mask. A hidden key changes nothing,
// whatever finite numbers its row holds; each batch row must see one key at least.
@group(0) @binding(1) var<storage, read> q: array<vec4f>;                // [batch, tokens, heads, HEAD_DIM4]
@group(0) @binding(2) var<storage, read> kv: array<vec4f>;               // [batch, keys, 2, heads, HEAD_DIM4]
@group(0) @binding(3) var<storage, read> mask: array<u32>;               // [batch, keys], 0 hides the key
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;     // [batch, tokens, heads, HEAD_DIM4]
@group(0) @binding(5) var<storage, read_write> log_sum_exp: array<f32>;  // [batch, heads, tokens]

fn query_row(place: Place, query: u32) -> u32 {
  return output_row(place, query);
}

fn key_row(place: Place, key: u32) -> u32 {
  return ((place.batch * params.keys + key) * 2u * params.heads + place.head) * HEAD_DIM4;
}

fn load_query(index: u32) -> vec4f { return q[index]; }
fn load_key(index: u32) -> vec4f { return kv[index]; }
fn load_value(index: u32) -> vec4f { return kv[index + params.heads * HEAD_DIM4]; }

fn is_key(batch: u32, key: u32) -> bool {
  return key < params.keys && mask[batch * params.keys + key] != 0u;
}
