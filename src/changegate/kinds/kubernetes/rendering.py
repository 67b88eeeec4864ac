"""A document as the cluster reads it, and what something else fills in before that."""

from __future__ import annotations

import re
from typing import Any

from changegate.model.document import Document, Route
from changegate.model.subject import Unknown

MARKS = ("{{", "${", "$(")
"""A text without any of these holds nothing to fill in."""

_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
_SUBSTITUTION = re.compile(r"\$\{[^{}]*\}|\$\([^()]*\)")
_SUBSTITUTED_FIELDS = frozenset({"image", "reference", "name", "generateName", "namespace"})
_RUNTIME_FIELDS = frozenset({"command", "args", "value"})


def rendered(document: Document) -> Any:
    """A copy of the document's value: YAML 1.1 readings, and `Unknown` for what is filled in."""

    def copy(value: Any, route: Route) -> Any:
        if isinstance(value, dict):
            return {key: copy(item, (*route, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [copy(item, (*route, index)) for index, item in enumerate(value)]
        value = document.alternatives.get(route, value)
        if isinstance(value, str) and _is_filled_in(value, route):
            return Unknown(value, "filled in when the manifest is rendered")
        return value

    return copy(document.value, ())


def _is_filled_in(text: str, route: Route) -> bool:
    if "{{" in text and _TEMPLATE.search(text):
        return True
    if "$" not in text:
        return False
    field = next((step for step in reversed(route) if isinstance(step, str)), "")
    if field in _SUBSTITUTED_FIELDS:
        return bool(_SUBSTITUTION.search(text))
    return field not in _RUNTIME_FIELDS and bool(_SUBSTITUTION.fullmatch(text))
