import type { FastifyBaseLogger } from 'fastify'

/** What is known of one write, or of one request that was refused. Never an item, a value or a credential. */
export interface AuditRecord {
  /** Null if the caller is unknown. */
  readonly principal: string | null
  /** DynamoDB's name of the operation. */
  readonly action: string
  /** As the request names it; null if the request is about no table. */
  readonly table: string | null
  readonly outcome: 'done' | 'failed' | 'refused'
  readonly requestId: string
}

/** Writes one line for each record, whatever `LOG_LEVEL` says. */
export type Audit = (record: AuditRecord) => void

export function createAudit(logger: FastifyBaseLogger): Audit {
  const lines = logger.child({}, { level: 'info' })
  return (record) => {
    lines.info(record, 'audit')
  }
}
