"""A shopping cart with Python's standard library, from 3.10 on: python3 examples/cart.py

Amounts are Decimal, never float. They are read from JSON with all their digits, and written in DynamoDB's own types, in
which a number is a string of its digits.
"""

import json
import os
import time
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL = os.environ.get("SERVICE_URL", "http://127.0.0.1:3000")
TABLE = os.environ.get("TABLE", "ExampleCart")

TYPED = "application/vnd.dynamodb+json"


class ServiceError(Exception):
    """An error of the service (RFC 9457). Handle it by its code, never by its text."""

    def __init__(self, problem: dict):
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.code: str = problem["code"]
        self.cancellation_reasons: list[dict] = problem.get("cancellationReasons", [])


def call(method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> dict:
    """Sends a request: a dict as JSON with typed items, anything else as is. Raises ServiceError."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    headers = {"Accept": "application/json", "Content-Type": TYPED, **(headers or {})}
    try:
        with urlopen(Request(URL + path, data, headers, method=method), timeout=60) as answer:
            return json.load(answer, parse_float=Decimal)
    except HTTPError as error:
        raise ServiceError(json.load(error, parse_float=Decimal)) from None


def typed(value: str | int | Decimal) -> dict:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def item(**attributes: str | int | Decimal) -> dict:
    return {name: typed(value) for name, value in attributes.items()}


def check(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(f"expected {what}")


def create_table() -> None:
    try:
        call(
            "POST",
            "/v1/tables",
            {
                "tableName": TABLE,
                "attributeDefinitions": [
                    {"attributeName": "pk", "attributeType": "S"},
                    {"attributeName": "sk", "attributeType": "S"},
                ],
                "keySchema": [
                    {"attributeName": "pk", "keyType": "HASH"},
                    {"attributeName": "sk", "keyType": "RANGE"},
                ],
                "billingMode": "PAY_PER_REQUEST",
            },
        )
    except ServiceError as error:
        if error.code != "ResourceInUseException":
            raise
    for _ in range(60):
        if call("GET", f"/v1/tables/{TABLE}")["table"]["tableStatus"] == "ACTIVE":
            return
        time.sleep(1)
    raise TimeoutError(f"the table {TABLE} does not become ACTIVE")


def put(**attributes: str | int | Decimal) -> None:
    call("POST", f"/v1/tables/{TABLE}/put", {"item": item(**attributes)})


def get(pk: str, sk: str) -> dict:
    return call("POST", f"/v1/tables/{TABLE}/get", {"key": item(pk=pk, sk=sk), "consistentRead": True})["item"]


def checkout(customer: str, order: str, total: Decimal, lines: dict[str, int], key: str) -> None:
    """Changes the order, the stock and the cart in one transaction: together or not at all."""
    stock = [
        {
            "update": {
                "tableName": TABLE,
                "key": item(pk=f"product#{product}", sk="stock"),
                "updateExpression": "SET stock = stock - :quantity",
                "conditionExpression": "stock >= :quantity",
                "expressionAttributeValues": {":quantity": typed(quantity)},
                "returnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
        for product, quantity in lines.items()
    ]
    ordering = {
        "put": {
            "tableName": TABLE,
            "item": item(pk=f"customer#{customer}", sk=f"order#{order}", total=total),
            "conditionExpression": "attribute_not_exists(pk)",
        }
    }
    cart = [{"delete": {"tableName": TABLE, "key": item(pk=f"cart#{customer}", sk=product)}} for product in lines]
    call("POST", "/v1/transact/write", {"transactItems": [*stock, ordering, *cart]}, {"Idempotency-Key": key})


def query(pk: str, limit: int) -> Iterator[list[dict]]:
    """Reads all items of a partition, page by page."""
    body = {
        "keyConditionExpression": "pk = :pk",
        "expressionAttributeValues": {":pk": typed(pk)},
        "limit": limit,
    }
    while True:
        page = call("POST", f"/v1/tables/{TABLE}/query", body)
        yield page["items"]
        if "lastEvaluatedKey" not in page:
            return
        body["exclusiveStartKey"] = item(**page["lastEvaluatedKey"])


def shop() -> None:
    before = ["19.99", "0.10", "0.20", "250000000000000.01", "45.50"]
    items = [
        item(pk="product#coffee", sk="stock", stock=5),
        item(pk="product#tea", sk="stock", stock=1),
        *(item(pk="customer#ada", sk=f"order#{i}", total=Decimal(total)) for i, total in enumerate(before, 1)),
    ]
    call("POST", "/v1/batch/write", {"requestItems": {TABLE: [{"putRequest": {"item": each}} for each in items]}})
    print("There are 5 packets of coffee and 1 of tea. ada has ordered 5 times before.")

    coffee, tea = Decimal("12.50"), Decimal("4.25")
    put(pk="cart#ada", sk="coffee", quantity=2, price=coffee)
    put(pk="cart#ada", sk="tea", quantity=1, price=tea)
    put(pk="cart#eve", sk="tea", quantity=1, price=tea)
    print("ada has 2 coffee and 1 tea in her cart, eve has 1 tea.")

    lines = {"coffee": 2, "tea": 1}
    total = 2 * coffee + tea
    # One key per checkout, sent again with each retry.
    key = str(uuid.uuid4())
    checkout("ada", "6", total, lines, key)
    print(f"ada has checked out: {total}.")

    # After a lost response, send the same request with the same key: it is applied once.
    checkout("ada", "6", total, lines, key)
    left = get("product#coffee", "stock")["stock"]
    check(left == 3, f"3 packets of coffee, not {left}")
    print(f"She has sent it twice, and {left} packets of coffee are left: it was applied once.")

    try:
        checkout("eve", "1", tea, {"tea": 1}, str(uuid.uuid4()))
        check(False, "eve to come too late")
    except ServiceError as error:
        if error.code != "TransactionCanceledException":
            raise
        # One reason for each entry of the transaction, in their order; the lines come first.
        reason = error.cancellation_reasons[0]
        check(reason["code"] == "ConditionalCheckFailed", "the tea to be the reason")
        get("cart#eve", "tea")
        print(f"eve came too late: {reason['item']['stock']} tea left. Her cart is as it was.")

    pages = list(query("customer#ada", 2))
    check(len(pages) >= 3, f"3 pages or more, not {len(pages)}")
    ordered = sum(order["total"] for page in pages for order in page)
    check(ordered == Decimal("250000000000095.05"), f"250000000000095.05, not {ordered}")
    print(f"ada has ordered for {ordered}, as {len(pages)} pages say.")

    # Document JSON, streamed from the file.
    with (Path(__file__).parent / "products.ndjson").open("rb") as products:
        headers = {"Content-Type": "application/x-ndjson"}
        written = call("POST", f"/v1/tables/{TABLE}/import", products, headers)["written"]
    check(written == 4, f"4 products, not {written}")
    price = get("catalog", "roastery")["price"]
    check(price == Decimal("12345678901234567.89"), f"12345678901234567.89, not {price}")
    print(f"The catalog is imported: {written} products. The whole roastery costs {price}.")


if __name__ == "__main__":
    try:
        create_table()
        print(f"The table {TABLE} is there.")
        shop()
    finally:
        call("DELETE", f"/v1/tables/{TABLE}")
