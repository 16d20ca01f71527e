// Linear weights as halves, [K, N4] of vec4 along N: the bytes of packed-f16. The input is rounded to f16, products and sums
// over four k's are f16, sums over those are f32. Needs `shader-f16`.
alias Vec = vec4h;
alias Mat = mat4x4h;

@group(0) @binding(2) var<storage, read> weights: array<vec4h>;

fn load_weight(index: u32) -> Vec { return weights[index]; }

fn multiply(w: Mat, a: Mat) -> mat4x4f { return mat4x4f(w * a); }
