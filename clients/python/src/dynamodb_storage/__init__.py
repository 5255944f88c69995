"""The client of dynamodb-storage-service."""

from ._client import StorageClient
from .errors import (
    BatchIncompleteError,
    ConditionFailedError,
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    StorageError,
    ThrottledError,
    TimedOutError,
    TransactionCanceledError,
    UnauthenticatedError,
    UnavailableError,
)

__all__ = [
    "BatchIncompleteError",
    "ConditionFailedError",
    "ConflictError",
    "ConnectionFailedError",
    "ForbiddenError",
    "InvalidRequestError",
    "NotFoundError",
    "StorageClient",
    "StorageError",
    "ThrottledError",
    "TimedOutError",
    "TransactionCanceledError",
    "UnauthenticatedError",
    "UnavailableError",
]
