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

_KYVERNO = "kyverno.io"
# What only a Go template says in braces: a leading dot, dollar, quote, dash or comment, a closing word, or
# a function and its argument with nothing but a space between. Kyverno's `{{ request.object }}` is JMESPath.
# https://kyverno.io/docs/policy-types/cluster-policy/variables/
_GO_TEMPLATE = re.compile(r"\{\{(?:-|\s*(?:[.$\"`/]|(?:end|else)\b|[a-zA-Z]\w*\s+[\w.$\"`(]))")


def rendered(document: Document) -> Any:
    """A copy of the document's value: YAML 1.1 readings, and `Unknown` for what is filled in."""

    def copy(value: Any, route: Route, in_policy: bool) -> Any:
        if isinstance(value, dict):
            in_policy = in_policy or speaks_in_braces(value)
            return {key: copy(item, (*route, key), in_policy) for key, item in value.items()}
        if isinstance(value, list):
            return [copy(item, (*route, index), in_policy) for index, item in enumerate(value)]
        value = document.alternatives.get(route, value)
        if isinstance(value, str) and _is_filled_in(value, route, in_policy):
            return Unknown(value, "filled in when the manifest is rendered")
        return value

    return copy(document.value, (), False)


def speaks_in_braces(data: dict[str, Any]) -> bool:
    """Whether braces are the object's own language: it is applied as written, with its variables in it."""
    group = str(data.get("apiVersion")).partition("/")[0]
    return group == _KYVERNO or group.endswith(f".{_KYVERNO}")


def is_template(text: str, *, in_policy: bool) -> bool:
    """Whether a text, or a key, has a `{{ ... }}` that is filled in before the cluster sees it."""
    if "{{" not in text:
        return False
    return bool((_GO_TEMPLATE if in_policy else _TEMPLATE).search(text))


def _is_filled_in(text: str, route: Route, in_policy: bool) -> bool:
    if is_template(text, in_policy=in_policy):
        return True
    if in_policy or "$" not in text:
        return False
    field = next((step for step in reversed(route) if isinstance(step, str)), "")
    if field in _SUBSTITUTED_FIELDS:
        return bool(_SUBSTITUTION.search(text))
    return field not in _RUNTIME_FIELDS and bool(_SUBSTITUTION.fullmatch(text))
