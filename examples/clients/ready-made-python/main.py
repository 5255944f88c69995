"""A program that uses the ready-made client.

SERVICE_URL is the address of the service, SERVICE_KEY the API key; a service without AUTH=policy ignores it.
"""

import os
from decimal import Decimal

from dynamodb_storage import NotFoundError, StorageClient, TransactionCanceledError

client = StorageClient(
    os.environ.get("SERVICE_URL", "http://127.0.0.1:3000"), api_key=os.environ.get("SERVICE_KEY")
)
table = "ClientsReadyMadePython"

created = client.create_table(
    {
        "tableName": table,
        "attributeDefinitions": [
            {"attributeName": "customer", "attributeType": "S"},
            {"attributeName": "placed", "attributeType": "S"},
        ],
        "keySchema": [
            {"attributeName": "customer", "keyType": "HASH"},
            {"attributeName": "placed", "keyType": "RANGE"},
        ],
        "billingMode": "PAY_PER_REQUEST",
    }
)
assert created["tableDescription"]["tableName"] == table

# Whole numbers are int and all others Decimal, so every digit survives.
key = {"customer": "ada", "placed": "2026-11-02"}
order = {**key, "amount": Decimal("12345678901234567890.12"), "tags": {"$stringSet": ["books"]}}
client.put_item(table, {"item": order})
assert client.get_item(table, {"key": key})["item"] == order

# With a key the update is applied once, however often it is sent, so the client retries it after a lost answer.
client.update_item(
    table,
    {"key": key, "updateExpression": "ADD visits :one", "expressionAttributeValues": {":one": 1}},
    idempotency_key="clients-ready-made-python",
)
assert client.read_item_with_sort_key(table, "ada", "2026-11-02", projection="visits") == {"visits": 1}

# A batch of any number of writes.
days = [f"2026-12-{day:02}" for day in range(1, 31)]
client.batch_write_item(
    {"requestItems": {table: [{"putRequest": {"item": {"customer": "eve", "placed": day}}} for day in days]}}
)

# Errors have classes; the exact code is beside them.
try:
    client.transact_write_items(
        {
            "transactItems": [
                {"conditionCheck": {"tableName": table, "key": key, "conditionExpression": "amount > price"}}
            ]
        },
        idempotency_key="clients-ready-made-python-2",
    )
    raise AssertionError("the transaction was not canceled")
except TransactionCanceledError as error:
    assert error.problem is not None
    assert error.problem["cancellationReasons"][0]["code"] == "ConditionalCheckFailed"
try:
    client.get_item(table, {"key": {"customer": "nobody", "placed": "2026-11-02"}})
    raise AssertionError("there is no such item")
except NotFoundError as missing:
    assert missing.code == "ItemNotFound"

client.delete_table(table)
client.close()
