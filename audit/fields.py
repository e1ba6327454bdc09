"""JSON kept as the very text that was hashed, on every database."""

from __future__ import annotations

import json
from typing import Any

from django.db import models

canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class CanonicalJSONField(models.TextField):
    """A dict in its one form: keys sorted, no blanks; jsonb would give back another text."""

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else canonical(value)
