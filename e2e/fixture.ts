import { test as base, expect } from 'playwright/test';

/** What a page complained about, in its document or a worker: console errors, uncaught exceptions, breaches of its CSP. */
export interface Complaints {
  /** Lets complaints that match pass: a test that breaks something on purpose says so before it does. */
  allow(pattern: RegExp): void;
  /** What was complained about and not allowed. */
  readonly unexpected: readonly string[];
}

/** Says each breach of the content security policy aloud, so that it arrives where console errors do. */
export const violationListener = `addEventListener('securitypolicyviolation', (event) => {
  console.error('securitypolicyviolation: ' + event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sample);
});`;

/**
 * Playwright's \`test\` for pages of the built demo. Each test fails when the page or one of its workers logs an error, throws
 * where nobody catches, or breaks its content security policy. Service workers are blocked, since what they fetch \`page.route\`
 * does not see; tests about them say \`test.use({ serviceWorkers: 'allow' })\`.
 */
export const test = base.extend<{ complaints: Complaints }>({
  baseURL: process.env.WEBDIT_E2E_BUILT_URL,
  serviceWorkers: 'block',
  complaints: [
    async ({ context }, use) => {
      const allowed: RegExp[] = [];
      const all: string[] = [];
      context.on('console', (message) => {
        if (message.type() === 'error') all.push(`${message.text()} (${message.location().url})`);
      });
      context.on('weberror', (error) => all.push(String(error.error().stack ?? error.error())));
      await context.addInitScript(violationListener);
      // A worker's listener has to be there before its own code runs.
      await context.route(/\/webdit-violations\.js$/, (route) =>
        route.fulfill({ contentType: 'text/javascript', body: violationListener }),
      );
      await context.route(/\/assets\/worker-[^/]*\.js$/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `import '/webdit-violations.js';\n${await response.text()}` });
      });
      const complaints: Complaints = {
        allow: (pattern) => void allowed.push(pattern),
        get unexpected() {
          return all.filter((text) => !allowed.some((pattern) => pattern.test(text)));
        },
      };
      await use(complaints);
      expect(complaints.unexpected).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
