"""Conditions of IAM statements as propositions: which hold together, and which follow from others.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
A condition is a proposition, or the negation of one: `StringNotEquals` holds exactly where `StringEquals`
with the same values does not. A proposition holds where its key has one of its values; `IfExists` makes
an absent key one more of them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any, Final, NamedTuple

from changegate import limits
from changegate.derive.grants.aws.policy import OPEN, Atom
from changegate.derive.grants.cover import arn_includes, includes
from changegate.derive.grants.globs import ANY, ARN_PARTS, COLON, ONE, holes

Conditions = frozenset[Atom]


class Value(NamedTuple):
    """What a key may be. form: text | folded | like | arn | net | null, or numeric and date with one of
    `<`, `<=`, `>`, `>=`, `==`; written: the operand, in lower case where the case does not matter."""

    form: str
    written: str


class Proposition(NamedTuple):
    """form: `any` (the key, or one of its values, is one of `values`), `all` (each of its values is, and
    be it that it has none), `open` (nothing is known but its text)."""

    form: str
    quantity: str
    key: str
    values: frozenset[Value]


Literal = tuple[Proposition, bool]

_ABSENT: Final = Value("null", "")
_EQUALS: Final = {
    "stringequals": "text",
    "stringequalsignorecase": "folded",
    "stringlike": "like",
    "arnequals": "arn",
    "arnlike": "arn",
    "ipaddress": "net",
    "bool": "folded",
    "binaryequals": "text",
    "numericequals": "==",
    "dateequals": "==",
    "numericlessthan": "<",
    "numericlessthanequals": "<=",
    "numericgreaterthan": ">",
    "numericgreaterthanequals": ">=",
    "datelessthan": "<",
    "datelessthanequals": "<=",
    "dategreaterthan": ">",
    "dategreaterthanequals": ">=",
}
_DIGITS: Final = 64


@lru_cache(maxsize=4096)
def literal(atom: Atom) -> Literal:
    """A condition as a proposition and whether it must hold. What is not known is a proposition too."""
    if atom.operator == "null" and set(atom.values) in ({"true"}, {"false"}):
        return Proposition("any", "", atom.key, frozenset({_ABSENT})), atom.values == ("true",)
    operator = atom.operator.removesuffix("ifexists")
    optional = operator != atom.operator
    negated = "not" in operator
    form = _EQUALS.get(_affirmed(operator))
    values = [_value(form, operator, text) for text in atom.values] if form else []
    found = frozenset(value for value in values if value)
    # All values are among these; or, negated, some value is not.
    everyone = bool(atom.qualifier) and (atom.qualifier == "forallvalues") != negated
    if not values or None in values or (everyone and negated and optional):
        return Proposition("open", atom.qualifier, f"{atom.operator} {atom.key}", _opaque(atom)), True
    if everyone:
        return Proposition("all", "many", atom.key, found), not negated
    quantity = "many" if atom.qualifier else ""
    if optional and not negated:
        found |= {_ABSENT}
    return Proposition("any", quantity, atom.key, found), not negated


def _affirmed(operator: str) -> str:
    """The operator without its negation: `notipaddress`, `stringnotequals`."""
    return operator.replace("not", "", 1)


def _opaque(atom: Atom) -> frozenset[Value]:
    return frozenset(Value("text", text) for text in atom.values)


def _value(form: str | None, operator: str, text: str) -> Value | None:
    """A value, None when it cannot be compared."""
    if form in ("text", "like", "arn"):
        return Value(form, text)
    if form == "folded":
        return Value(form, text.lower())
    if form == "net":
        return Value(form, text) if _network(text) is not None else None
    kind = "date" if operator.startswith("date") else "numeric"
    return Value(f"{kind}{form}", text) if form and _order(kind, text) is not None else None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _order(kind: str, text: str) -> Fraction | datetime | None:
    """A number, or a point in time; one without a zone is in UTC."""
    try:
        if kind == "numeric":
            return Fraction(text) if len(text) <= _DIGITS and "e" not in text.lower() else None
        moment = datetime.fromisoformat(text)
    except (ValueError, ZeroDivisionError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def implied(wide: Iterable[Atom], narrow: Conditions) -> bool:
    """Every condition of the wide statement surely holds whenever all of the narrow one do."""
    return not not_implied(wide, narrow)


def not_implied(wide: Iterable[Atom], narrow: Conditions) -> list[Atom]:
    """Those of the wide conditions that may fail while all of the narrow ones hold."""
    return [atom for atom in wide if not any(_implies(literal(other), literal(atom)) for other in narrow)]


@lru_cache(maxsize=16384)
def _implies(strong: Literal, weak: Literal) -> bool:
    (one, holds), (other, wanted) = strong, weak
    if strong == weak:
        return True
    if holds and wanted:
        return _within(one, other)
    if not holds and not wanted:
        return _within(other, one)
    # A key that is not there has no value; one that has a value is there.
    return holds and _excludes(one, other)


def _within(one: Proposition, other: Proposition) -> bool:
    """One holding, the other holds."""
    if one.key != other.key or "open" in (one.form, other.form):
        return False
    if one.values == {_ABSENT} and other.form == "all":
        return True
    if one.form != other.form or (one.quantity != other.quantity and one.values != {_ABSENT}):
        return False
    return all(any(covers(wide, value) for wide in other.values) for value in one.values)


def _excludes(one: Proposition, other: Proposition) -> bool:
    if one.key != other.key or one.form != "any" or other.form != "any":
        return False
    return (one.values == {_ABSENT} and _ABSENT not in other.values) or (
        other.values == {_ABSENT} and _ABSENT not in one.values
    )


def covers(wide: Value, narrow: Value) -> bool:
    """Whatever fits the one value fits the other; False when that is not sure."""
    if wide == narrow:
        return True
    test = _TESTS.get((wide.form, narrow.form))
    if test is not None:
        return test(wide.written, narrow.written)
    kind = next((kind for kind in ("numeric", "date") if wide.form.startswith(kind)), "")
    return bool(kind) and narrow.form.startswith(kind) and _in_order(kind, wide, narrow)


def _like_holds_arn(wide: str, narrow: str) -> bool:
    # A name that lacks parts stands for more texts than it has as a pattern.
    return narrow.count(COLON) >= ARN_PARTS - 1 and includes(wide, narrow)


def _arn_holds_text(wide: str, narrow: str) -> bool:
    return not any(symbol in narrow for symbol in (ANY, ONE, "${")) and arn_includes(wide, narrow)


def _holds_network(wide: str, narrow: str) -> bool:
    one, other = _network(wide), _network(narrow)
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return other.subnet_of(one)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return other.subnet_of(one)
    return False


_TESTS: Final[dict[tuple[str, str], Callable[[str, str], bool]]] = {
    ("folded", "text"): lambda wide, narrow: wide == narrow.lower(),
    # A text of which `*` is a character is one of those that it matches as a pattern.
    ("like", "text"): includes,
    ("like", "like"): includes,
    ("like", "arn"): _like_holds_arn,
    ("arn", "arn"): arn_includes,
    ("arn", "text"): _arn_holds_text,
    ("arn", "like"): _arn_holds_text,
    ("net", "net"): _holds_network,
}


def _in_order(kind: str, wide: Value, narrow: Value) -> bool:
    a: Any = _order(kind, wide.written)
    b: Any = _order(kind, narrow.written)
    limit, given = wide.form.removeprefix(kind), narrow.form.removeprefix(kind)
    if given == "==":
        return bool({"<": b < a, "<=": b <= a, ">": b > a, ">=": b >= a, "==": a == b}[limit])
    if limit[0] != given[0] or limit == "==":
        return False
    strict = given == limit or "=" not in given
    below = b <= a if strict else b < a
    above = b >= a if strict else b > a
    return bool(below if limit[0] == "<" else above)


def worlds(given: Conditions, asked: Sequence[Conditions]) -> list[frozenset[int]] | None:
    """The ways in which sets of conditions can hold together while all of `given` do: for each, which hold.

    None when there are more than `limits.CONDITION_ATOMS` independent propositions.
    """
    fixed = [literal(atom) for atom in given]
    wanted = [[literal(atom) for atom in conditions] for conditions in asked]
    free: dict[Proposition, None] = {}
    settled: dict[Proposition, bool] = dict(fixed)
    for proposition, _ in (pair for conditions in wanted for pair in conditions):
        if proposition in settled:
            continue
        for truth in (True, False):
            if any(_implies(known, (proposition, truth)) for known in fixed):
                settled[proposition] = truth
                break
        else:
            free[proposition] = None
    if len(free) > limits.CONDITION_ATOMS:
        return None
    found: dict[frozenset[int], None] = {}
    for truths in product((True, False), repeat=len(free)):
        state = settled | dict(zip(free, truths, strict=True))
        if _consistent(state):
            found[frozenset(at for at, need in enumerate(wanted) if all(state[p] is t for p, t in need))] = (
                None
            )
    return list(found)


def _consistent(state: dict[Proposition, bool]) -> bool:
    """False only when no request can be like this."""
    for one, holds in state.items():
        if not holds:
            continue
        others = [(other, truth) for other, truth in state.items() if other.key == one.key and other != one]
        if any(_within(one, other) for other, truth in others if not truth):
            return False
        if any(_excludes(one, other) for other, truth in others if truth):
            return False
        if one.form == "any" and not _possible(one, others):
            return False
    return True


def _possible(one: Proposition, others: Iterable[tuple[Proposition, bool]]) -> bool:
    """Some value of it is in none of those that do not hold, and the key is not there and gone at once."""
    near = [(other, holds) for other, holds in others if other.form == "any"]
    rest = [other for other, holds in near if not holds and other.quantity in (one.quantity, "")]
    gone = all(_ABSENT in other.values for other, holds in near if holds)
    there = all(other.values != {_ABSENT} for other, holds in near if holds)
    return any(
        (gone if value == _ABSENT else there)
        and not any(covers(wide, value) for other in rest for wide in _told(other, one))
        for value in one.values
    )


def _told(other: Proposition, one: Proposition) -> Iterator[Value]:
    """Values of another proposition that say something about one of this quantity."""
    for value in other.values:
        if value == _ABSENT or other.quantity == one.quantity:
            yield value


def optional(atom: Atom) -> bool:
    """It lets everyone in who leaves the key out, so adding it takes nothing away."""
    return atom.qualifier == "forallvalues" or atom.operator.endswith("ifexists")


def is_open(atom: Atom) -> bool:
    """Its operator or a value of it is not known."""
    return atom.operator == OPEN or any(True for value in atom.values for _ in holes(value))
