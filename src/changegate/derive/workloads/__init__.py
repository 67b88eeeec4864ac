"""`workload` and `container`: what programs may reach on the machine that runs them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import cache
from typing import Final, Protocol

from changegate.derive.pairing import pair
from changegate.model.change import Change
from changegate.model.lazy import Parts
from changegate.model.plugin import Need
from changegate.model.subject import Index, Subject, Unknown

__all__ = ["SOURCES", "derive", "needs"]


class Source(Protocol):
    """Reads workloads and their containers out of the subjects of one tool."""

    def workloads(self, index: Index) -> Iterator[Subject]: ...


SOURCES: Final = Parts[Source](
    __name__,
    {
        "pods": ("kubernetes/",),
        "compose": ("compose/",),
        "ecs": ("terraform/aws_ecs_", "cloudformation/AWS::ECS::"),
    },
)

# Names: a workload or container that is called otherwise, runs the same image and says the same is not new.
_NAMES = frozenset({"by", "workload", "name", "namespace", "type", "image"})


def needs(base: Index, head: Index) -> Iterable[Need]:
    """What a workload may do stands in its own text."""
    return ()


def derive(base: Index, head: Index) -> Iterable[Change]:
    """Workloads and containers pair by address. What is left over pairs by what it says in the same file,
    of the same images (it was renamed), then by name (it became another kind of object), then by image in
    the same file: who renames a container and lifts its protections at once has lifted them."""
    olds, news = list(_found(base)), list(_found(head))
    return pair(olds, news, alike=(_same_words([*olds, *news]),), akin=(_named, _same_image))


def _found(index: Index) -> Iterator[Subject]:
    for source in SOURCES.of(index):
        yield from source.workloads(index)


def _same_words(subjects: Iterable[Subject]) -> Callable[[Subject], Hashable]:
    """The key of what a subject says, apart from names, and of whose programs it says it."""

    @cache
    def images() -> dict[Hashable, set[str]]:
        found: dict[Hashable, set[str]] = defaultdict(set)
        for subject in subjects:
            if subject.kind == "container":
                found[_home(subject, subject.data["workload"])].add(_program(subject))
        return found

    def key(subject: Subject) -> Hashable:
        said = {name: value for name, value in subject.data.items() if name not in _NAMES}
        if subject.kind == "container":
            runs = {_program(subject)}
        else:
            runs = images()[_home(subject, subject.data["by"])]
        return (subject.kind, subject.identity.unit, subject.path, repr(said), frozenset(runs))

    return key


def _home(subject: Subject, workload: str) -> Hashable:
    return (subject.side, subject.identity.unit, subject.path, workload)


def _named(subject: Subject) -> Hashable:
    """The address without the kind of object: a Deployment becomes a StatefulSet."""
    kind, _, name = subject.identity.address.partition(" ")
    return (subject.kind, subject.identity.unit, name or kind)


def _same_image(subject: Subject) -> Hashable:
    if subject.kind != "container":
        return (subject.identity, subject.path)
    return (subject.identity.unit, subject.path, subject.data["role"], _program(subject))


def _program(container: Subject) -> str:
    """The image of a container without its tag."""
    image = container.data["image"]
    return image.text if isinstance(image, Unknown) else _repository(image)


def _repository(image: str) -> str:
    from changegate.derive.artifacts.references import parse_image

    reference = parse_image(image)
    repository = reference.repository
    return repository.text if isinstance(repository, Unknown) else repository
