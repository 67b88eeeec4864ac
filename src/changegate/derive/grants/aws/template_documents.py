"""Policy documents of a template, taken apart into statements of their holders."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from changegate.derive.grants.aws.drafts import Drafts, Role
from changegate.derive.grants.aws.grant import Holder, opening
from changegate.derive.grants.aws.policy import Patterns, PolicyError, Statement, read
from changegate.derive.grants.aws.principals import ELEMENTS, Setting, denials, principals
from changegate.derive.grants.aws.symbols import Open, as_text, bounded, choices
from changegate.derive.grants.held import binding_on_head, misformed, refuse
from changegate.derive.stacks import Stacks
from changegate.model.grant import Principal
from changegate.model.subject import Subject, Unknown

PLAIN: Final[Role] = ("", False)
"""No named policy."""

_MEND: Final = "Write a policy document that AWS accepts."
_PARTS: Final = {
    "actions": ("Action", "NotAction"),
    "resources": ("Resource", "NotResource"),
    "conditions": ("Condition",),
    "principal": ("Principal", "NotPrincipal"),
}

_PATTERNS: Final = frozenset({"Action", "NotAction", "Resource", "NotResource"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Where a policy stands and whom it serves.

    holder: who holds its statements; None where they name their principals themselves
    on: the resources it guards, for statements that name none
    via: the subject and place that attach it, when that is not where it is written
    trust: it says who may become what it guards
    setting: what surrounds its statements
    """

    subject: Subject
    holder: Holder | None = None
    role: Role = PLAIN
    on: tuple[str, ...] = ()
    via: tuple[Subject, str] | None = None
    trust: bool = False
    setting: Setting = field(default_factory=Setting)


class Documents:
    """Adds the statements of policies to the drafts of one side. `names`: resources by template."""

    def __init__(
        self, drafts: Drafts, names: Mapping[str, Mapping[str, Subject]], stacks: Stacks | None
    ) -> None:
        self._drafts = drafts
        self._names = names
        self._stacks = stacks

    def unit(self, subject: Subject) -> str:
        """The template of a subject, by its path at the head."""
        unit = subject.identity.unit
        return self._stacks.now(unit) if self._stacks else unit

    def take(self, policy: Policy, where: str, document: Any) -> None:
        """Take the policy document that stands at a dotted place of its subject; nothing for None.

        Raises InputProblem for a document that is none, when the change proposes it.
        """
        if document is None:
            return
        if isinstance(document, str):
            document = _parsed(document)
        for chosen in choices(document):
            statements = chosen.get("Statement") if isinstance(chosen, dict) else None
            if isinstance(chosen, Unknown):
                self.unknown(policy, where, chosen)
            elif not isinstance(statements, (list, dict, Unknown)):
                self._fault(policy, where, chosen, "the policy has no statements")
            else:
                every = items(statements)
                setting = replace(policy.setting, denials=self._denials(policy, [raw for _, raw in every]))
                whole = replace(policy, setting=setting)
                old = chosen.get("Version") in (None, "2008-10-17")
                for at, raw in every:
                    self.statement(whole, f"{where}.Statement{at}".lstrip("."), raw, old=old)

    def _denials(self, policy: Policy, statements: list[Any]) -> tuple[Statement, ...]:
        """What a policy denies to everybody; what is wrong with a statement is told where it is taken."""
        found: list[tuple[Any, Statement]] = []
        for raw in statements:
            if policy.holder is None and isinstance(raw, dict) and raw.get("Effect") == "Deny":
                with suppress(PolicyError, Open):
                    found.append((raw, self._settled(policy, raw)[0]))
        return denials([raw for raw, _ in found], [statement for _, statement in found])

    def statement(self, policy: Policy, where: str, raw: Any, *, old: bool = False) -> None:
        """Take one statement. Raises as `take` does."""
        try:
            for holder, statement, actions in self._read(policy, raw, old):
                sources = _sources(policy, where, raw)
                self._drafts.add(self.unit(policy.subject), holder, statement, actions, policy.role, sources)
        except Open as error:
            self.unknown(policy, where, unknown_of(raw, error.value))
        except PolicyError as error:
            self._fault(policy, where, raw, str(error))

    def unknown(self, policy: Policy, where: str, value: Unknown) -> None:
        """Take something that cannot be read."""
        principal = Principal(type="any", id=value, name=value)
        holder = policy.holder or Holder(f"resource ?({value.text})", principal, "resource")
        sources = _sources(policy, where, {})
        self._drafts.add_unknown(self.unit(policy.subject), holder, value, policy.role, sources)

    def _read(
        self, policy: Policy, raw: Any, old: bool
    ) -> Iterator[tuple[Holder, Statement, dict[str, str]]]:
        """A statement for each of its holders. Raises PolicyError and Open."""
        if isinstance(raw, Unknown):
            raise Open(raw)
        if not isinstance(raw, dict):
            raise PolicyError("a statement of the policy is not an object")
        names = self._names.get(policy.subject.identity.unit, {})
        whom = {key: _named(value, names) for key, value in raw.items() if key in ELEMENTS}
        if policy.holder is not None and not (whom and policy.holder.kind == "definition"):
            rest = {key: _settled(key, value, names) for key, value in raw.items() if key not in ELEMENTS}
            more = ELEMENTS if policy.holder.kind == "ceiling" else frozenset()
            yield policy.holder, *read({**rest, **whom}, more=more, old=old)
            return
        statement, actions = self._settled(policy, raw, old)
        sts = all(a.startswith("sts:") for a in statement.actions.texts)
        kind = "trust" if policy.trust or sts else "resource"
        setting = replace(policy.setting, trust=kind == "trust", issuers=_issuers(names))
        for one in principals(whom, statement, setting):
            yield opening(policy.subject, one, kind), statement, actions

    def _settled(
        self, policy: Policy, raw: Mapping[str, Any], old: bool = False
    ) -> tuple[Statement, dict[str, str]]:
        """A statement of a resource's policy, without whom it is about."""
        names = self._names.get(policy.subject.identity.unit, {})
        rest = {key: _settled(key, value, names) for key, value in raw.items() if key not in ELEMENTS}
        if "Resource" not in rest and "NotResource" not in rest:
            rest["Resource"] = list(policy.on)
        statement, actions = read(rest, old=old)
        return _at_home(statement, policy.on), actions

    def _fault(self, policy: Policy, where: str, raw: Any, cause: str) -> None:
        if binding_on_head(policy.subject):
            refuse(policy.subject, where, cause, _MEND)
        self.unknown(policy, where, misformed(_shown(raw)))


def _parsed(text: str) -> Any:
    """A policy that is written as text; the text itself when it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _sources(policy: Policy, where: str, raw: Any) -> list[tuple[Subject, str, str]]:
    """Where a statement, and the parts of it that make fields of the grant, stand."""
    subject = policy.subject
    found = [(subject, where, "")]
    for name, keys in _PARTS.items():
        key = next((k for k in keys if isinstance(raw, dict) and k in raw), "")
        found.append((subject, f"{where}.{key}".strip("."), name))
    if policy.via is not None:
        found.append((*policy.via, "principal"))
    return found


def items(value: Any) -> list[tuple[str, Any]]:
    """Items with their dotted step; a single value is its own item. Of a choice, whatever it may come to."""
    found: list[tuple[str, Any]] = []
    for whole in choices(value):
        listed = (
            [(f".{at}", item) for at, item in enumerate(whole)] if isinstance(whole, list) else [("", whole)]
        )
        found += ((at, chosen) for at, item in listed for chosen in choices(item) if chosen is not None)
    return found


def unknown_of(raw: Any, because: Unknown | None = None) -> Unknown:
    """What stands for something that cannot be read; equal texts are equal."""
    if isinstance(raw, Unknown):
        return raw
    mark = misformed(_shown(raw)).text.removeprefix("misformed ")
    return Unknown(f"{because.text if because else 'what it says'} {mark}")


def _shown(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: _shown(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_shown(item) for item in raw]
    return ["unknown", raw.text] if isinstance(raw, Unknown) else raw


def _settled(key: str, value: Any, names: Mapping[str, Subject]) -> Any:
    """An element of a statement with references as text. Raises Open."""
    if key == "Condition":
        # A value that is not known still names something; operators and keys say what is compared.
        for part in [value, *(value.values() if isinstance(value, dict) else ())]:
            if isinstance(part, Unknown):
                raise Open(part)
        return as_text(value)
    if key in _PATTERNS:
        return list(_flat(bounded(value, names)))
    if isinstance(value, Unknown):
        raise Open(value)
    return value


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _named(value: Any, names: Mapping[str, Subject]) -> Any:
    """Principals with references as text; what nothing bounds stays Unknown."""
    if isinstance(value, dict):
        return {key: _named(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    found = [_bounded_or_open(choice, names) for choice in choices(value)]
    return found[0] if len(found) == 1 else list(_flat(found))


def _bounded_or_open(value: Any, names: Mapping[str, Subject]) -> Any:
    try:
        return bounded(value, names)
    except Open:
        return value


def _at_home(statement: Statement, on: tuple[str, ...]) -> Statement:
    """In the policy of a resource, `*` is what the policy guards."""
    if statement.resources != Patterns(frozenset("*")):
        return statement
    return replace(statement, resources=Patterns(frozenset(on)), loose=statement.loose - {"resources"})


def _issuers(names: Mapping[str, Subject]) -> dict[str, str]:
    """URLs of identity providers by their logical ids."""
    found = {}
    for name, subject in names.items():
        if subject.kind == "cloudformation/AWS::IAM::OIDCProvider":
            properties = subject.data.get("Properties")
            url = properties.get("Url") if isinstance(properties, dict) else None
            if isinstance(url, str):
                found[name] = url
    return found
