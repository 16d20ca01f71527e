import type { TransformerConfig } from '@webdit/core';

/** What conditions a run of which only the size matters: any class, or the longest text. */
export function anyCondition({ kind }: Pick<TransformerConfig, 'kind'>): { readonly label?: number } {
  return kind === 'dit' ? { label: 0 } : {};
}
