"""Many names against one pattern at a time: which of them it stands for.

Patterns come from the change that is judged. All names are walked at once, as one row of bits with a place
for every letter and one behind each name, so that a pattern costs some operations for each of its symbols,
however its wildcards stand.
"""

from __future__ import annotations

from collections.abc import Sequence

ANY = "*"
ONE = "?"


class Names:
    """Names, in the order that they are given in. ends: the place behind each of them."""

    __slots__ = ("_all_ends", "_inside", "_letters", "_starts", "ends")

    def __init__(self, names: Sequence[str]) -> None:
        self._letters: dict[str, int] = {}
        self._starts = self._inside = self._all_ends = at = 0
        ends: list[int] = []
        for name in names:
            self._starts |= 1 << at
            self._inside |= (1 << len(name)) - 1 << at
            for place, letter in enumerate(name, at):
                self._letters[letter] = self._letters.get(letter, 0) | 1 << place
            at += len(name)
            ends.append(1 << at)
            self._all_ends |= 1 << at
            at += 1
        self.ends = tuple(ends)

    def matching(self, pattern: str) -> int:
        """The `ends` of all names that a pattern (`*`: any text, `?`: one letter) stands for, together."""
        reached = self._starts
        for symbol in pattern:
            if symbol == ANY:
                reached = self._onward(reached)
            else:
                takes = self._inside if symbol == ONE else self._letters.get(symbol, 0)
                reached = (reached & takes) << 1
            if not reached:
                return 0
        return reached & self._all_ends

    def _onward(self, reached: int) -> int:
        """All places of a name from the first that is reached on. Adding a place to the letters of its name
        carries to its end, and clears what lies between."""
        added = self._inside + (reached & self._inside)
        return reached | (self._inside & ~added) | (added & self._all_ends)
