/** Request headers of several routes. */
import * as Type from 'typebox'

/** `Idempotency-Key` of one write. The route refuses an empty key, and one of more than 255 characters. */
export const idempotencyKey = Type.Optional(
  Type.String({
    description:
      'Applies the write once within ten minutes, however often it is sent with this key, `ADD` included: it is sent as a ' +
      'transaction, at twice the write capacity. A quoted string (RFC 9651) or a bare token, of 1 to 255 characters; both ' +
      'are the same key. The whole AWS account shares the keys of a Region, so use UUIDs.',
  }),
)

/** `Idempotency-Key` of a transaction. */
export const transactionHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'The `clientRequestToken` as a header: a quoted string (RFC 9651) or a bare token; both are the same key.',
    }),
  ),
})

/** Of the answer to a transaction. */
export const transactionAnswerHeaders = {
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'The token that the service generated, or the one from the request’s header. With it the transaction can ' +
        'safely be sent again.',
    }),
  ),
}
