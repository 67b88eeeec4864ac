"""An object on its way through a build."""

from __future__ import annotations

from dataclasses import dataclass, field

from changegate.kinds.kustomize.node import Node
from changegate.model.subject import Origin, Subject, Unknown


@dataclass(slots=True, eq=False)
class Object:
    """`names`: the names with their namespaces that it has and had; the present ones stand last.

    `touched`: documents of patches that were applied to it.
    """

    node: Node
    origin: Origin
    names: list[tuple[str, str]] = field(default_factory=list)
    touched: list[Origin] = field(default_factory=list)

    @classmethod
    def of(cls, subject: Subject) -> Object:
        origin = subject.origins[""][0]
        made = cls(Node.of(subject.data, origin), origin)
        made.note_name()
        return made

    def note_name(self) -> None:
        """Keeps the present name: patches and references may go by any that it ever had."""
        now = (self.name, self.namespace)
        if now in self.names:
            self.names.remove(now)
        self.names.append(now)

    @property
    def kind(self) -> str:
        return self.node.text("kind")

    @property
    def group(self) -> str:
        return self.node.text("apiVersion").rpartition("/")[0]

    @property
    def version(self) -> str:
        return self.node.text("apiVersion").rpartition("/")[2]

    @property
    def name(self) -> str:
        return _written(self.node.get("metadata", "name"))

    @property
    def namespace(self) -> str:
        return _written(self.node.get("metadata", "namespace"))


def _written(node: Node | None) -> str:
    value = node.value if node is not None else ""
    if isinstance(value, Unknown):
        return value.text
    return value if isinstance(value, str) else ""
