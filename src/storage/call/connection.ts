/**
 * What a call of DynamoDB needs to know from the surroundings: where it is, which region signs, who we are. All
 * of it comes from the SDK's own chain of environment, shared files, container and instance metadata.
 */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { getEndpointFromInstructions } from '@smithy/core/endpoints'

/** Credentials as the SDK resolves them. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** When they are of no use any more; never, if it is left out. */
  readonly expiration?: Date
}

export interface Connection {
  readonly endpoint: URL
  readonly region: string
  /** The credentials of now, kept and renewed before they expire by the SDK; `forceRefresh` renews them at once. */
  readonly credentials: (options?: { forceRefresh: boolean }) => Promise<Credentials>
}

/**
 * @param endpoint overrides the one of the chain
 * @throws Error if there is no region, or if the endpoint is no URL
 */
export async function resolveConnection(endpoint?: string): Promise<Connection> {
  // One endpoint serves all tables, those of other accounts too; account-based ones would need one for each.
  const { config } = new DynamoDBClient({
    accountIdEndpointMode: 'disabled',
    ...(endpoint !== undefined && { endpoint }),
  })
  const region = await config.region()
  const { credentials } = config
  // Without them here: they would be fetched now, for an account id that nothing needs, and the start would wait.
  const { url } = await getEndpointFromInstructions({}, ListTablesCommand, {
    ...config,
    credentials: undefined,
  })
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`the endpoint ${url.href} must be an http or https URL`)
  }
  return { endpoint: url, region, credentials }
}
