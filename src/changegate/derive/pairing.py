"""Pairs the subjects of two sides into changes. The order of documents never matters."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from changegate.model.change import Action, Change
from changegate.model.subject import Identity, Subject, Unknown

Key: TypeAlias = Callable[[Subject], Hashable]
Couple: TypeAlias = tuple[Subject, Subject]


def content(subject: Subject) -> Hashable:
    """What a subject says, apart from who and where it is.

    Its own path is left out: a workflow states its path, and one that was only renamed is the same.
    """
    return (subject.kind, subject.identity.unit, _canonical(subject).replace(json.dumps(subject.path), "~"))


def pair(
    base: Iterable[Subject],
    head: Iterable[Subject],
    *,
    first: Sequence[Key] = (),
    alike: Sequence[Key] = (content,),
    akin: Sequence[Key] = (),
) -> list[Change]:
    """Changes from base to head; every subject is in exactly one of them. Sorted by identity and path.

    Equal identities pair on the same path first, then on other paths; the keys of `first`, which tell
    subjects of one identity apart, come before both. What is left over pairs by each key of `alike` in
    turn: such pairs are MOVED, because equal keys mean that nothing new was said. Then it pairs by each
    key of `akin`: such pairs are the same thing in another state.
    Where several subjects are candidates, equal data pairs first, the rest in the order of their text.
    """
    changes: list[Change] = []
    olds, news = list(base), list(head)
    for same in (*first, _address_on_path, _address):
        couples, olds, news = _match(olds, news, same)
        changes += [_compared(*couple) for couple in couples]
    for likeness in alike:
        couples, olds, news = _match(olds, news, likeness)
        changes += [Change(Action.MOVED, *couple, novel=False) for couple in couples]
    for kinship in akin:
        couples, olds, news = _match(olds, news, kinship)
        changes += [_compared(*couple) for couple in couples]
    changes += [Change(Action.REMOVED, old, None) for old in olds]
    changes += [Change(Action.ADDED, None, new) for new in news]
    return _in_order(changes)


def changed_paths(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Dotted names of the leaves that differ, sorted. Empty when both say the same.

    A leaf is a scalar, an `Unknown`, or an empty map or list. `1`, `1.0` and `true` differ; two
    Unknowns are equal when their texts are.
    """
    found: set[str] = set()
    _differences(before, after, "", found)
    return tuple(sorted(found - {""}))  # an empty map at the root is a leaf without a name


def _address_on_path(subject: Subject) -> Hashable:
    return (subject.identity, subject.path)


def _address(subject: Subject) -> Hashable:
    return subject.identity


def _compared(old: Subject, new: Subject) -> Change:
    paths = changed_paths(old.data, new.data)
    if paths:
        return Change(Action.MODIFIED, old, new, paths)
    if old.path != new.path:
        return Change(Action.MOVED, old, new, novel=False)
    return Change(Action.UNCHANGED, old, new, novel=False)


def _match(
    olds: list[Subject], news: list[Subject], key: Key
) -> tuple[list[Couple], list[Subject], list[Subject]]:
    """Couples of equal key, and what is left of both lists."""
    if not olds or not news:
        return [], olds, news
    groups: dict[Hashable, tuple[list[Subject], list[Subject]]] = defaultdict(lambda: ([], []))
    for subject in olds:
        groups[key(subject)][0].append(subject)
    for subject in news:
        groups[key(subject)][1].append(subject)
    couples: list[Couple] = []
    left_old: list[Subject] = []
    left_new: list[Subject] = []
    for mine, theirs in groups.values():
        if len(mine) == len(theirs) == 1:
            couples.append((mine[0], theirs[0]))
        elif mine and theirs:
            _match_several(mine, theirs, couples, left_old, left_new)
        else:
            left_old += mine
            left_new += theirs
    return couples, left_old, left_new


def _match_several(
    mine: list[Subject],
    theirs: list[Subject],
    couples: list[Couple],
    left_old: list[Subject],
    left_new: list[Subject],
) -> None:
    """Equal data first, then by text: the first of one side with the first of the other."""
    waiting: dict[str, list[Subject]] = defaultdict(list)
    for subject in sorted(mine, key=_text_order, reverse=True):
        waiting[_canonical(subject)].append(subject)
    rest: list[Subject] = []
    for subject in sorted(theirs, key=_text_order):
        same = waiting[_canonical(subject)]
        if same:
            couples.append((same.pop(), subject))
        else:
            rest.append(subject)
    others = sorted((s for same in waiting.values() for s in same), key=_text_order)
    paired = min(len(others), len(rest))
    couples += zip(others[:paired], rest[:paired], strict=True)
    left_old += others[paired:]
    left_new += rest[paired:]


def _text_order(subject: Subject) -> tuple[object, ...]:
    return (subject.path, subject.identity, _canonical(subject), _place(subject))


def _place(subject: Subject) -> tuple[object, ...]:
    """Where a subject stands in its file: it only decides between subjects equal in all else."""
    origin = subject.origins[""][0]
    return (origin.document.index, tuple(map(str, origin.route)))


def _canonical(subject: Subject) -> str:
    return _ENCODER.encode(subject.data)


def _unknown(value: Unknown) -> list[str]:
    return ["\0unknown", value.text]  # no text of a document holds NUL


_ENCODER = json.JSONEncoder(sort_keys=True, default=_unknown)


def _in_order(changes: list[Change]) -> list[Change]:
    """Sorted by identity and path; text is compared only where those two are equal."""
    groups: dict[tuple[Identity, str], list[Change]] = defaultdict(list)
    for change in changes:
        groups[(change.identity, change.subject.path)].append(change)
    ordered: list[Change] = []
    for key in sorted(groups):
        same = groups[key]
        ordered += same if len(same) == 1 else sorted(same, key=_change_order)
    return ordered


def _change_order(change: Change) -> tuple[object, ...]:
    return (_canonical(change.subject), change.action, _place(change.subject))


def _differences(before: Any, after: Any, name: str, found: set[str]) -> None:
    if before is after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping) and before and after:
        for key in before.keys() | after.keys():
            below = f"{name}.{key}" if name else str(key)
            if key not in after:
                found.update(_leaves(before[key], below))
            elif key not in before:
                found.update(_leaves(after[key], below))
            else:
                _differences(before[key], after[key], below, found)
    elif isinstance(before, list) and isinstance(after, list) and before and after:
        for index in range(min(len(before), len(after))):
            _differences(before[index], after[index], f"{name}.{index}", found)
        longer = before if len(before) > len(after) else after
        for index in range(min(len(before), len(after)), len(longer)):
            found.update(_leaves(longer[index], f"{name}.{index}"))
    elif not _same_leaf(before, after):
        found.update(_leaves(before, name))
        found.update(_leaves(after, name))


def _same_leaf(before: Any, after: Any) -> bool:
    if isinstance(before, Unknown) and isinstance(after, Unknown):
        return before.text == after.text
    return type(before) is type(after) and bool(before == after)


def _leaves(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{name}.{index}")
    else:
        yield name
