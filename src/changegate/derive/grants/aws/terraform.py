"""Grants of AWS policies in Terraform code and plans.

Read are the policies of roles, users, groups and permission sets (`aws_identity`), what opens a resource
to others (`aws_resource`), and what holds all of it at most (`aws_ceilings`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from changegate.derive.grants.aws import ceilings, guards, identity, resource
from changegate.derive.grants.aws.cover import compare
from changegate.derive.grants.aws.escalation import Paths
from changegate.derive.grants.aws.names import deleted_owners, without_deleted
from changegate.derive.grants.aws.policy import Statement
from changegate.derive.grants.held import Held
from changegate.model.change import Change
from changegate.model.subject import Index


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of grants between the two states of a folder's code or plan."""
    before, limits_before = ceilings.parted(grants(base))
    after, limits_after = ceilings.parted(without_deleted(base, head, grants(head)))
    was, now = Paths(before), Paths(after)
    for change in now.opened(was, compare(was.grants, now.grants, deleted_owners(base, head))):
        yield _revoking(change)
    yield from ceilings.compare(limits_before, limits_after, ceilings.stays_in(head))


def grants(index: Index) -> list[Held[Statement]]:
    """The grants of one side, in order of reading.

    Raises InputProblem for policies that are no policies, when the change proposes them.
    """
    found = [*identity.grants(index), *resource.grants(index), *ceilings.grants(index)]
    return guards.of_people(found)


def _revoking(change: Change) -> Change:
    """Told is where a grant newly takes away what else there may be."""
    after, before = change.after, change.before
    exclusive = after is not None and after.data["authority"] == "exclusive"
    if not exclusive or (before is not None and before.data["authority"] == "exclusive"):
        return change
    return replace(change, delta={**change.delta, "may_revoke": True})
