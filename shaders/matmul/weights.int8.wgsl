// Linear weights as signed bytes, [K, N4] of four along N in one u32, in 127ths of a scale per output channel, which lies
// behind the bias (finish.scaled.wgsl); the math is f32.
alias Vec = vec4f;
alias Mat = mat4x4f;

@group(0) @binding(2) var<storage, read> weights: array<u32>;

fn load_weight(index: u32) -> Vec { return unpack4x8snorm(weights[index]); }

fn multiply(w: Mat, a: Mat) -> mat4x4f { return w * a; }
