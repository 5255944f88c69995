"""boto3 with the service as its endpoint: pages, batches, a transaction, and a scan in segments."""

import os
import uuid
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

dynamodb = boto3.resource(
    "dynamodb", endpoint_url=os.environ.get("SERVICE_URL", "http://127.0.0.1:3000")
)
client = dynamodb.meta.client

name = f"Clients-{uuid.uuid4()}"
table = dynamodb.create_table(
    TableName=name,
    KeySchema=[
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "number", "KeyType": "RANGE"},
    ],
    AttributeDefinitions=[
        {"AttributeName": "customer", "AttributeType": "S"},
        {"AttributeName": "number", "AttributeType": "N"},
    ],
    BillingMode="PAY_PER_REQUEST",
)
table.wait_until_exists()

# The batch writer sends 25 at a time, and sends unprocessed items again.
with table.batch_writer() as batch:
    for number in range(60):
        batch.put_item(Item={"customer": "ada", "number": number, "amount": Decimal("12.50")})

# Every digit of a number stays.
order = table.get_item(Key={"customer": "ada", "number": 7}, ConsistentRead=True)["Item"]
assert order == {"customer": "ada", "number": 7, "amount": Decimal("12.50")}, order

pages = client.get_paginator("query").paginate(
    TableName=name, KeyConditionExpression=Key("customer").eq("ada"), Limit=25
)
counts = [page["Count"] for page in pages]
assert counts == [25, 25, 10], counts

# A condition that is false.
try:
    table.put_item(Item=order, ConditionExpression=Attr("customer").not_exists())
    raise AssertionError("the order exists")
except client.exceptions.ConditionalCheckFailedException as error:
    assert error.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert error.response["ResponseMetadata"]["RequestId"]

# A transaction, and the reasons of its cancellation.
try:
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": name, "Item": {"customer": "eve", "number": 1}}},
            {
                "ConditionCheck": {
                    "TableName": name,
                    "Key": {"customer": "ada", "number": 1},
                    "ConditionExpression": "attribute_not_exists(customer)",
                }
            },
        ]
    )
    raise AssertionError("a condition is false")
except client.exceptions.TransactionCanceledException as error:
    codes = [reason["Code"] for reason in error.response["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed"], codes

found = client.batch_get_item(
    RequestItems={name: {"Keys": [{"customer": "ada", "number": n} for n in range(100)]}}
)
assert len(found["Responses"][name]) == 60 and not found["UnprocessedKeys"]

segments = [
    page["Count"]
    for segment in range(4)
    for page in client.get_paginator("scan").paginate(
        TableName=name, Segment=segment, TotalSegments=4
    )
]
assert sum(segments) == 60, segments

table.update_item(
    Key={"customer": "ada", "number": 1},
    UpdateExpression="ADD visits :one",
    ExpressionAttributeValues={":one": 1},
)
table.delete_item(Key={"customer": "ada", "number": 1})
assert "Item" not in table.get_item(Key={"customer": "ada", "number": 1})

try:
    client.describe_table(TableName="NoSuchTable")
    raise AssertionError("there is no such table")
except ClientError as error:
    assert error.response["Error"]["Code"] == "ResourceNotFoundException", error
table.delete()
print("boto3: ok")
