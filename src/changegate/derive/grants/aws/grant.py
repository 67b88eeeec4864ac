"""One AWS grant, from the statements that make it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from changegate.derive.grants.aws.breadth import conditions, flags, wildcard
from changegate.derive.grants.aws.conditions import missing, vacuous
from changegate.derive.grants.aws.cover import shown_condition
from changegate.derive.grants.aws.policy import Statement
from changegate.derive.grants.aws.principals import Whom
from changegate.derive.grants.held import Held, Sources, hold, listed, misformed
from changegate.model.grant import Actions, Grant, Principal, Resources, Role, Scope
from changegate.model.subject import Index, Subject, Unknown

_ACCESS = frozenset(
    {"identity", "definition", "membership"}
)  # grants whose actions may lead to further rights


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a grant. key: equal on both sides for the same principal; flags: what the way it came
    says of it."""

    key: str
    principal: Principal
    kind: str = "identity"
    flags: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()


def opening(subject: Subject, whom: Whom, kind: str) -> Holder:
    """Somebody to whom a role (`trust`) or another resource opens itself."""
    verb = "trusts" if kind == "trust" else "opens to"
    principal = whom.principal
    who = principal.id.text if isinstance(principal.id, Unknown) else principal.id
    return Holder(
        f"{subject.identity.address} {verb} {principal.type} {who}",
        principal,
        kind,
        frozenset(whom.flags),
        frozenset(whom.missing),
    )


@dataclass(slots=True)
class Draft:
    """Statements of one principal that differ in their actions only. exclusive: what gives them takes away
    whatever else gives the like."""

    unit: str
    holder: Holder
    statement: Statement
    written: dict[str, str] = field(default_factory=dict)
    roles: set[tuple[str | Unknown, bool]] = field(default_factory=set)
    sources: Sources = field(default_factory=Sources)
    exclusive: bool = False


_WAYS = {"ceiling": " at most", "membership": " as a member"}  # a holder has grants of several kinds
_ELEMENTS = {
    "actions": ("Action", "NotAction"),
    "resources": ("Resource", "NotResource"),
    "conditions": ("Condition",),
    "principal": ("Principal", "NotPrincipal"),
}


def places(subject: Subject, where: str) -> list[tuple[Subject, str, str]]:
    """Where a grant was read: a whole policy, or one statement of which the elements are seen. Subject,
    dotted place, and the field of the grant ("" = all of it)."""
    found = [(subject, where, "")]
    statement = _statement(subject.data, where)
    for name, elements in _ELEMENTS.items():
        element = next((e for e in elements if e in statement), "")
        found.append((subject, f"{where}.{element}" if element else where, name))
    return found


def _statement(data: Any, where: str) -> Mapping[str, Any]:
    found = value_at(data, where)
    return found if isinstance(found, Mapping) else {}


def value_at(data: Any, where: str) -> Any:
    """What stands at a dotted place; None where there is nothing, what is not known where that begins."""
    for step in where.split("."):
        if isinstance(data, list):
            data = data[int(step)] if step.isdigit() and int(step) < len(data) else None
        elif not isinstance(data, Unknown):
            data = data.get(step) if isinstance(data, Mapping) else None
    return data


def settled(subject: Subject, policy: Any) -> Any:
    """A policy as it is. One that is no text only with values that may be others, such as the default of a
    variable, is not known."""
    if policy is None or subject.confidence == "exact" or isinstance(policy, (str, Mapping, Unknown)):
        return policy
    return misformed(policy, "the policy is not text")


def finish(draft: Draft, index: Index) -> Held[Statement]:
    """The grant that a draft has become."""
    statement, holder = draft.statement, draft.holder
    roles = sorted(draft.roles, key=str)
    found = _flags(statement, holder)
    lacks = holder.missing | (missing(statement) if holder.kind in _ACCESS else set())
    if statement.unknown:
        unknown = Unknown(statement.unknown)
        actions = Actions(include=unknown, wildcard=unknown)
        # However wide it is, what stands at a resource opens no more than that.
        resources = Resources(include=unknown, wildcard=unknown if holder.kind in _ACCESS else "none")
    else:
        actions, resources = _actions(draft), _resources(statement)
    grant = Grant(
        system="aws",
        kind=holder.kind,
        effect=statement.effect,
        principal=holder.principal,
        role=Role(
            name=roles[0][0] if len(roles) == 1 else ", ".join(str(name) for name, _ in roles),
            builtin=bool(roles) and all(builtin for _, builtin in roles),
            resolved=not statement.unknown,
            admin="admin" in found,
        ),
        actions=actions,
        resources=resources,
        conditions=Unknown(statement.unknown) if statement.unknown else conditions(statement),
        scope=Scope(type="account"),
        authority="exclusive" if draft.exclusive else "additive",
        flags=sorted(found),
        missing_conditions=sorted(lacks) if statement.effect == "allow" else [],
    )
    unsure = statement.unknown or statement.loose or isinstance(holder.principal.id, Unknown)
    return hold(
        index.side,
        draft.unit,
        _address(draft),
        grant,
        draft.sources,
        holder=holder.key,
        core=statement,
        confidence="unknown" if unsure else "exact",
    )


def _flags(statement: Statement, holder: Holder) -> set[str]:
    found = {"malformed"} if statement.malformed else set()
    if holder.kind == "ceiling" or statement.effect != "allow":
        return found
    if vacuous(statement.conditions):
        found.add("vacuous_condition")
    return found | holder.flags | (flags(statement) if holder.kind in _ACCESS else set())


def _actions(draft: Draft) -> Actions:
    texts, negated = draft.statement.actions
    written = sorted(draft.written[text] for text in texts)
    kind = _width(draft.statement, "actions", wildcard(draft.statement.actions, actions=True))
    if negated:
        return Actions(include=["*"], exclude=written, negated=True, wildcard=kind)
    return Actions(include=written, wildcard=kind)


def _resources(statement: Statement) -> Resources:
    patterns = statement.resources
    texts = sorted(patterns.texts)
    kind = _width(statement, "resources", wildcard(patterns, actions=False))
    if patterns.negated:
        return Resources(include=["*"], exclude=texts, negated=True, wildcard=kind)
    return Resources(include=texts, wildcard=kind)


def _width(statement: Statement, name: str, kind: str) -> str | Unknown:
    """How broad a list is: where a pattern of it is not known, only `all` is sure."""
    if kind == "all" or name not in statement.loose:
        return kind
    patterns = statement.actions if name == "actions" else statement.resources
    return Unknown(", ".join(sorted(text for text in patterns.texts if "${" in text)))


def _address(draft: Draft) -> str:
    statement = draft.statement
    holder = f"{draft.holder.key}{_WAYS.get(draft.holder.kind, '')}"
    if statement.unknown:
        return f"{holder}: what is not known ({listed([statement.unknown])})"
    words = [f"{holder}: {statement.effect}"]
    if statement.actions.negated:
        words.append(f"all but {listed(sorted(statement.actions.texts))}")
    but = "all but " if statement.resources.negated else ""
    words.append(f"on {but}{listed(sorted(statement.resources.texts))}")
    if statement.conditions:
        atoms = [f"{shown_condition(a)} {','.join(a.values)}" for a in sorted(statement.conditions)]
        words.append(f"if {listed(atoms)}")
    return " ".join(words)
