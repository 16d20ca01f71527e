// Linear weights as f32, [K, N4] of vec4 along N.
alias Vec = vec4f;
alias Mat = mat4x4f;

@group(0) @binding(2) var<storage, read> weights: array<vec4f>;

fn load_weight(index: u32) -> Vec { return weights[index]; }

fn multiply(w: Mat, a: Mat) -> mat4x4f { return w * a; }
