/**
 * The shell blocks that the tests cannot run. Each has a line of its own before it, which readers see, too:
 * `_Not run by the tests: needs Docker._`. The reason is one of these, and the block uses one of its programs.
 */
export const REASONS = {
  'needs Docker': /\bdocker\b/,
  'needs a Kubernetes cluster': /\b(?:kubectl|kustomize|helm)\b/,
  'needs an AWS account': /\b(?:aws|npm start|node --env-file|sam|cdk|copilot)\b/,
  'needs another machine': /\b(?:ssh|scp|rsync)\b/,
  'needs a replica of yours': /\bkill -\w+ "\$pid"/,
  'needs systemd': /\b(?:systemctl|journalctl)\b/,
  'changes this machine': /\b(?:apt-get|brew|dnf|sudo|npm install -g)\b/,
  'takes minutes': /\b(?:npm run|npm test|\.ci\/run)\b/,
} as const

type Reason = keyof typeof REASONS

/** How many blocks of each page are not run, and why. A block that is marked but not counted here fails the test. */
export const NOT_RUN: Readonly<Record<string, Partial<Readonly<Record<Reason, number>>>>> = {
  'README.md': { 'needs an AWS account': 1, 'needs Docker': 1 },
  'docs/deploy.md': { 'needs Docker': 1, 'needs a Kubernetes cluster': 1 },
  'docs/performance.md': { 'takes minutes': 1 },
  'docs/operations.md': { 'needs a replica of yours': 2 },
}

/** The pages whose blocks another test runs. */
export const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  // Each language in an empty folder, with packages from three registries.
  'docs/clients.md': 'scripts/test-clients.ts',
  'docs/how-to/use-an-aws-sdk.md': 'scripts/test-clients.ts',
}

/** The programs that pages need besides curl and Node.js, with their Debian packages. */
export const NEEDS: Readonly<Record<string, { readonly program: string; readonly install: string }>> = {
  'docs/how-to/behind-nginx.md': { program: 'nginx', install: 'nginx-light' },
  'docs/how-to/load-data.md': { program: 'python3', install: 'python3-minimal' },
}

/**
 * Lines that stand for what has already happened here, or cannot happen within the tests.
 * `npm run dev` is none of them: the test starts the service there.
 */
export const ALREADY_DONE: readonly RegExp[] = [
  /^npm ci$/,
  // The tests are running.
  /^npm ci && npm test(?: +#.*)?$/,
]
