"""Sets of patterns against sets of patterns, decided exactly: is a text in these and in none of those?

Each pattern is a machine whose state is the set of its places that a text so far can have reached. All of
them walk in lock step over texts that grow by one symbol: those that some machine names next, and one
that none does, which stands for all others. The walk is breadth first, so the first text found is a
shortest one. Patterns come from the change that is judged and can need exponentially many states (`?`
behind `*`); a `Budget` bounds the walk, and an answer that it cut off is never "nothing".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum
from typing import Final

from changegate import limits
from changegate.derive.grants.globs import ANY, ARN_PARTS, COLON, ONE, is_hole, parts, tokens

# Wildcards that stay between two colons.
_ANY_INSIDE: Final = "*:"
_ONE_INSIDE: Final = "?:"
_STEP: Final = 4  # what a step costs beside the machines
_CHEAP: Final = 128  # places that a step takes without being slower
_PLAIN: Final = "xyzqjkvwabcdefghilmnoprstu0123456789"


class Bound(Enum):
    """The answer that was not reached."""

    REACHED = "the limit of steps"


class Exhausted(Exception):
    """The budget of a walk is spent."""


class Budget:
    """Steps that walks may still take; `spend` raises Exhausted."""

    def __init__(self, steps: int = limits.WALK_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise Exhausted

    def take(self, pattern: str) -> None:
        """Pay for a machine; one for a pattern of this length may be out of reach."""
        if len(pattern) > limits.PATTERN_CHARS:
            raise Exhausted
        self.spend(len(pattern))


def difference(
    include: Collection[str],
    exclude: Collection[str] = (),
    base_include: Collection[str] = (),
    base_exclude: Collection[str] = (),
    *,
    divided: bool = False,
    budget: Budget | None = None,
) -> str | Bound | None:
    """A shortest text that is allowed now and was not: one of `include` and none of `exclude`, while it is
    in none of `base_include`, or in one of `base_exclude`. None when there is no such text.

    `divided`: the patterns are names of six parts between colons, and a wildcard stays in its part.
    """
    texts = sorted({*include, *exclude, *base_include, *base_exclude})
    place = {text: 1 << at for at, text in enumerate(texts)}
    now, never, then, not_then = (
        sum({place[text] for text in listed}) for listed in (include, exclude, base_include, base_exclude)
    )

    def may(possible: int, certain: int) -> bool:
        allowed = possible & now and not certain & never
        return bool(allowed) and (not certain & then or bool(possible & not_then))

    budget = budget or Budget()
    try:
        for text in texts:
            budget.take(text)
        machines = [Machine(text, divided=divided) for text in texts]
        return next((text for _, text in walk(machines, may, budget, divided=divided)), None)
    except Exhausted:
        return Bound.REACHED


class Machine:
    """One pattern. A state is a bit set of places; 0 = no continuation matches. cost: of one step."""

    __slots__ = ("_end", "_inside", "_letters", "_places", "_steps", "_whole", "cost", "start")

    def __init__(self, pattern: str, *, divided: bool = False) -> None:
        symbols = _divided(pattern) if divided else tokens(pattern)
        self.cost = 1 + len(symbols) // _CHEAP
        self._end = 1 << len(symbols)
        self._places: dict[str, int] = {}
        for at, symbol in enumerate(symbols):
            self._places[symbol] = self._places.get(symbol, 0) | 1 << at
        self._inside = self._places.get(_ANY_INSIDE, 0)
        self._whole = self._end >> 1 if symbols[-1:] == [ANY] else 0
        self._steps: dict[tuple[int, str], int] = {}
        self._letters: dict[int, frozenset[str]] = {}
        self.start = self._settled(1)

    def accepts(self, state: int) -> bool:
        return bool(state & self._end)

    def certain(self, state: int) -> bool:
        """Every continuation matches."""
        return bool(state & self._whole)

    def letters(self, state: int) -> frozenset[str]:
        """Symbols that the pattern names next."""
        found = self._letters.get(state)
        if found is None:
            found = frozenset(
                symbol
                for symbol, places in self._places.items()
                if places & state and symbol not in (ANY, ONE, _ANY_INSIDE, _ONE_INSIDE)
            )
            self._letters[state] = found
        return found

    def step(self, state: int, letter: str) -> int:
        found = self._steps.get((state, letter))
        if found is None:
            found = self._steps[state, letter] = self._settled(self._moved(state, letter))
        return found

    def matches(self, text: str) -> bool:
        """Whether a text is in the language; in one of a divided name, missing parts are empty."""
        state = self.start
        for letter in tokens(text):
            state = self.step(state, letter)
            if not state:
                return False
        return self.accepts(state)

    def _moved(self, state: int, letter: str) -> int:
        places = self._places
        forward = places.get(letter, 0)
        stay = places.get(ANY, 0)
        if letter != COLON:
            stay |= self._inside
        if not is_hole(letter):
            forward |= places.get(ONE, 0)
            if letter != COLON:
                forward |= places.get(_ONE_INSIDE, 0)
        return (state & forward) << 1 | state & stay

    def _settled(self, state: int) -> int:
        """With empty stars followed, and without what the last star takes anyway."""
        stars = self._places.get(ANY, 0) | self._inside
        while (grown := state | (state & stars) << 1) != state:
            state = grown
        last = (state & stars).bit_length()
        return state >> (last - 1) << (last - 1) if last else state


def _divided(pattern: str) -> list[str]:
    if pattern == ANY:
        return [ANY]
    found: list[str] = []
    *inner, last = parts(tokens(pattern))
    for part in inner:
        found += ({ANY: _ANY_INSIDE, ONE: _ONE_INSIDE}.get(symbol, symbol) for symbol in part)
        found.append(COLON)
    return found + last


_NAME: Final = COLON.join([ANY] * ARN_PARTS)


def walk(
    machines: Sequence[Machine], may: Callable[[int, int], bool], budget: Budget, *, divided: bool = False
) -> Iterator[tuple[int, str]]:
    """Every set of machines (as bits in their order) that takes some text in common and leaves it to the
    others, each with a shortest such text, for which `may(matched, matched)` holds.

    `may(possible, certain)` must hold whenever it does for some set between `certain` and `possible`: a
    beginning for which it does not is not continued. Raises Exhausted.
    """
    # What is no name of six parts is no resource.
    every = [*machines, Machine(_NAME, divided=True)] if divided else list(machines)
    full = 1 << len(machines) if divided else 0
    cost = _STEP + sum(machine.cost for machine in every)
    start = tuple(machine.start for machine in every)
    seen, told = {start}, set()
    waiting: deque[tuple[tuple[int, ...], _Text | None]] = deque([(start, None)])
    while waiting:
        state, text = waiting.popleft()
        possible, certain, matched = _standing(every, state)
        if not may(possible, certain):
            continue
        if matched & full == full and matched not in told:
            told.add(matched)
            if may(matched, matched):
                yield matched & ~full, _spelled(text)
        if not full and possible == certain:
            continue
        for letter in _next(every, state, divided):
            budget.spend(cost)
            following = tuple(
                [m.step(place, letter) if place else 0 for m, place in zip(every, state, strict=True)]
            )
            if following not in seen:
                seen.add(following)
                waiting.append((following, (text, letter)))


_Text = tuple["_Text | None", str]


def _spelled(text: _Text | None) -> str:
    letters: list[str] = []
    while text is not None:
        text, letter = text
        letters.append(letter)
    return "".join(reversed(letters))


def _standing(machines: Sequence[Machine], state: Sequence[int]) -> tuple[int, int, int]:
    """Machines that may still match, that match whatever follows, and that match now; as bits."""
    possible = certain = matched = 0
    bit = 1
    for machine, place in zip(machines, state, strict=True):
        if place:
            possible |= bit
            if machine.certain(place):
                certain |= bit
            if machine.accepts(place):
                matched |= bit
        bit <<= 1
    return possible, certain, matched


def _next(machines: Sequence[Machine], state: Sequence[int], divided: bool) -> list[str]:
    """What some machine names next, and a symbol that stands for all that none does."""
    named: set[str] = {COLON} if divided else set()
    for machine, place in zip(machines, state, strict=True):
        if place:
            named |= machine.letters(place)
    other = next((letter for letter in _PLAIN if letter not in named), None)
    if other is None:
        other = next(
            letter for letter in map(chr, range(0x4E00, 0x4E00 + len(named) + 1)) if letter not in named
        )
    return [other, *sorted(named)]
