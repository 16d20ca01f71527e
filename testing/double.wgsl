// values: array<f32>, 4 elements, doubled in place by one workgroup. For the test of the test device only.
@group(0) @binding(0) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) index: u32) {
  values[index] = 2.0 * values[index];
}
