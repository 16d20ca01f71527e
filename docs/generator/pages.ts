/** A page of the site and where its words come from. */
export interface PageSource {
  /** Its address in the site, without `.html`. */
  readonly slug: string;
  /** Its name in the navigation. */
  readonly title: string;
  /** Markdown file, from the root of the repository. */
  readonly file: string;
}

/** A group of pages under one heading of the navigation. */
export interface Section {
  readonly title: string;
  readonly pages: readonly PageSource[];
}

/** Address of the API's first page, whose others are made from the sources. */
export const apiIndex = 'api/index';

/** The navigation, in order. The API has no file: its pages come from the docstrings. */
export const sections: readonly Section[] = [
  {
    title: 'Use it',
    pages: [
      { slug: 'index', title: 'WebDiT', file: 'docs/index.md' },
      { slug: 'getting-started', title: 'Getting started', file: 'docs/getting-started.md' },
      { slug: 'element', title: 'The element', file: 'docs/element.md' },
      { slug: apiIndex, title: 'API', file: '' },
      { slug: 'packages', title: 'Packages and bundlers', file: 'packages/webdit/README.md' },
      { slug: 'cli', title: 'The command line', file: 'docs/cli.md' },
    ],
  },
  {
    title: 'Go further',
    pages: [
      { slug: 'model-folders', title: 'Model folders', file: 'docs/model-folders.md' },
      { slug: 'cache-policies', title: 'Cache policies', file: 'docs/cache-policies.md' },
      { slug: 'hosting', title: 'Hosting', file: 'docs/hosting.md' },
      { slug: 'troubleshooting', title: 'Troubleshooting', file: 'docs/troubleshooting.md' },
    ],
  },
  {
    title: 'Look inside',
    pages: [
      { slug: 'how-it-works', title: 'How it works', file: 'docs/how-it-works.md' },
      { slug: 'procache', title: 'ProCache', file: 'docs/procache.md' },
      { slug: 'benchmarks', title: 'Benchmarks', file: 'bench/README.md' },
      { slug: 'cluster', title: 'On a cluster', file: 'bench/cluster/README.md' },
      { slug: 'goldens', title: 'Goldens', file: 'goldens/README.md' },
      { slug: 'training', title: 'Training', file: 'training/README.md' },
      { slug: 'contributing', title: 'Contributing', file: 'CONTRIBUTING.md' },
      { slug: 'releasing', title: 'Releasing', file: '.changeset/README.md' },
      { slug: 'changelog', title: 'Changelog', file: 'CHANGELOG.md' },
    ],
  },
];

export const pages: readonly PageSource[] = sections
  .flatMap((section) => section.pages)
  .filter(({ file }) => file !== '');
