export * from './errors.ts';
export * from './model.ts';
export * from './plan.ts';
export * from './policies/policy.ts';
export * from './tensors.ts';
