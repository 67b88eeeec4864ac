"""What one statement says of who may do what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from changegate.kinds.sql.cursor import Name, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """type: table | sequence | schema | database | function | role | server ... in lower case
    name: as the database takes it; `*` for everything; `all in schema app` and `future in schema app` for
          what is or will be there
    """

    type: str
    name: str
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A grant, or a revocation. actions: in capitals, `SELECT (email)` for one column; `ALL` for all.

    passwords: those that the statement sets on the way, `text` or `digest`
    """

    gives: bool
    actions: list[str]
    targets: list[Target]
    grantees: list[Name]
    passwords: list[Name] = field(default_factory=list)
    part: Part
    actions_part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A role or user that is made, altered or dropped.

    attributes, without: what it gets (`SUPERUSER`) and what is taken
    credential: none | text (the password itself) | digest | unknown
    member_of: roles it becomes a member of; members: those that become members of it
    """

    does: str
    names: list[Name]
    attributes: list[Name] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    credential: str = "none"
    credential_part: Part = (0, 0)
    member_of: list[Name] = field(default_factory=list)
    members: list[Name] = field(default_factory=list)
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Row-level security of a table is switched: ENABLE | DISABLE | FORCE | NO FORCE."""

    table: str
    does: str
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy on the rows of a table. command: ALL | SELECT | INSERT | UPDATE | DELETE

    roles: [] for every role; using, check: the expressions, "" for none
    """

    table: str
    name: str
    permissive: bool
    command: str
    roles: list[str]
    using: str
    check: str
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that runs with the rights of its owner. path: it says where names are looked up."""

    name: str
    path: bool
    part: Part


Said: TypeAlias = Right | Account | Rows | Policy | Function
