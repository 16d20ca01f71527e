// Epilogue of a selective step: row r, which was gathered from token ids[batch row][r % selected], goes back to that token's
// place in the cache. The residual is added later, for all tokens at once.
struct Params {
  rows: u32,          // batch * selected
  K4: u32,
  N4: u32,
  first_row: u32,     // row of the dispatch's first workgroup
  tokens: u32,        // tokens per batch row
  selected: u32,      // tokens recomputed per batch row
  cache_offset: u32,  // in vec4: this (layer, branch) inside its slab
  cache_width4: u32,  // a whole row of it, of which these may be some columns
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read> ids: array<u32>;            // [batch, tokens], the first `selected` of each row
@group(0) @binding(5) var<storage, read_write> cache: array<vec4f>;  // slab of [batch, tokens, cache_width4] entries

fn epilogue(row: u32, column: u32, value: vec4f) {
  let batch = row / params.selected;
  let token = ids[batch * params.tokens + row % params.selected];
  cache[params.cache_offset + (batch * params.tokens + token) * params.cache_width4 + column] = value;
}
