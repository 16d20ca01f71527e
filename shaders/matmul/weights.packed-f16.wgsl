// Linear weights as packed halves, [K, N4] of four halves along N in two u32; the math is f32. Needs no `shader-f16`.
alias Vec = vec4f;
alias Mat = mat4x4f;

@group(0) @binding(2) var<storage, read> weights: array<vec2u>;

fn load_weight(index: u32) -> Vec {
  let packed = weights[index];
  return vec4f(unpack2x16float(packed.x), unpack2x16float(packed.y));
}

fn multiply(w: Mat, a: Mat) -> mat4x4f { return w * a; }
