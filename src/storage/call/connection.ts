/**
 * The endpoint, the region and the credentials for calls of DynamoDB. They come from the SDK's own provider chain:
 * environment, shared files, container and instance metadata.
 */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { getEndpointFromInstructions } from '@smithy/core/endpoints'
import { proxiedAgents } from './proxied-agents.js'
import type { ProxySettings } from './proxy.js'

/** Credentials as the SDK resolves them. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** When they expire; never if it is undefined. */
  readonly expiration?: Date
  /** The marks of the SDK's providers that they have passed, such as `CREDENTIALS_ENV_VARS`. */
  readonly $source?: object
}

export interface Connection {
  readonly endpoint: URL
  readonly region: string
  /** The current credentials. The SDK caches them and renews them before they expire; `forceRefresh` renews them at once. */
  readonly credentials: (options?: { forceRefresh: boolean }) => Promise<Credentials>
}

/**
 * @param endpoint overrides the endpoint of the provider chain
 * @param proxies for the requests to STS, from which credentials may come
 * @throws Error if there is no region, or if the endpoint is not an http or https URL
 */
export async function resolveConnection(endpoint?: string, proxies?: ProxySettings): Promise<Connection> {
  const agents = proxies && proxiedAgents(proxies)
  // One endpoint serves the tables of all accounts. Account-based endpoints would need one connection pool each.
  const { config } = new DynamoDBClient({
    accountIdEndpointMode: 'disabled',
    ...(endpoint !== undefined && { endpoint }),
    // The client itself sends nothing, but the SDK's clients for STS inherit this.
    ...(agents !== undefined && { requestHandler: agents }),
  })
  const region = await config.region()
  const { credentials } = config
  // With credentials, the SDK would fetch them now for an account id that is not needed, and the start would wait.
  const { url } = await getEndpointFromInstructions({}, ListTablesCommand, {
    ...config,
    credentials: undefined,
  })
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`the endpoint ${url.href} must be an http or https URL`)
  }
  return { endpoint: url, region, credentials }
}
