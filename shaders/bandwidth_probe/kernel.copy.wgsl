// How fast this adapter reads and writes memory: every invocation copies one vector.
//
// Caller: dispatch flat over `vectors`. The data must not be compressible, and larger than the caches.
struct Params {
  vectors: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4u>;          // [vectors]
@group(0) @binding(2) var<storage, read_write> copied: array<vec4u>;  // [vectors]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  if (item >= params.vectors) { return; }
  copied[item] = data[item];
}
