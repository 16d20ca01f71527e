// Linear weights as signed bytes, [K, N4] of four along N in one u32; the math is f32. The scale of each output channel lies
// behind the bias (finish.scaled.wgsl).
alias Vec = vec4f;
alias Mat = mat4x4f;

@group(0) @binding(2) var<storage, read> weights: array<u32>;

fn load_weight(index: u32) -> Vec { return vec4f(unpack4xI8(weights[index])); }

fn multiply(w: Mat, a: Mat) -> mat4x4f { return w * a; }
