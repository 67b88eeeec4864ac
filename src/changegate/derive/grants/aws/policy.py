"""IAM policy documents: JSON text, or a map that code makes, to statements.

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from changegate import limits
from changegate.derive.terraform_code import steps_of
from changegate.model.subject import Unknown

_STATEMENT_KEYS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_QUALIFIERS = ("forallvalues:", "foranyvalue:")
OPEN = "?"
"""The operator of a condition of which nothing is known."""
_HOLE = re.compile(r"\$\{[^{}]*\}")


class Atom(NamedTuple):
    """One condition: all but the values in lower case (AWS ignores the case of operators and keys)."""

    operator: str
    qualifier: str
    key: str
    values: tuple[str, ...]

    @property
    def vacuous(self) -> bool:
        """It holds where the key is absent, so by itself it keeps nobody out."""
        negated = "not" in self.operator and self.operator != "null"
        return self.qualifier == "forallvalues" or self.operator.endswith("ifexists") or negated


class Patterns(NamedTuple):
    """A list of patterns; with `negated`, everything but what they match."""

    texts: frozenset[str]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """Actions in lower case. unknown: "" when the policy is known, else a text that is equal for
    equal unknown policies; malformed: it has elements that no such policy can have, or
    variables that are none; loose: `actions`
    and `resources` of which a pattern is not known at all, and may be as wide as any."""

    effect: str
    actions: Patterns
    resources: Patterns
    conditions: frozenset[Atom] = frozenset()
    malformed: bool = False
    unknown: str = ""
    loose: frozenset[str] = frozenset()

    @classmethod
    def not_known(cls, text: str) -> Statement:
        """What stands for a statement, or a policy, that cannot be read; equal texts are equal."""
        return cls("allow", NOTHING, NOTHING, unknown=text)


NOTHING = Patterns(frozenset())


class PolicyError(ValueError):
    """The text is not a policy document; the message says why."""


def parse(policy: str | Mapping[str, Any]) -> list[tuple[Statement, dict[str, str]]]:
    """Statements of a policy, each with its actions as written by their lower-case form.

    Raises PolicyError.
    """
    old = old_variables(policy)
    return [read(statement, old=old) for statement in statements_of(policy)]


def old_variables(policy: str | Mapping[str, Any]) -> bool:
    """Whether `${...}` in a policy is plain text: without a version it is one of 2008, which has no variables
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html)."""
    document = _document(policy)
    version = document.get("Version") if isinstance(document, Mapping) else None
    return version is None or version == "2008-10-17"


def statements_of(policy: str | Mapping[str, Any]) -> list[Any]:
    """The statements of a policy, as they are. Raises PolicyError."""
    document = _document(policy)
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    if isinstance(statements, (Mapping, Unknown)):
        statements = [statements]
    if not isinstance(statements, list):
        raise PolicyError("the policy has no statements")
    return statements


def _document(policy: str | Mapping[str, Any]) -> Any:
    try:
        return json.loads(policy, object_pairs_hook=_unique) if isinstance(policy, str) else policy
    except RecursionError:
        raise PolicyError("the policy is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise PolicyError(
            f"the policy is not JSON: {error.msg} (its line {error.lineno}, column {error.colno})"
        ) from None


def statement_at(where: str, policy: Any, number: int) -> str:
    """The dotted place of a statement. One within a text is where the text is."""
    if not isinstance(policy, Mapping):
        return where
    listed = isinstance(policy.get("Statement"), list)
    return f"{where}.Statement.{number}" if listed else f"{where}.Statement"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise PolicyError(f"the policy has two elements {key!r} in one place")
        found[key] = value
    return found


def read(
    raw: Any, *, more: frozenset[str] = frozenset(), old: bool = False
) -> tuple[Statement, dict[str, str]]:
    """One statement, and its actions as written by their lower-case form. Raises PolicyError.

    `more` are elements that the policy may have beside those of an identity policy; a resource, which
    such a policy may leave out, is then not asked for. `old`: the policy is of a version without variables.
    """
    unsettled = raw if isinstance(raw, Unknown) else None
    if not isinstance(raw, Mapping):
        if unsettled is None:
            raise PolicyError("a statement of the policy is not an object")
        return Statement.not_known(unsettled.text), {}
    known = {key.lower(): key for key in _STATEMENT_KEYS}
    others = [key for key in raw if key not in _STATEMENT_KEYS | more]
    for key in others:
        if key.lower() in known:
            raise PolicyError(f"the policy writes {known[key.lower()]!r} as {key!r}")
    effect = raw.get("Effect")
    if isinstance(effect, Unknown):
        return Statement.not_known(effect.text), {}
    if effect not in ("Allow", "Deny"):
        raise PolicyError("a statement of the policy has no Effect Allow or Deny")
    actions = _patterns(raw, "Action")
    asked = not more or "Resource" in raw or "NotResource" in raw
    resources = _patterns(raw, "Resource") if asked else NOTHING
    if len(actions.texts) * len(resources.texts) > limits.RULE_CELLS:
        raise PolicyError(f"a statement combines more than {limits.RULE_CELLS} actions and resources")
    written = {text.lower(): text for text in sorted(actions.texts, reverse=True)}
    statement = Statement(
        effect.lower(),
        Patterns(frozenset(written), actions.negated),
        resources,
        _conditions(raw.get("Condition", {})),
        malformed=bool(others) or (old and _has_variable(raw)),
        loose=frozenset(
            name
            for name, values in (("actions", _values(raw, "Action")), ("resources", _values(raw, "Resource")))
            if any(isinstance(value, Unknown) and not _bounded(value) for value in values)
        ),
    )
    return statement, written


def _has_variable(raw: Mapping[str, Any]) -> bool:
    """Whether a policy variable stands in a statement: its name has a colon, as no reference of code has."""
    waiting: list[Any] = [raw.get(name) for name in ("Resource", "NotResource", "Condition")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and any(":" in hole for hole in _HOLE.findall(value)):
            return True
    return False


def _values(raw: Mapping[str, Any], name: str) -> Iterable[Any]:
    value = raw.get(name, raw.get(f"Not{name}"))
    return value if isinstance(value, list) else [value]


def _bounded(value: Unknown) -> bool:
    """Whether an unknown pattern is surely that of some one thing: a text around a hole, or the name of a
    resource. What a variable or a module holds may as well be `*`."""
    if "${" in value.text:
        return not value.text.startswith("${") or not value.text.endswith("}")
    steps = steps_of(value.text)
    while steps[:1] == ("module",):
        steps = steps[2:]
    steps = steps[steps[:1] == ("data",) :]
    return len(steps) == 3 and "_" in steps[0] and all(s.replace("-", "_").isidentifier() for s in steps)


def spelled(value: Unknown) -> str:
    """An unknown text as a pattern: what is not known stands in `${}` and is equal only to itself."""
    text = value.text if "${" in value.text else f"${{{value.text}}}"
    return _HOLE.sub(lambda hole: hole[0].replace("*", "").replace("?", ""), text)


def _patterns(raw: Mapping[str, Any], name: str) -> Patterns:
    if (name in raw) == (f"Not{name}" in raw):
        raise PolicyError(f"a statement of the policy needs one of {name} and Not{name}")
    negated = name not in raw
    texts = _texts(raw[f"Not{name}" if negated else name])
    if not texts:
        raise PolicyError(f"a statement of the policy has an empty {name}")
    return Patterns(frozenset(texts), negated)


def _texts(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, (str, Unknown)) for text in texts):
        raise PolicyError("the policy has something else than text where a pattern belongs")
    return [spelled(text) if isinstance(text, Unknown) else text for text in texts]


def _conditions(raw: Any) -> frozenset[Atom]:
    if isinstance(raw, Unknown):
        return frozenset({Atom(OPEN, "", raw.text, ())})
    if not isinstance(raw, Mapping) or not all(isinstance(keys, (Mapping, Unknown)) for keys in raw.values()):
        raise PolicyError("a Condition of the policy is not a map of operators to keys")
    found = set()
    for operator, keys in raw.items():
        if isinstance(keys, Unknown):
            found.add(Atom(OPEN, "", keys.text, ()))
            continue
        for key, value in keys.items():
            found.add(_atom(operator.lower(), key.lower(), value))
    return frozenset(found)


def _atom(operator: str, key: str, value: Any) -> Atom:
    values = value if isinstance(value, list) else [value]
    values = [spelled(v) if isinstance(v, Unknown) else v for v in values]
    if not all(isinstance(v, (str, bool, int, float)) for v in values):
        raise PolicyError("a Condition of the policy has a value that is not text")
    texts = {v if isinstance(v, str) else json.dumps(v) for v in values}
    qualifier = next((q for q in _QUALIFIERS if operator.startswith(q)), "")
    return Atom(operator.removeprefix(qualifier), qualifier.removesuffix(":"), key, tuple(sorted(texts)))
