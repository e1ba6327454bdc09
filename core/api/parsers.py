"""Request bodies: JSON and nothing else, of a bounded size."""

from __future__ import annotations

import json
import math
from typing import Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.json import strict_constant

from core.api.errors import TooLarge


class JSONParser(parsers.BaseParser):
    """Reads UTF-8 JSON. A wrong byte, NaN or endless nesting is 400, too much of it is 413."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return what the body says."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge
        try:
            return _read(body)
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}") from None
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None


def _read(body: bytes) -> Any:
    value = json.loads(body.decode(), parse_constant=strict_constant, parse_float=_finite)
    if rb"\u" in body:
        _refuse_halves(value)
    return value


def _refuse_halves(value: Any) -> None:
    """Raise ValueError for half a character, such as a lone \\ud800: nothing can store it."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a \\u escape stands for half a character") from None


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else strict_constant(text)
