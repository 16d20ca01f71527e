import type { Plugin } from 'vite';

/** What the built page and its workers may do. */
const directives: Record<string, string> = {
  'default-src': "'none'",
  // WebAssembly compiles; eval and inline scripts do not run.
  'script-src': "'self' 'wasm-unsafe-eval'",
  'worker-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' blob: data:",
  'manifest-src': "'self'",
  // Models may come from any address; browsers themselves refuse plain http to other machines in a secure page.
  'connect-src': "'self' https: http://localhost:* http://127.0.0.1:* blob:",
  'base-uri': "'none'",
  'form-action': "'none'",
};

const serialise = (all: Record<string, string>) =>
  Object.entries(all)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');

/**
 * The policy as a `<meta>` can state it. It covers the document; workers go by the headers they come with. Only documents turn
 * strings into markup, so Trusted Types are for them; in workers they would stop onnxruntime-web from starting its threads.
 */
const metaPolicy = serialise({
  ...directives,
  'require-trusted-types-for': "'script'",
  // Lit's own, the library's for its worker, and the page's in src/trusted-types.ts.
  'trusted-types': 'lit-html webdit default',
});

/** What a host should send with every file; see docs/hosting.md. */
const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': serialise({ ...directives, 'frame-ancestors': "'self'" }),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/**
 * States the content security policy in the built page, where static hosts that send no headers keep it too, sends the headers
 * with `vite preview`, and writes them for hosts that read a `_headers` file. The development server stays free: its page reloads
 * by inline scripts and styles.
 */
export function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    config: () => ({ preview: { headers: { ...headers } } }),
    transformIndexHtml: {
      order: 'post',
      handler: (_, { server }) =>
        server
          ? []
          : [
              {
                tag: 'meta',
                attrs: { 'http-equiv': 'Content-Security-Policy', content: metaPolicy },
                injectTo: 'head-prepend',
              },
            ],
    },
    generateBundle() {
      const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`);
      this.emitFile({ type: 'asset', fileName: '_headers', source: `/*\n${lines.join('\n')}\n` });
    },
  };
}
