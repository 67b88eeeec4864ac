"""What Terraform code says of addresses: `moved`, `removed` and `import` blocks."""

from __future__ import annotations

from changegate.derive.terraform_code import code, parts_of, steps_of, text_of
from changegate.model.subject import Index

Parts = tuple[str, ...]


class Told:
    """The blocks of one side."""

    def __init__(self, side: Index) -> None:
        self._moves: dict[str, list[tuple[Parts, Parts]]] = {}
        for block in code(side, "moved"):
            start, end = (parts_of(text_of(block.data.get(name))) for name in ("from", "to"))
            if len(start) > 1 and len(end) > 1 and start != end:
                self._moves.setdefault(block.identity.unit, []).append((start, end))
        self._removed = {
            (block.identity.unit, steps_of(text_of(block.data.get("from")))): block.data.get("destroy")
            for block in code(side, "removed")
        }
        self._imported = {
            (block.identity.unit, text_of(block.data.get("to"))) for block in code(side, "import")
        }

    def target(self, unit: str, address: str) -> str:
        """Where a resource went, along a chain of moves; "" when it is not said to have moved."""
        moves, parts = self._moves.get(unit, []), parts_of(address)
        for _ in moves:  # a chain is no longer than the list; a ring ends with it
            there = next((to for to in (_moved(parts, *move) for move in moves) if to), None)
            if there is None:
                break
            parts = there
        found = ".".join(parts)
        return found if found != address else ""

    def forgets(self, unit: str, address: str) -> bool:
        """It is said to stay where it is, unmanaged."""
        steps = steps_of(address)
        return any(self._removed.get((unit, steps[:end])) is False for end in range(2, len(steps) + 1))

    def settles(self, unit: str, address: str) -> bool:
        """Something is said of where it went."""
        steps = steps_of(address)
        return bool(self.target(unit, address)) or any(
            (unit, steps[:end]) in self._removed for end in range(2, len(steps) + 1)
        )

    def imports(self, unit: str, address: str) -> bool:
        """It is said to have been there before."""
        return (unit, address) in self._imported


def _moved(parts: Parts, start: Parts, end: Parts) -> Parts | None:
    """Where one move takes an address. A move of all instances keeps their keys."""
    size = len(start)
    if parts[: size - 1] != start[:-1] or len(parts) < size:
        return None
    last = parts[size - 1]
    if last == start[-1]:
        return end + parts[size:]
    if last.startswith(f"{start[-1]}["):
        return (*end[:-1], end[-1] + last[len(start[-1]) :], *parts[size:])
    return None
