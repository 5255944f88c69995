"""A program that uses the client that openapi-generator makes from openapi.documents.yaml.

SERVICE_URL is the address of the service, SERVICE_KEY the API key; a service without AUTH=policy ignores it.
"""

import os

import openapi_client as api

client = api.ApiClient(
    api.Configuration(
        host=os.environ.get("SERVICE_URL", "http://127.0.0.1:3000"), access_token=os.environ.get("SERVICE_KEY")
    )
)
items, tables = api.ItemsApi(client), api.TablesApi(client)
table = "ClientsOpenapiGeneratorPython"

created = tables.create_table(
    api.CreateTableRequest(
        table_name=table,
        attribute_definitions=[
            api.AttributeDefinition(attribute_name="customer", attribute_type=api.ScalarAttributeType.S),
            api.AttributeDefinition(attribute_name="placed", attribute_type=api.ScalarAttributeType.S),
        ],
        key_schema=[
            api.KeySchemaElement(attribute_name="customer", key_type=api.KeyType.HASH),
            api.KeySchemaElement(attribute_name="placed", key_type=api.KeyType.RANGE),
        ],
        billing_mode=api.BillingMode.PAY_PER_REQUEST,
    )
)
assert created.table_description.table_name == table

key = {"customer": "ada", "placed": "2026-11-02"}
order = {**key, "amount": 129.95, "tags": {"$stringSet": ["books"]}}
items.put_item(table, api.PutItemRequest(item=order))
assert items.get_item(table, api.GetItemRequest(key=key)).item == order
assert items.read_item_with_sort_key(table, "ada", "2026-11-02", consistent_read=True) == order

# A batch of any number of writes, and an import.
days = [f"2026-12-{day:02}" for day in range(1, 31)]
writes = [api.WriteRequest(put_request=api.PutRequest(item={"customer": "eve", "placed": day})) for day in days]
batches = api.BatchesApi(client)
batches.batch_write_item(api.BatchWriteItemRequest(request_items={table: writes}))
assert batches.import_items(table, b'{"customer":"alan","placed":"2026-11-25"}\n').written == 1

# All pages of a query.
seen: list[str] = []
start = None
while True:
    page = items.query(
        table,
        api.QueryRequest(
            key_condition_expression="customer = :c",
            expression_attribute_values={":c": "eve"},
            limit=7,
            exclusive_start_key=start,
        ),
    )
    seen.extend(item["placed"] for item in page.items)
    start = page.last_evaluated_key
    if start is None:
        break
assert seen == days

# Handle an error by its code.
try:
    items.get_item(table, api.GetItemRequest(key={"customer": "nobody", "placed": "2026-11-02"}))
    raise AssertionError("there is no such item")
except api.ApiException as error:
    assert error.data.code is api.ProblemCode.ITEMNOTFOUND

tables.delete_table(table)
