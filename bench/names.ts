/** The names of the subjects. This file starts nothing, so the documents that are made of results can import it. */

/** Programs that have to be installed; see `peers.ts`. */
export const peerNames = ['nginx', 'haproxy'] as const
export type PeerName = (typeof peerNames)[number]

export const subjectNames = ['service', 'typed', 'naive', 'sdk', 'floor', ...peerNames] as const
/** This service with other settings: with access control, see `access.ts`; observed, see `observability.ts`. */
export const variantNames = ['key', 'token', 'metrics', 'traces of 1 %', 'traces of 100 %'] as const
export type VariantName = (typeof variantNames)[number]

/** `before` is another build of this service, see `against.ts`. */
export type SubjectName = (typeof subjectNames)[number] | 'before' | VariantName

export const labels: Readonly<Record<SubjectName, string>> = {
  service: 'this service',
  typed: 'this service, typed',
  naive: 'naive gateway',
  sdk: 'direct SDK',
  floor: 'floor',
  nginx: 'nginx',
  haproxy: 'HAProxy',
  before: 'this service, before',
  key: 'with an API key',
  token: 'with a token',
  metrics: 'with metrics',
  'traces of 1 %': 'with traces of 1 %',
  'traces of 100 %': 'with traces of 100 %',
}
