# The AWS CLI with the service as its endpoint: pages, batches, a transaction, and a scan in segments.
set -eu

export AWS_ENDPOINT_URL_DYNAMODB="${SERVICE_URL:-http://127.0.0.1:3000}" AWS_PAGER='' AWS_DEFAULT_OUTPUT=text
table="Clients-$$-$(date +%s)"
db() { command=$1; shift; .venv/bin/aws dynamodb "$command" --table-name "$table" "$@"; }

db create-table --billing-mode PAY_PER_REQUEST \
  --key-schema AttributeName=customer,KeyType=HASH AttributeName=number,KeyType=RANGE \
  --attribute-definitions AttributeName=customer,AttributeType=S AttributeName=number,AttributeType=N \
  --query TableDescription.TableStatus
.venv/bin/aws dynamodb wait table-exists --table-name "$table"

puts=''
for number in $(seq 1 25); do
  puts="$puts,{\"PutRequest\":{\"Item\":{\"customer\":{\"S\":\"ada\"},\"number\":{\"N\":\"$number\"}}}}"
done
.venv/bin/aws dynamodb batch-write-item --request-items "{\"$table\":[${puts#,}]}"

# The CLI reads all pages itself.
count=$(db query --page-size 10 --query 'length(Items)' --output json \
  --key-condition-expression 'customer = :c' --expression-attribute-values '{":c":{"S":"ada"}}')
test "$count" = 25

one=$(db scan --segment 0 --total-segments 2 --query 'length(Items)' --output json)
two=$(db scan --segment 1 --total-segments 2 --query 'length(Items)' --output json)
test $((one + two)) = 25

key='{"customer":{"S":"ada"},"number":{"N":"1"}}'
if .venv/bin/aws dynamodb transact-write-items --transact-items "[
  {\"Delete\": {\"TableName\": \"$table\", \"Key\": $key}},
  {\"Put\": {\"TableName\": \"$table\", \"Item\": {\"customer\":{\"S\":\"ada\"},\"number\":{\"N\":\"2\"}},
             \"ConditionExpression\": \"attribute_not_exists(customer)\"}}
]" 2>canceled.txt; then exit 1; fi
grep -q 'TransactionCanceledException.*\[None, ConditionalCheckFailed\]' canceled.txt

db get-item --key "$key" --query Item.number.N
db delete-item --key "$key"
test "$(db get-item --key "$key")" = None || test -z "$(db get-item --key "$key")"
db delete-table --query TableDescription.TableName
echo 'aws: ok'
