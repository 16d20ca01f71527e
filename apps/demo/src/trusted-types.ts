/** The part of Trusted Types used here, where the browser has them. */
interface TrustedTypePolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown;
}

/**
 * The page's content security policy lets no string become markup or code. This exception is for workers and the service
 * worker, whose addresses are strings: they have to be on this host.
 */
const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypePolicyFactory };
trustedTypes?.createPolicy('default', {
  createScriptURL(url) {
    if (new URL(url, document.baseURI).origin === location.origin) return url;
    throw new TypeError(`Scripts come from this host only, not from ${url}.`);
  },
});

export {};
