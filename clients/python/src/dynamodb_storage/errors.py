"""Everything that an operation raises. Each family of codes has a class; `code` has the exact one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class StorageError(Exception):
    """An error of the service, or of the way to it. Its message has no credentials."""

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        problem: Mapping[str, Any] | None = None,
        retryable: bool = False,
        maybe_applied: bool = True,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        known = problem or {}
        self.code: str | None = known.get("code")
        """The code of the service; None if there is no answer of the service."""
        self.status = status
        """The status of the answer; None without one."""
        self.retryable: bool = known.get("retryable", retryable)
        """Whether the same request may succeed later."""
        self.maybe_applied: bool = known.get("maybeApplied", maybe_applied)
        """Whether the write, or a part of the batch, may have been applied despite the error."""
        self.request_id: str | None = known.get("requestId", request_id)
        """The id in the log of the service."""
        self.detail = detail
        """What happened this time."""
        self.retry_after = retry_after
        """The time that the service asks to wait, in seconds."""
        self.problem = problem
        """The whole problem: unprocessed entries, reasons of a canceled transaction, the item of a failed condition."""
        words = (self.code, detail, self.request_id and f"({self.request_id})")
        super().__init__(" ".join(word for word in words if word))


class InvalidRequestError(StorageError):
    """The request is wrong: 400, 405, 406, 413, 415, 417, 431."""


class UnauthenticatedError(StorageError):
    """There are no valid credentials: 401."""


class ForbiddenError(StorageError):
    """The caller may not do this: 403."""


class NotFoundError(StorageError):
    """The item or the table does not exist: 404."""


class ConflictError(StorageError):
    """Something else happens to the item, the table or the token at the same time: 409."""


class TransactionCanceledError(StorageError):
    """The transaction was canceled; `problem["cancellationReasons"]` has a reason for each entry."""


class ConditionFailedError(StorageError):
    """The condition of the write is false: 412."""


class ThrottledError(StorageError):
    """The caller, the table or the account has exceeded its rate: 429."""


class BatchIncompleteError(StorageError):
    """Not all entries of a batch were processed; `problem` has those that are left, to be sent again."""


class UnavailableError(StorageError):
    """The service or DynamoDB is unavailable, or has a fault: 408 and 5xx."""


class ConnectionFailedError(UnavailableError):
    """There is no answer, because the connection failed. Whether a write was applied is unknown."""


class TimedOutError(UnavailableError):
    """There is no answer in time. Whether a write was applied is unknown."""


_BY_CODE: dict[str, type[StorageError]] = {
    "TransactionCanceledException": TransactionCanceledError,
    "BatchIncomplete": BatchIncompleteError,
}

_BY_STATUS: dict[int, type[StorageError]] = {
    401: UnauthenticatedError,
    403: ForbiddenError,
    404: NotFoundError,
    408: UnavailableError,
    409: ConflictError,
    412: ConditionFailedError,
    429: ThrottledError,
}


def error_of(
    status: int, problem: Mapping[str, Any] | None, *, request_id: str | None, retry_after: str | None
) -> StorageError:
    """The error for an answer with a status from 400 on."""
    by_status = _BY_STATUS.get(status, UnavailableError if status >= 500 else InvalidRequestError)
    error_class = _BY_CODE.get((problem or {}).get("code", ""), by_status)
    detail = (problem or {}).get("detail", f"The answer has the status {status}, and is not of the service")
    return error_class(
        detail,
        status=status,
        problem=problem,
        # Of a load balancer or a proxy in between.
        retryable=status in (429, 502, 503, 504),
        maybe_applied=status >= 500,
        request_id=request_id,
        retry_after=float(retry_after) if retry_after and retry_after.isdecimal() else None,
    )
