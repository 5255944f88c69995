"""What every operation needs: to be called, and to be called for every page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

Page = TypeVar("Page", bound=Mapping[str, Any])


class Caller(ABC):
    @abstractmethod
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
        """
        Sends a request, and again while its error allows it. Returns the parsed body, None without one.

        Raises StorageError.
        """


def segment(value: str) -> str:
    """A value in a path. `.` and `..` would be removed with the segment before them, even percent-encoded."""
    if value in ("", ".", ".."):
        raise ValueError(f"{value!r} cannot be a part of a URL: use the operation with the key in its body")
    return quote(value, safe="")


def pages_of(page_at: Callable[[str | None], Page | None]) -> Iterator[Page]:
    """Every page, from the one that has no token to the last one, which names no next one."""
    token: str | None = None
    while True:
        page = page_at(token)
        # 304, of a first page that the caller has.
        if page is None:
            return
        yield page
        token = page.get("nextPageToken")
        if token is None:
            return


def items_of(pages: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every item of every page."""
    for page in pages:
        yield from page.get("items", [])


def next_body(body: Any, token: str | None) -> Any:
    """The body for a page. The token takes the place of the key that the first page began at."""
    if token is None:
        return body
    return {**{name: value for name, value in body.items() if name != "exclusiveStartKey"}, "pageToken": token}
