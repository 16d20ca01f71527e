// Linear weights as packed halves, [K, N/4] of four halves along N in two u32. Needs no `shader-f16`.
@group(0) @binding(2) var<storage, read> weights: array<vec2u>;

fn load_weight(index: u32) -> vec4f {
  let packed = weights[index];
  return vec4f(unpack2x16float(packed.x), unpack2x16float(packed.y));
}
