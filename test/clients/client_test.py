"""Tests of the ready-made Python client, which test/clients/python.test.ts runs."""

import json
import os
import threading
import time
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from dynamodb_storage import (
    ConditionFailedError,
    ConnectionFailedError,
    InvalidRequestError,
    NotFoundError,
    StorageClient,
    ThrottledError,
    TimedOutError,
    TransactionCanceledError,
    UnauthenticatedError,
    UnavailableError,
)

TABLE = os.environ["TABLE"]
DIGITS = "12345678901234567890.12"

Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int, body: Any, media_type: str = "application/json", **headers: str) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("content-type", media_type)
        handler.send_header("content-length", str(len(text)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(text)

    return send


def problem(status: int, code: str, maybe_applied: bool = False, **headers: str) -> Answer:
    body = {"code": code, "detail": "It is so.", "requestId": "r1", "retryable": True, "maybeApplied": maybe_applied}
    return answer(status, body, "application/problem+json", **headers)


def lose(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


@contextmanager
def server(*answers: Answer) -> Iterator[tuple[StorageClient, list[tuple[str, str, bytes]]]]:
    """A server that answers the n-th request with the n-th answer, and all others with the last one."""
    requests: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("content-length") or 0))
            requests.append((self.path, self.headers.get("idempotency-key", ""), text))
            answers[min(len(requests), len(answers)) - 1](self)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        with StorageClient(f"http://127.0.0.1:{http.server_port}/", api_key="the-secret", base_delay=0.001) as client:
            yield client, requests
    finally:
        http.shutdown()
        http.server_close()


class InFrontOfDynamoDB(unittest.TestCase):
    def setUp(self) -> None:
        self.client = StorageClient(os.environ["SERVICE_URL"])
        self.addCleanup(self.client.close)

    def test_numbers_keep_every_digit(self) -> None:
        item = {"id": "digits", "n": 1, "amount": Decimal(DIGITS), "tiny": Decimal("1E-120"), "whole": 10**37 + 1}
        self.client.put_item(TABLE, {"item": item})
        found = self.client.get_item(TABLE, {"key": {"id": "digits", "n": 1}})["item"]
        self.assertEqual(found, item)
        self.assertEqual(str(found["amount"]), DIGITS)
        self.assertIs(type(found["whole"]), int)
        self.assertEqual(self.client.read_item_with_sort_key(TABLE, "digits", "1", projection="amount"), {"amount": Decimal(DIGITS)})

    def test_urls_of_items(self) -> None:
        self.assertIsNone(self.client.write_item_with_sort_key(TABLE, "ä/ö", "2", {"x": True}))
        self.assertEqual(
            self.client.read_item_with_sort_key(TABLE, "ä/ö", "2", consistent_read=True),
            {"id": "ä/ö", "n": 2, "x": True},
        )
        with self.assertRaises(ValueError):
            self.client.read_item_with_sort_key(TABLE, "..", "2")

    def test_an_import_from_an_iterable(self) -> None:
        lines = (b'{"id":"import","n":%d}\n' % n for n in range(100))
        self.assertEqual(self.client.import_items(TABLE, lines), {"written": 100})

    def test_iterators_see_every_item_of_every_page_once(self) -> None:
        self.client.import_items(TABLE, b"".join(b'{"id":"pages","n":%d}\n' % n for n in range(25)))
        body: Any = {"keyConditionExpression": "id = :id", "expressionAttributeValues": {":id": "pages"}, "limit": 7}
        self.assertEqual([item["n"] for item in self.client.query_items(TABLE, body)], list(range(25)))
        body["exclusiveStartKey"] = {"id": "pages", "n": 4}
        self.assertEqual([item["n"] for item in self.client.query_items(TABLE, body)], list(range(5, 25)))
        listed = [item["n"] for item in self.client.list_all_items(TABLE, limit=10) if item["id"] == "pages"]
        self.assertEqual(sorted(listed), list(range(25)))

    def test_classes_of_errors(self) -> None:
        with self.assertRaises(NotFoundError) as missing:
            self.client.get_item(TABLE, {"key": {"id": "none", "n": 1}})
        error = missing.exception
        self.assertEqual((error.code, error.status, error.retryable, error.maybe_applied), ("ItemNotFound", 404, False, False))
        self.assertTrue(error.request_id)
        with self.assertRaises(InvalidRequestError):
            self.client.get_item(TABLE, {"key": {"id": 1}})
        self.client.put_item(TABLE, {"item": {"id": "there", "n": 1}})
        with self.assertRaises(ConditionFailedError):
            self.client.put_item(TABLE, {"item": {"id": "there", "n": 1}, "conditionExpression": "attribute_not_exists(id)"})
        check = {"tableName": TABLE, "key": {"id": "there", "n": 1}, "conditionExpression": "attribute_not_exists(id)"}
        with self.assertRaises(TransactionCanceledError) as canceled:
            self.client.transact_write_items({"transactItems": [{"conditionCheck": check}]}, idempotency_key="k1")
        reasons = (canceled.exception.problem or {})["cancellationReasons"]
        self.assertEqual([reason["code"] for reason in reasons], ["ConditionalCheckFailed"])

    def test_credentials_are_sent_and_are_in_no_error(self) -> None:
        url, key = os.environ["SECURED_URL"], os.environ["SERVICE_KEY"]
        for client in (StorageClient(url, api_key=key), StorageClient(url, token=lambda: key)):
            with client:
                self.assertIn("tableNames", client.list_tables())
        with StorageClient(url, api_key="dss_a-wrong-secret") as client:
            with self.assertRaises(UnauthenticatedError) as wrong:
                client.list_tables()
        self.assertNotIn("wrong-secret", repr(wrong.exception.__dict__) + str(wrong.exception) + repr(client))

    def test_threads_share_a_client(self) -> None:
        def write(n: int) -> None:
            for number in range(10):
                self.client.put_item(TABLE, {"item": {"id": "threads", "n": n * 10 + number}})

        threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        page = self.client.query(
            TABLE,
            {"keyConditionExpression": "id = :id", "expressionAttributeValues": {":id": "threads"}, "select": "COUNT"},
        )
        self.assertEqual(page["count"], 80)


class WithFaults(unittest.TestCase):
    def test_retries_at_least_as_late_as_the_service_asks_for(self) -> None:
        with server(problem(503, "ServiceUnavailable", retry_after="1"), answer(200, {})) as (client, requests):
            start = time.monotonic()
            self.assertEqual(client.put_item("T", {"item": {"id": "a"}}), {})
            self.assertGreaterEqual(time.monotonic() - start, 1)
            self.assertEqual(len(requests), 2)

    def test_retries_at_most_as_often_as_allowed(self) -> None:
        with server(problem(429, "ThrottlingException")) as (client, requests):
            with self.assertRaises(ThrottledError) as error:
                client.get_item("T", {"key": {"id": "a"}})
            self.assertEqual(str(error.exception), "ThrottlingException It is so. (r1)")
            self.assertEqual(len(requests), 3)
        with server(problem(429, "TooManyRequests", retry_after="60")) as (client, requests):
            with self.assertRaises(ThrottledError):
                client.list_tables()
            self.assertEqual(len(requests), 1)

    def test_repeats_no_write_that_may_have_been_applied_without_an_idempotency_key(self) -> None:
        for fault in (problem(504, "UpstreamTimeout", True), lose):
            with server(fault, answer(200, {})) as (client, requests):
                with self.assertRaises(UnavailableError) as error:
                    client.put_item("T", {"item": {"id": "a"}})
                self.assertTrue(error.exception.maybe_applied)
                self.assertEqual(len(requests), 1)
            with server(fault, answer(200, {})) as (client, requests):
                client.update_item("T", {"key": {"id": "a"}}, idempotency_key="k1")
                self.assertEqual([key for _, key, _ in requests], ["k1", "k1"])
            with server(fault, answer(200, {"item": {}})) as (client, requests):
                self.assertEqual(client.get_item("T", {"key": {"id": "a"}}), {"item": {}})
                self.assertEqual(len(requests), 2)

    def test_an_idle_connection_that_was_closed_is_not_used(self) -> None:
        def close_after(handler: BaseHTTPRequestHandler) -> None:
            answer(200, {})(handler)
            handler.close_connection = True

        with server(close_after) as (client, requests):
            for number in range(3):
                client.put_item("T", {"item": {"id": str(number)}})
                time.sleep(0.05)
            self.assertEqual(len(requests), 3)

    def test_an_answer_that_does_not_come_in_time(self) -> None:
        with server(lambda _handler: time.sleep(1)) as (client, _requests):
            with self.assertRaises(TimedOutError) as error:
                client.put_item("T", {"item": {}}, timeout=0.05)
            self.assertTrue(error.exception.maybe_applied)

    def test_answers_that_are_not_of_the_service(self) -> None:
        with server(answer(502, b"<html>", "text/html")) as (client, requests):
            with self.assertRaises(UnavailableError):
                client.put_item("T", {"item": {}})
            self.assertEqual(len(requests), 1)
        with server(answer(302, b"", location="http://127.0.0.1:1/")) as (client, _requests):
            with self.assertRaises(InvalidRequestError):
                client.put_item("T", {"item": {}})
        with StorageClient("http://127.0.0.1:1", retries=0) as client:
            with self.assertRaises(ConnectionFailedError):
                client.list_tables()

    def test_what_has_no_json(self) -> None:
        with StorageClient("http://127.0.0.1:1") as client:
            for value in (float("nan"), Decimal("Infinity")):
                with self.assertRaises(ValueError):
                    client.put_item("T", {"item": {"n": value}})
            for value in ({"a"}, b"bytes", {1: 2}):
                with self.assertRaises(TypeError):
                    client.put_item("T", {"item": {"v": value}})
        for url in ("ftp://x", "http://user@x", "x"):
            with self.assertRaises(ValueError):
                StorageClient(url)
        with self.assertRaises(ValueError):
            StorageClient("http://x", api_key="a", token="b")


if __name__ == "__main__":
    unittest.main()
