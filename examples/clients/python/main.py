"""What a program does with the client that openapi-python-client makes. SERVICE_URL is the service's."""

import json
import os
from typing import Any

from generated import Client
from generated.api.batches import batch_get_item, batch_write_item
from generated.api.items import get_item, put_item, query, update_item
from generated.api.tables import create_table, delete_table
from generated.api.transactions import transact_write_items
from generated.models import (
    AttributeDefinition,
    AttributeValue,
    BatchGetItemRequest,
    BatchWriteItemRequest,
    BillingMode,
    ConditionCheck,
    CreateTableRequest,
    ExpressionAttributeNames,
    GetItemRequest,
    Item,
    KeySchemaElement,
    KeysAndAttributes,
    KeyType,
    Problem,
    ProblemCode,
    Put,
    PutItemRequest,
    PutRequest,
    QueryRequest,
    RequestedKeys,
    RequestedWrites,
    ReturnValues,
    ScalarAttributeType,
    TransactWriteItem,
    TransactWriteItemsRequest,
    TypedGetItemAnswer,
    TypedGetItemRequest,
    TypedItem,
    TypedPutItemRequest,
    UpdateItemRequest,
    WriteRequest,
)
from generated.types import UNSET, Unset

client = Client(base_url=os.environ.get("SERVICE_URL", "http://127.0.0.1:3000"))
table = "ClientsPython"


def done(answer: Any) -> Any:
    """The answer, or the problem as an exception."""
    if answer is None or isinstance(answer, Problem):
        raise RuntimeError(answer)
    return answer


def item(**attributes: Any) -> Item:
    return Item.from_dict(attributes)


created = done(
    create_table.sync(
        client=client,
        body=CreateTableRequest(
            table_name=table,
            attribute_definitions=[
                AttributeDefinition("customer", ScalarAttributeType.S),
                AttributeDefinition("placed", ScalarAttributeType.S),
            ],
            key_schema=[
                KeySchemaElement("customer", KeyType.HASH),
                KeySchemaElement("placed", KeyType.RANGE),
            ],
            billing_mode=BillingMode.PAY_PER_REQUEST,
        ),
    )
)
assert created.table_description.table_name == table

key = item(customer="ada", placed="2026-11-02")
order = {**key.to_dict(), "amount": 129.95, "tags": {"$stringSet": ["books"]}}
done(put_item.sync(table, client=client, body=PutItemRequest(item=Item.from_dict(order))))
found = done(get_item.sync(table, client=client, body=GetItemRequest(key=key)))
assert found.item.to_dict() == order

updated = done(
    update_item.sync(
        table,
        client=client,
        body=UpdateItemRequest(
            key=key,
            update_expression="SET #s = :shipped",
            expression_attribute_names=ExpressionAttributeNames.from_dict({"#s": "status"}),
            expression_attribute_values=Item.from_dict({":shipped": "shipped"}),
            return_values=ReturnValues.UPDATED_NEW,
        ),
    )
)
assert updated.attributes.to_dict() == {"status": "shipped"}

# Any number of writes in one batch.
days = [f"2026-12-{day:02}" for day in range(1, 31)]
writes = RequestedWrites()
writes[table] = [WriteRequest(put_request=PutRequest(item(customer="eve", placed=day))) for day in days]
done(batch_write_item.sync(client=client, body=BatchWriteItemRequest(request_items=writes)))
keys = RequestedKeys()
keys[table] = KeysAndAttributes(keys=[item(customer="eve", placed=day) for day in days[:3]])
some = done(batch_get_item.sync(client=client, body=BatchGetItemRequest(request_items=keys)))
assert len(some.responses[table]) == 3

# All pages of a query.
seen: list[str] = []
start: Item | Unset = UNSET
while True:
    page = done(
        query.sync(
            table,
            client=client,
            body=QueryRequest(
                key_condition_expression="customer = :c",
                expression_attribute_values=Item.from_dict({":c": "eve"}),
                limit=7,
                exclusive_start_key=start,
            ),
        )
    )
    seen.extend(found["placed"] for found in page.items)
    start = page.last_evaluated_key
    if isinstance(start, Unset):
        break
assert seen == days

# Digits that no double holds stand as strings in the typed representation. What comes back is read as it was asked for.
digits = "12345678901234567890.12"
typed_key = {"customer": {"S": "grace"}, "placed": {"S": "2026-11-07"}}
typed_item = TypedItem.from_dict(typed_key)
typed_item["amount"] = AttributeValue(n=digits)
done(put_item.sync(table, client=client, body=TypedPutItemRequest(item=typed_item)))
answer = get_item.sync_detailed(
    table, client=client, body=TypedGetItemRequest(key=TypedItem.from_dict(typed_key))
)
exact = TypedGetItemAnswer.from_dict(json.loads(answer.content))
assert exact.item["amount"].n == digits

# A transaction that is cancelled says why, entry by entry.
cancelled = transact_write_items.sync(
    client=client,
    idempotency_key="clients-python",
    body=TransactWriteItemsRequest(
        transact_items=[
            TransactWriteItem(put=Put(table_name=table, item=item(customer="eve", placed="2027-01-01"))),
            TransactWriteItem(
                condition_check=ConditionCheck(
                    table_name=table,
                    key=key,
                    condition_expression="amount > :most",
                    expression_attribute_values=Item.from_dict({":most": 1000}),
                )
            ),
        ]
    ),
)
assert isinstance(cancelled, Problem)
assert cancelled.code is ProblemCode.TRANSACTIONCANCELEDEXCEPTION
assert [reason.code for reason in cancelled.cancellation_reasons or []] == ["None", "ConditionalCheckFailed"]

# An error, by its code.
missing = get_item.sync(
    table, client=client, body=GetItemRequest(key=item(customer="nobody", placed="2026-11-02"))
)
match missing:
    case Problem(code=ProblemCode.ITEMNOTFOUND):
        assert missing.retryable is False
    case _:
        raise AssertionError(missing)

done(delete_table.sync(table, client=client))
