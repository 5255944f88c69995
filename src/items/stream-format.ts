/** The pages of a Query or a Scan as one stream. */
import type { Json } from '../json/json.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { Representation } from './representation.js'

/** A format of streams of items. */
export interface StreamFormat {
  /** In lower case, without parameters. */
  readonly mediaType: string
  /** The value of `Content-Type`. */
  readonly contentType: string
  /** What readers skip between pages; empty if there is nothing. */
  readonly filler: string
  /** Begins a stream. The function that it returns is called with each page, in their order. */
  readonly open: (options: StreamOptions) => ReadPage | Promise<ReadPage>
}

export interface StreamOptions {
  /** Of the items, where the format can have either. */
  readonly representation: Representation
  /** DynamoDB's request for the first page. */
  readonly request: DynamoDBRequest
  /** The names of the table's key. */
  readonly keyNames: () => Promise<readonly string[]>
  /** Whether to leave out attributes that have no place, rather than to end the stream with an error. */
  readonly dropExtra: boolean
}

/**
 * Reads DynamoDB's answer to a Query or a Scan.
 * @throws AnswerError if it is not such an answer
 */
export type ReadPage = (page: Json) => Page

/** A page as a part of the stream. */
export interface Page {
  readonly bytes: Buffer
  /** The number of items. */
  readonly count: number
  /** In DynamoDB's JSON; undefined on the last page. */
  readonly lastEvaluatedKey: Json | undefined
}
