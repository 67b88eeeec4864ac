"""Which resource of the base a resource of the head is, in code: nobody planned it.

Addresses decide, then what the code itself says of them: `moved`, `removed` and `import` blocks. A
folder that was only renamed keeps its state, and one that is gone is applied by nobody.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from changegate.derive import moved_units
from changegate.derive.reversals.told import Told
from changegate.derive.terraform_code import in_code, managed, parts_of, steps_of
from changegate.model.subject import Index, Subject


class Place(NamedTuple):
    """Where a resource is deployed."""

    unit: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A resource on both sides; one may be missing.

    former: its address at the base, address: at the head (of what is gone: where it was)
    moved: the head says that it has another address
    forgotten: the head says that it stays, unmanaged
    imported: the head says that it was there before
    orphaned: the folder is gone, so that nothing applies its removal
    twin: address of a new resource that says the same as one that is gone; "" when there is none
    rekeyed: it is repeated by other keys, which makes every instance another one
    blurred: one of the two stands for all instances, whose keys are not known
    """

    type: str
    old: Subject | None
    new: Subject | None
    former: str = ""
    address: str
    moved: bool = False
    forgotten: bool = False
    imported: bool = False
    orphaned: bool = False
    twin: str = ""
    rekeyed: bool = False
    blurred: bool = False

    @property
    def subject(self) -> Subject:
        """The head side; the base side of what is gone."""
        chosen = self.new or self.old
        assert chosen is not None
        return chosen


Found = dict[Place, tuple[str, Subject]]


def pairs(base: Index, head: Index) -> Iterator[Pair]:
    """Every resource of the code that differs between the sides."""
    return _Pairing(base, head).pairs()


def folders(base: Index, head: Index) -> tuple[dict[str, str], set[str]]:
    """Folders that have another name at the head, and those that are gone."""
    before, after = _units(base), _units(head)
    olds, news = _by_unit(base), _by_unit(head)
    gone, made = (before - after) & olds.keys(), (after - before) & news.keys()
    renamed = moved_units.moves(olds, news, gone, made)
    return renamed, before - after - set(renamed)


def _by_unit(index: Index) -> dict[str, dict[Hashable, Any]]:
    found: dict[str, dict[Hashable, Any]] = {}
    for place, (_, subject) in _found(index).items():
        found.setdefault(place.unit, {})[place.address] = subject.data
    return found


def _units(index: Index) -> set[str]:
    return {s.identity.unit for s in index.of("terraform/*") if in_code(s)}


def _found(index: Index) -> Found:
    """Resources by place; where one is declared twice the first counts."""
    found: Found = {}
    for type_, subject in managed(index):
        found.setdefault(Place(subject.identity.unit, subject.identity.address), (type_, subject))
    return found


class _Pairing:
    def __init__(self, base: Index, head: Index) -> None:
        renamed, self._gone = folders(base, head)
        self._olds = {Place(renamed.get(p.unit, p.unit), p.address): f for p, f in _found(base).items()}
        self._news = _found(head)
        self._told = Told(head)
        self._fresh = {place for place in self._news if not self._same_type(place, place)}
        self._blurred: set[Place] = set()

    def pairs(self) -> Iterator[Pair]:
        left = []
        for place, (type_, old) in self._olds.items():
            if place not in self._news or place in self._fresh:
                left.append(place)
            elif (new := self._news[place][1]).data != old.data:
                yield Pair(type=type_, old=old, new=new, former=place.address, address=place.address)
        unsaid = []
        for place in left:
            target = self._told.target(*place)
            if (
                target
                and (there := Place(place.unit, target)) in self._fresh
                and self._same_type(place, there)
            ):
                yield self._pair(place, there, moved=True)
            else:
                unsaid.append((place, target))
        kin = self._by_steps()
        for place, target in unsaid:
            pair = self._without(place, target, kin.get((place.unit, steps_of(place.address)), []))
            if pair is not None:
                yield pair
        for place in sorted(self._fresh - self._blurred):
            type_, new = self._news[place]
            imported = self._told.imports(*place)
            yield Pair(type=type_, old=None, new=new, address=place.address, imported=imported)

    def _same_type(self, old: Place, new: Place) -> bool:
        return old in self._olds and self._olds[old][0] == self._news[new][0]

    def _by_steps(self) -> Mapping[tuple[str, tuple[str, ...]], list[Place]]:
        """What is at the head, by its address without the keys of instances."""
        found: dict[tuple[str, tuple[str, ...]], list[Place]] = {}
        for place in sorted(self._news):
            found.setdefault((place.unit, steps_of(place.address)), []).append(place)
        return found

    def _without(self, place: Place, target: str, kin: list[Place]) -> Pair | None:
        """A resource of the base that is neither there nor said to be elsewhere; None for one of several
        that another one now stands for."""
        for other in kin:
            # Terraform moves what has no count to index 0, and back, by itself.
            if other in self._fresh and _first(other.address) == _first(place.address):
                return self._pair(place, other)
        if kin and "[" not in place.address:
            self._blurred.update(self._fresh.intersection(kin))
            return self._pair(place, kin[0], rekeyed=not repeated(self._olds[place][1]))
        plain = next((other for other in kin if "[" not in other.address), None)
        if plain and repeated(self._news[plain][1]):
            return self._pair(place, plain, rekeyed=False) if plain in self._fresh else None
        if plain in self._fresh and '["' in place.address:
            return self._pair(place, plain, rekeyed=True)
        type_, old = self._olds[place]
        return Pair(
            type=type_,
            old=old,
            new=None,
            former=place.address,
            address=target or place.address,
            moved=bool(target),
            forgotten=self._told.forgets(*place),
            orphaned=place.unit in self._gone,
            twin=self._twin(place),
        )

    def _pair(self, old: Place, new: Place, *, moved: bool = False, rekeyed: bool | None = None) -> Pair:
        self._fresh.discard(new)
        type_, subject = self._news[new]
        return Pair(
            type=type_,
            old=self._olds[old][1],
            new=subject,
            former=old.address,
            address=new.address,
            moved=moved,
            rekeyed=rekeyed is True,
            blurred=rekeyed is False,
        )

    def _twin(self, place: Place) -> str:
        type_, old = self._olds[place]
        for other in sorted(self._fresh):
            new_type, new = self._news[other]
            if other.unit == place.unit and new_type == type_ and new.data == old.data:
                return other.address
        return ""


def _first(address: str) -> str:
    return ".".join(part.removesuffix("[0]") for part in parts_of(address))


def repeated(subject: Subject) -> bool:
    """Whether the code of a resource, or of a module around it, repeats it."""
    for origin in subject.origins[""]:
        node = origin.document.value
        for step in origin.route:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                node = None
        if isinstance(node, dict) and ("count" in node or "for_each" in node):
            return True
    return False
