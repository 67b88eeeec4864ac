"""Statements of one side, collected into grants."""

from __future__ import annotations

from collections.abc import Mapping

from changegate import limits
from changegate.derive.grants.aws.grant import Draft, Holder, finish
from changegate.derive.grants.aws.policy import Patterns, Statement
from changegate.derive.grants.held import Held
from changegate.errors import InputProblem
from changegate.model.subject import Index, Subject, Unknown

Role = tuple[str | Unknown, bool]
"""The name of a policy ("" when it has none), and whether it is one of AWS's own."""


class Drafts:
    """Statements of one holder that differ in their actions only become one grant."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._drafts: dict[tuple[object, ...], Draft] = {}

    def finished(self) -> list[Held[Statement]]:
        """The grants, in the order of their first statements."""
        return [finish(draft, self._index) for draft in self._drafts.values()]

    def add(
        self,
        unit: str,
        holder: Holder,
        statement: Statement,
        written: Mapping[str, str],
        role: Role,
        sources: list[tuple[Subject, str, str]],
        *,
        exclusive: bool = False,
    ) -> None:
        """Take one statement. `role`: name of its policy ("" when it has none), and whether it is AWS's own.
        `sources`: subject, dotted field it was read at, and the field of the grant it made ("" = all)."""
        same_actions = statement.actions if statement.actions.negated else None
        key = (unit, holder.key, holder.kind, statement.effect, same_actions, statement.resources,
               statement.conditions, statement.unknown)  # fmt: skip
        draft = self._drafts.get(key)
        if draft is None:
            if len(self._drafts) >= limits.GRANTS:
                path = sources[0][0].path
                raise InputProblem(f"the policies make more than {limits.GRANTS} grants", path=path)
            draft = self._drafts[key] = Draft(unit, holder, statement)
        elif not statement.actions.negated:
            draft.statement = _united(draft.statement, statement)
        draft.exclusive |= exclusive
        draft.written.update(written)
        if role[0] != "":
            draft.roles.add(role)
        for subject, dotted, name in sources:
            draft.sources.add(subject, dotted, name)

    def pass_on(self, unit: str, key: str, holder: Holder, role: Role, via: tuple[Subject, str]) -> None:
        """Give a holder what another, by its key, has of its own: members have what their group has."""
        for draft in list(self._drafts.values()):
            if draft.unit != unit or draft.holder.key != key or draft.holder.kind != "identity":
                continue
            sources = draft.sources.copy()
            sources.add(*via, "principal")
            name = (unit, holder.key, holder.kind, id(draft))
            self._drafts[name] = Draft(unit, holder, draft.statement, dict(draft.written), {role}, sources)

    def add_unknown(
        self,
        unit: str,
        holder: Holder,
        value: Unknown,
        role: Role,
        sources: list[tuple[Subject, str, str]],
        *,
        exclusive: bool = False,
    ) -> None:
        """Take a statement, or a whole policy, that cannot be read."""
        self.add(unit, holder, Statement.not_known(value.text), {}, role, sources, exclusive=exclusive)


def _united(one: Statement, other: Statement) -> Statement:
    actions = Patterns(one.actions.texts | other.actions.texts)
    malformed = one.malformed or other.malformed
    loose = one.loose | other.loose
    return Statement(one.effect, actions, one.resources, one.conditions, malformed, one.unknown, loose)
