"""The client: connections that are kept alive, and attempts."""

from __future__ import annotations

import http.client
import queue
import random
import select
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from . import _exact_json
from .errors import ConnectionFailedError, StorageError, TimedOutError, error_of
from .operations import Operations

Secret = str | Callable[[], str]

DOCUMENT = "application/json"
# The service closes idle connections after a longer time.
MAX_IDLE_SECONDS = 30


class StorageClient(Operations):
    """
    A client of the service, for any number of threads. Items are documents, whose numbers are int or Decimal.

    base_url: the address of the service, such as https://storage.example; it may have a path
    api_key: sent as x-api-key; a function gets the current one before each attempt
    token: a token (JWT) or an API key, sent as authorization: Bearer; instead of api_key
    timeout: the longest wait for the connection and for more of the answer, in seconds; the service takes up to 30 s
    retries: the most attempts after the first one
    base_delay, max_delay: the longest wait before the first retry, which doubles, and the longest one, in seconds
    ssl_context: for https; by default with the certificates of the system
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: Secret | None = None,
        token: Secret | None = None,
        timeout: float = 35.0,
        retries: int = 2,
        base_delay: float = 0.2,
        max_delay: float = 5.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or url.hostname is None or url.username is not None:
            raise ValueError("base_url must be an HTTP URL without a user")
        if api_key is not None and token is not None:
            raise ValueError("The service takes either an API key or a token")
        self._https = url.scheme == "https"
        self._host, self._port = url.hostname, url.port
        self._base_path = url.path.rstrip("/")
        self._api_key, self._token = api_key, token
        self._timeout = timeout
        self._retries, self._base_delay, self._max_delay = retries, base_delay, max_delay
        self._ssl_context = ssl_context or (ssl.create_default_context() if self._https else None)
        self._idle: queue.LifoQueue[tuple[http.client.HTTPConnection, float]] = queue.LifoQueue()

    def __enter__(self) -> StorageClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the idle connections."""
        while True:
            try:
                self._idle.get_nowait()[0].close()
            except queue.Empty:
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        reads: bool,
        body: Any = None,
        content_type: str | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        timeout: float | None = None,
    ) -> Any:
        given = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        url = self._base_path + path + (f"?{urlencode(given)}" if given else "")
        sent = {"accept": f"{DOCUMENT}, application/problem+json"}
        sent |= {name: value for name, value in (headers or {}).items() if value is not None}
        if content_type is not None:
            sent["content-type"] = content_type
            # Lines are no JSON.
            if content_type.endswith(("/json", "+json")):
                body = _exact_json.dumps(body)
        once = body is not None and not isinstance(body, bytes)
        safe = reads or "idempotency-key" in sent
        attempt = 0
        while True:
            try:
                return self._once(method, url, body, sent, self._timeout if timeout is None else timeout)
            except StorageError as error:
                attempt += 1
                if once or attempt > self._retries or not error.retryable or (error.maybe_applied and not safe):
                    raise
                wait = error.retry_after or 0.0
                if wait > self._max_delay:
                    raise
                # Full jitter on exponential backoff, and at least what the service asks for.
                jitter = random.uniform(0, min(self._max_delay, self._base_delay * 2 ** (attempt - 1)))
            time.sleep(min(self._max_delay, wait + jitter))

    def _once(self, method: str, url: str, body: Any, headers: Mapping[str, str], timeout: float) -> Any:
        """One attempt."""
        sent = {**headers, **self._credentials()}
        connection = self._connection(timeout)
        try:
            connection.request(method, url, body=body, headers=sent)
            response = connection.getresponse()
            text = response.read()
        except TimeoutError as error:
            connection.close()
            raise TimedOutError(f"There is no answer within {timeout} s", retryable=True) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectionFailedError("There is no answer: the connection failed", retryable=True) from error
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._idle.put((connection, time.monotonic()))
        if response.status >= 300 and response.status != 304:
            raise error_of(
                response.status,
                _problem(text, response.headers.get_content_type()),
                request_id=response.headers.get("x-request-id"),
                retry_after=response.headers.get("retry-after"),
            )
        return _exact_json.loads(text) if text else None

    def _credentials(self) -> dict[str, str]:
        if self._api_key is not None:
            return {"x-api-key": _current(self._api_key)}
        if self._token is not None:
            return {"authorization": f"Bearer {_current(self._token)}"}
        return {}

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        """An idle connection that the service has not closed, or a new one."""
        while True:
            try:
                connection, since = self._idle.get_nowait()
            except queue.Empty:
                if self._https:
                    return http.client.HTTPSConnection(
                        self._host, self._port, timeout=timeout, context=self._ssl_context
                    )
                return http.client.HTTPConnection(self._host, self._port, timeout=timeout)
            # An idle connection is readable once it is closed.
            if time.monotonic() - since < MAX_IDLE_SECONDS and not select.select([connection.sock], [], [], 0)[0]:
                connection.timeout = timeout
                connection.sock.settimeout(timeout)
                return connection
            connection.close()


def _current(secret: Secret) -> str:
    return secret if isinstance(secret, str) else secret()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _problem(text: bytes, media_type: str) -> Mapping[str, Any] | None:
    if media_type != "application/problem+json":
        return None
    try:
        problem = _exact_json.loads(text)
    except ValueError:
        return None
    return problem if isinstance(problem, dict) else None
