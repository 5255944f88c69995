"""JSON whose numbers keep their digits: integers are int, and everything else is Decimal."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any


def loads(text: bytes) -> Any:
    return json.loads(text, parse_float=Decimal)


def dumps(value: Any) -> bytes:
    """
    The value as JSON. A Decimal is written with exactly its digits.

    Raises TypeError for what has no JSON, and ValueError for numbers that are not finite.
    """
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts).encode()


def _write(value: Any, parts: list[str]) -> None:
    if value is None or isinstance(value, (bool, str)):
        parts.append(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, (int, float, Decimal)):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no JSON")
        # str of a float is its shortest exact form, and str of a Decimal has all of its digits.
        parts.append(str(value))
    elif isinstance(value, dict):
        _write_all("{", value.items(), "}", parts)
    elif isinstance(value, (list, tuple)):
        _write_all("[", value, "]", parts)
    else:
        raise TypeError(
            f"{type(value).__name__} has no JSON: a set is {{'$stringSet': [...]}}, "
            "bytes are {'$binary': base64}"
        )


def _write_all(begin: str, values: Any, end: str, parts: list[str]) -> None:
    parts.append(begin)
    for index, value in enumerate(values):
        if index > 0:
            parts.append(",")
        if begin == "{":
            name, value = value
            if not isinstance(name, str):
                raise TypeError("the names of a JSON object are str")
            parts.append(json.dumps(name, ensure_ascii=False) + ":")
        _write(value, parts)
    parts.append(end)
