#!/usr/bin/env bash
# A shopping cart with curl: bash examples/cart.sh.
set -euo pipefail

url=${SERVICE_URL:-http://127.0.0.1:3000}
table=${TABLE:-ExampleCart}
json='Content-Type: application/json'

# call METHOD PATH [CURL OPTION...]: stores the response body in $answer and the status in $status.
call() {
  local method=$1 path=$2
  shift 2
  answer=$(curl --silent --show-error --request "$method" --write-out '\n%{http_code}' "$@" "$url$path")
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
}

# expect STATUS...: exits unless the last response has one of these statuses.
expect() {
  local wanted
  for wanted in "$@"; do [[ $status == "$wanted" ]] && return; done
  echo "expected status $*, got $status: $answer" >&2
  exit 1
}

# has TEXT: exits unless the last response contains this text.
has() {
  [[ $answer == *"$1"* ]] && return
  echo "expected $1 in: $answer" >&2
  exit 1
}

# problem: prints the code of the last response, if it is an error. Handle errors by their code, never by their text.
problem() { [[ $answer =~ \"code\":\"([A-Za-z]+)\" ]] && echo "${BASH_REMATCH[1]}"; }

clean_up() { curl --silent --request DELETE --output /dev/null "$url/v1/tables/$table"; }
trap clean_up EXIT

# --- Create a table

call POST /v1/tables --header "$json" --data '{
  "tableName": "'"$table"'",
  "attributeDefinitions": [
    {"attributeName": "pk", "attributeType": "S"},
    {"attributeName": "sk", "attributeType": "S"}
  ],
  "keySchema": [
    {"attributeName": "pk", "keyType": "HASH"},
    {"attributeName": "sk", "keyType": "RANGE"}
  ],
  "billingMode": "PAY_PER_REQUEST"
}'
[[ $(problem) == ResourceInUseException ]] || expect 201
for _ in {1..60}; do
  call GET "/v1/tables/$table"
  [[ $answer == *'"tableStatus":"ACTIVE"'* ]] && break
  sleep 1
done
has '"tableStatus":"ACTIVE"'
echo "The table $table is there."

# --- The stock and ada's earlier orders: one batch of any size

call POST /v1/batch/write --header "$json" --data '{"requestItems": {"'"$table"'": [
  {"putRequest": {"item": {"pk": "product#coffee", "sk": "stock", "stock": 5}}},
  {"putRequest": {"item": {"pk": "product#tea", "sk": "stock", "stock": 1}}},
  {"putRequest": {"item": {"pk": "customer#ada", "sk": "order#1", "total": 19.99}}},
  {"putRequest": {"item": {"pk": "customer#ada", "sk": "order#2", "total": 0.10}}},
  {"putRequest": {"item": {"pk": "customer#ada", "sk": "order#3", "total": 0.20}}},
  {"putRequest": {"item": {"pk": "customer#ada", "sk": "order#4", "total": 250000000000000.01}}},
  {"putRequest": {"item": {"pk": "customer#ada", "sk": "order#5", "total": 45.50}}}
]}}'
expect 200
echo 'There are 5 packets of coffee and 1 of tea. ada has ordered 5 times before.'

# --- Fill the carts

# put_into_cart CUSTOMER PRODUCT QUANTITY PRICE
put_into_cart() {
  call POST "/v1/tables/$table/put" --header "$json" --data \
    '{"item": {"pk": "cart#'"$1"'", "sk": "'"$2"'", "quantity": '"$3"', "price": '"$4"'}}'
  expect 200
}
put_into_cart ada coffee 2 12.50
put_into_cart ada tea 1 4.25
put_into_cart eve tea 1 4.25
echo 'ada has 2 coffee and 1 tea in her cart, eve has 1 tea.'

# --- Check out: the order, the stock and the cart change together or not at all

# take PRODUCT QUANTITY: prints the entry that takes a quantity from the stock, if there is enough.
take() {
  echo '{"update": {
    "tableName": "'"$table"'",
    "key": {"pk": "product#'"$1"'", "sk": "stock"},
    "updateExpression": "SET stock = stock - :quantity",
    "conditionExpression": "stock >= :quantity",
    "expressionAttributeValues": {":quantity": '"$2"'}
  }}'
}
# order CUSTOMER NUMBER TOTAL: prints the entry that creates an order, unless the number exists.
order() {
  echo '{"put": {
    "tableName": "'"$table"'",
    "item": {"pk": "customer#'"$1"'", "sk": "order#'"$2"'", "total": '"$3"'},
    "conditionExpression": "attribute_not_exists(pk)"
  }}'
}
# empty CUSTOMER PRODUCT: prints the entry that removes a product from the cart.
empty() { echo '{"delete": {"tableName": "'"$table"'", "key": {"pk": "cart#'"$1"'", "sk": "'"$2"'"}}}'; }

# One key per checkout, sent again with each retry.
key="checkout-$RANDOM-$RANDOM-$$"
checkout='{"transactItems": [
  '"$(take coffee 2)"', '"$(take tea 1)"', '"$(order ada 6 29.25)"', '"$(empty ada coffee)"', '"$(empty ada tea)"'
]}'
call POST /v1/transact/write --header "Idempotency-Key: $key" --header "$json" --data "$checkout"
expect 200
echo 'ada has checked out: 29.25.'

# --- After a lost response, send the same request with the same key: it is applied once

call POST /v1/transact/write --header "Idempotency-Key: $key" --header "$json" --data "$checkout"
expect 200
call POST "/v1/tables/$table/get" --header "$json" --data \
  '{"key": {"pk": "product#coffee", "sk": "stock"}, "consistentRead": true}'
expect 200
has '"stock":3'
echo 'She has sent it twice, and 3 packets of coffee are left: it was applied once.'

# --- Out of stock

call POST /v1/transact/write --header "$json" --data \
  '{"transactItems": ['"$(take tea 1)"', '"$(order eve 1 4.25)"', '"$(empty eve tea)"']}'
expect 409
[[ $(problem) == TransactionCanceledException ]] || expect 'of a TransactionCanceledException'
# One reason for each entry, in their order; the first one belongs to the tea.
[[ $answer =~ \"cancellationReasons\":\[\{[^}]*\"code\":\"ConditionalCheckFailed\" ]] || expect 'because of the tea'
call POST "/v1/tables/$table/get" --header "$json" --data '{"key": {"pk": "cart#eve", "sk": "tea"}}'
expect 200
echo 'eve came too late for the tea. Nothing was ordered, and her cart is as it was.'

# --- All orders, two at a time

pages=0
start=''
while
  call POST "/v1/tables/$table/query" --header "$json" --data '{
    "keyConditionExpression": "pk = :customer AND begins_with(sk, :order)",
    "expressionAttributeValues": {":customer": "customer#ada", ":order": "order#"},
    "limit": 2'"$start"'
  }'
  expect 200
  echo "  $answer"
  pages=$((pages + 1))
  # This works for keys without braces; for others, use a JSON tool.
  [[ $answer =~ (\"lastEvaluatedKey\":\{[^}]*\}) ]]
do start=", ${BASH_REMATCH[1]/lastEvaluatedKey/exclusiveStartKey}"; done
((pages >= 3)) || { echo "expected 3 pages or more, got $pages" >&2 && exit 1; }
echo "Those were ada's orders, on $pages pages, with all their digits."

# --- Import: a file of items, one a line, of any length

call POST "/v1/tables/$table/import" --header 'Content-Type: application/x-ndjson' \
  --upload-file "$(dirname "$0")/products.ndjson"
expect 200
has '"written":4'
call POST "/v1/tables/$table/get" --header "$json" --data '{"key": {"pk": "catalog", "sk": "roastery"}}'
has '"price":12345678901234567.89'
echo 'The catalog is imported: 4 products. The whole roastery costs 12345678901234567.89.'
