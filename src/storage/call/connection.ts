/**
 * The endpoints, the region and the credentials for calls of DynamoDB and DynamoDB Streams. They come from the SDK's own provider chain:
 * environment, shared files, container and instance metadata.
 */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient, ListStreamsCommand } from '@aws-sdk/client-dynamodb-streams'
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
  /** The endpoint of DynamoDB Streams. */
  readonly streamsEndpoint: URL
  readonly region: string
  /** The current credentials. The SDK caches them and renews them before they expire; `forceRefresh` renews them at once. */
  readonly credentials: (options?: { forceRefresh: boolean }) => Promise<Credentials>
}

/**
 * @param endpoint overrides the endpoints of the provider chain
 * @param proxies for the requests to STS, from which credentials may come
 * @throws Error if there is no region, or if an endpoint is not an http or https URL
 */
export async function resolveConnection(endpoint?: string, proxies?: ProxySettings): Promise<Connection> {
  const agents = proxies && proxiedAgents(proxies)
  const { config } = new DynamoDBClient({
    // One endpoint serves the tables of all accounts. Account-based endpoints would need one connection pool each.
    accountIdEndpointMode: 'disabled',
    ...(endpoint !== undefined && { endpoint }),
    // The client itself sends nothing, but the SDK's clients for STS inherit this.
    ...(agents !== undefined && { requestHandler: agents }),
  })
  const region = await config.region()
  const { credentials } = config
  // With credentials, the SDK would fetch them now for an account id that is not needed, and the start would wait.
  // It sets isCustomEndpoint if the environment or a shared file has an endpoint.
  const resolved = { ...config, credentials: undefined }
  const { url } = await getEndpointFromInstructions({}, ListTablesCommand, resolved)
  const streamsEndpoint = await resolveStreams(
    region,
    resolved.isCustomEndpoint === true ? url : undefined,
    endpoint,
  )
  return { endpoint: checked(url), streamsEndpoint: checked(streamsEndpoint), region, credentials }
}

/**
 * The endpoint of DynamoDB Streams: that of the provider chain (`AWS_ENDPOINT_URL_DYNAMODB_STREAMS`). Without one, an endpoint
 * of DynamoDB that is not Amazon's own, such as that of DynamoDB Local, serves both.
 * @param dynamodb the endpoint of DynamoDB, if it was set
 * @param endpoint as for {@link resolveConnection}
 */
async function resolveStreams(region: string, dynamodb: URL | undefined, endpoint?: string): Promise<URL> {
  if (endpoint !== undefined && dynamodb !== undefined) return dynamodb
  const { config } = new DynamoDBStreamsClient({ region })
  const resolved = { ...config, credentials: undefined }
  const { url } = await getEndpointFromInstructions({}, ListStreamsCommand, resolved)
  const isSet = resolved.isCustomEndpoint === true
  return isSet || dynamodb === undefined || isAmazons(dynamodb, url, region) ? url : dynamodb
}

/** Whether a host is in the domain of Amazon's endpoints, such as that of an interface endpoint in a VPC. */
function isAmazons({ hostname }: URL, amazons: URL, region: string): boolean {
  const [, domain] = amazons.hostname.split(region)
  return (domain !== undefined && hostname.endsWith(domain)) || hostname.endsWith('.api.aws')
}

function checked(url: URL): URL {
  if (url.protocol === 'http:' || url.protocol === 'https:') return url
  throw new Error(`the endpoint ${url.href} must be an http or https URL`)
}
