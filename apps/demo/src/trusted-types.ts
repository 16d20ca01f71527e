/** The part of Trusted Types used here, where the browser has them. */
interface TrustedTypePolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown;
}

/**
 * The page's content security policy lets no string become markup or code. This exception is for the service worker, whose
 * address is a string: it has to be on this host. The library has a policy of its own for the worker it starts.
 */
const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypePolicyFactory };
trustedTypes?.createPolicy('default', {
  createScriptURL(url) {
    if (new URL(url, document.baseURI).origin === location.origin) return url;
    throw new TypeError(`Scripts come from this host only, not from ${url}.`);
  },
});

export {};
