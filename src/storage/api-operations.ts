/**
 * All operations of DynamoDB's API (API Reference, version 2012-08-10) by name. The storage layer calls those that have a row
 * in operations.ts; the others are passed on as callers send them, in DynamoDB's own protocol.
 */

/** They change nothing. */
const READS = [
  ...(['BatchGetItem', 'GetItem', 'Query', 'Scan', 'SearchVectors', 'TransactGetItems'] as const),
  ...(['DescribeBackup', 'DescribeBulkOperation', 'DescribeContinuousBackups'] as const),
  ...(['DescribeContributorInsights', 'DescribeEndpoints', 'DescribeExport', 'DescribeGlobalTable'] as const),
  ...(['DescribeGlobalTableSettings', 'DescribeImport', 'DescribeKinesisStreamingDestination'] as const),
  ...(['DescribeLimits', 'DescribeTable', 'DescribeTableReplicaAutoScaling', 'DescribeTimeToLive'] as const),
  ...(['GetResourcePolicy', 'ListBackups', 'ListBulkOperations', 'ListContributorInsights'] as const),
  ...(['ListExports', 'ListGlobalTables', 'ListImports', 'ListTables', 'ListTagsOfResource'] as const),
] as const

/** They may write items. */
const ITEM_WRITES = [
  ...(['BatchExecuteStatement', 'BatchWriteItem', 'CancelBulkOperation', 'DeleteItem'] as const),
  ...(['ExecuteStatement', 'ExecuteTransaction', 'PutItem', 'StartBulkPutItems'] as const),
  ...(['TransactWriteItems', 'UpdateItem'] as const),
] as const

/** They change tables and what belongs to them. */
const ADMINISTRATION = [
  ...(['CreateBackup', 'CreateGlobalTable', 'CreateTable', 'DeleteBackup', 'DeleteResourcePolicy'] as const),
  ...(['DeleteTable', 'DisableKinesisStreamingDestination', 'EnableKinesisStreamingDestination'] as const),
  ...(['ExportTableToPointInTime', 'ImportTable', 'PutResourcePolicy', 'RestoreTableFromBackup'] as const),
  ...(['RestoreTableToPointInTime', 'TagResource', 'UntagResource', 'UpdateContinuousBackups'] as const),
  ...(['UpdateContributorInsights', 'UpdateGlobalTable', 'UpdateGlobalTableSettings'] as const),
  ...(['UpdateKinesisStreamingDestination', 'UpdateTable', 'UpdateTableReplicaAutoScaling'] as const),
  ...(['UpdateTimeToLive'] as const),
] as const

export type ApiOperation =
  (typeof READS)[number] | (typeof ITEM_WRITES)[number] | (typeof ADMINISTRATION)[number]

export const API_OPERATIONS: readonly ApiOperation[] = [...READS, ...ITEM_WRITES, ...ADMINISTRATION]

const reads: ReadonlySet<ApiOperation> = new Set(READS)
const administration: ReadonlySet<ApiOperation> = new Set(ADMINISTRATION)
const byName: ReadonlyMap<string, ApiOperation> = new Map(API_OPERATIONS.map((name) => [name, name]))

/** The operation of this name; undefined if the API has none. */
export function apiOperation(name: string): ApiOperation | undefined {
  return byName.get(name)
}

/** Whether an operation changes nothing. Of others, a lost response leaves the outcome unknown. */
export function isReadOnly(operation: ApiOperation): boolean {
  return reads.has(operation)
}

/** Whether an operation changes tables, or what belongs to them: backups, tags, policies, replicas. */
export function administersTables(operation: ApiOperation): boolean {
  return administration.has(operation)
}
