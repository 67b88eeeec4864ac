"""What goes on under another name, and names that lead to nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from changegate.derive.grants.aws.policy import Statement
from changegate.derive.grants.held import Held
from changegate.model.subject import Index

_Holdings = dict[str, list[Held[Statement]]]


def follow(before: Sequence[Held[Statement]], after: Sequence[Held[Statement]]) -> list[Held[Statement]]:
    """Base grants under the names that the head has for their holders.

    A holder that only one side knows is a holder of the other side renamed when both have the same name
    in AWS, whatever their resources are called. A policy that nobody is attached to is another one renamed
    when both say the same, or when it is a file of which only the folder changed.
    """
    old, new = _by_holder(before), _by_holder(after)
    gone = {holder: held for holder, held in old.items() if holder not in new}
    come = {holder: held for holder, held in new.items() if holder not in old}
    names: dict[str, str] = {}
    for likeness in (_named, _defined, _filed):
        if gone and come:
            found = _pairs(gone, come, likeness)
            gone = {holder: held for holder, held in gone.items() if holder not in found}
            come = {holder: held for holder, held in come.items() if holder not in found.values()}
            names |= found
    if not names:
        return list(before)
    return [replace(held, holder=names.get(held.holder, held.holder)) for held in before]


def without_deleted(base: Index, head: Index, after: Sequence[Held[Statement]]) -> list[Held[Statement]]:
    """Grants of the head, but for those that name a policy which the change deletes: it gives nothing."""
    deleted = _policies(base) - _policies(head)
    return [held for held in after if (held.identity.unit, held.core.unknown) not in deleted]


def deleted_owners(base: Index, head: Index) -> frozenset[tuple[str, str]]:
    """Units and addresses of the roles, users and groups that the change deletes: nothing holds them back
    or lets them in any more."""
    return _owners(base) - _owners(head)


def _owners(index: Index) -> frozenset[tuple[str, str]]:
    return frozenset(
        (owner.identity.unit, owner.identity.address)
        for kind in ("role", "user", "group")
        for owner in index.of(f"terraform/aws_iam_{kind}")
    )


def _policies(index: Index) -> set[tuple[str, str]]:
    """Policies by what stands for their statements where somebody is attached to them by name."""
    found = set()
    for policy in index.of("terraform/aws_iam_policy"):
        unit, address, arn = policy.identity.unit, policy.identity.address, policy.data.get("arn")
        found.add((unit, f"{address}.arn"))
        if isinstance(arn, str):
            found.add((unit, f"statements of {arn}"))
    return found


def _by_holder(grants: Sequence[Held[Statement]]) -> _Holdings:
    found: _Holdings = {}
    for held in grants:
        found.setdefault(held.holder, []).append(held)
    return found


def _pairs(
    gone: _Holdings, come: _Holdings, likeness: Callable[[list[Held[Statement]]], Hashable]
) -> dict[str, str]:
    """Holders of the two sides that are alike, and like no other; of several that say the same, in order."""
    old, new = _alike(gone, likeness), _alike(come, likeness)
    return {
        before: after
        for key, holders in old.items()
        if len(holders) == len(new.get(key, ())) and (len(holders) == 1 or likeness is _defined)
        for before, after in zip(holders, new[key], strict=True)
    }


def _alike(
    holdings: _Holdings, likeness: Callable[[list[Held[Statement]]], Hashable]
) -> dict[Hashable, list[str]]:
    found: dict[Hashable, list[str]] = {}
    for holder, held in holdings.items():
        key = likeness(held)
        if key is not None:
            found.setdefault(key, []).append(holder)
    return found


def _named(grants: list[Held[Statement]]) -> Hashable:
    """The name in AWS of a role, user or group."""
    first = grants[0]
    name = first.grant.principal.name
    if first.grant.kind != "identity" or not isinstance(name, str):
        return None
    return first.identity.unit, first.grant.principal.type, name


def _defined(grants: list[Held[Statement]]) -> Hashable:
    """All that an unattached policy says."""
    if grants[0].grant.kind != "definition":
        return None
    return grants[0].identity.unit, frozenset(held.core for held in grants)


def _filed(grants: list[Held[Statement]]) -> Hashable:
    """The name of a file that is an unattached policy; its address is its path."""
    path = grants[0].grant.principal.id
    if grants[0].grant.kind != "definition" or not isinstance(path, str) or not path.endswith(".json"):
        return None
    return grants[0].identity.unit, path.rpartition("/")[2]
