// Linear weights as f32, [K, N/4] of vec4 along N.
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;

fn load_weight(index: u32) -> vec4f {
  return weights[index];
}
