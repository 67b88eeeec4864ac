"""Paths of Vault policies: which rule decides on a path, and paths on which two rules meet.

`+` is any one segment; `*` as the last character is any rest. Both are literal elsewhere.
Source: https://developer.hashicorp.com/vault/docs/concepts/policies#policy-syntax
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_ANY = "+"
_REST = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a policy says of one path. unknown: the text of what is not known of it."""

    path: str
    capabilities: frozenset[str] = frozenset()
    unknown: str = ""

    @property
    def allowed(self) -> frozenset[str]:
        return frozenset() if "deny" in self.capabilities else self.capabilities

    def takes(self, path: str) -> bool:
        """Whether the rule matches a path, which is no pattern."""
        mine, asked = self.path.split("/"), path.split("/")
        if not self.path.endswith(_REST):
            return len(mine) == len(asked) and all(map(_segment_takes, mine, asked))
        *whole, begun = mine
        if len(asked) < len(mine) or not all(map(_segment_takes, whole, asked)):
            return False
        return asked[len(whole)].startswith(begun[:-1])

    @property
    def priority(self) -> tuple[float, bool, int, int, str]:
        """The greatest of the rules that match a path decides."""
        segments = self.path.split("/")
        begun, wild = 0, float("inf")
        for segment in segments:
            if segment == _ANY:
                wild = begun
                break
            begun += len(segment) + 1
        rest = self.path.endswith(_REST)
        first = min(wild, len(self.path) - 1 if rest else float("inf"))
        return first, not rest, -segments.count(_ANY), len(self.path), self.path


def _segment_takes(pattern: str, segment: str) -> bool:
    return pattern == segment or (pattern == _ANY and segment != "")


def winner(rules: Iterable[Rule], path: str) -> Rule | None:
    """The rule that decides on a path; None when none matches."""
    return max((rule for rule in rules if rule.takes(path)), key=lambda rule: rule.priority, default=None)


def common(one: str, other: str, fill: str = "x") -> str | None:
    """A pattern of paths that both patterns match, as general as it can be told; None when there is none.

    `fill` stands where one asks for a beginning and the other for any segment.
    """
    first, second = one.split("/"), other.split("/")
    if one.endswith(_REST) and (not other.endswith(_REST) or len(first) <= len(second)):
        return _begun(first, second, fill, rest=other.endswith(_REST))
    if other.endswith(_REST):
        return _begun(second, first, fill, rest=one.endswith(_REST))
    if len(first) != len(second):
        return None
    return _joined(map(_meet, first, second))


def _begun(glob: Sequence[str], path: Sequence[str], fill: str, *, rest: bool) -> str | None:
    """`glob` ends in `*` and is not longer than `path`; so does `path` with `rest`."""
    at = len(glob) - 1
    if len(path) <= at:
        return None
    begin, segment = glob[at][:-1], path[at]
    if rest and len(path) == len(glob):
        short, long = sorted((begin, segment[:-1]), key=len)
        met = f"{long}*" if long.startswith(short) else None
    elif segment == _ANY:
        met = f"{begin}{fill}" if begin else _ANY
    else:
        met = segment if segment.startswith(begin) else None
    return _joined([*map(_meet, glob[:at], path[:at]), met, *path[at + 1 :]])


def _meet(one: str, other: str) -> str | None:
    """A segment that both match; `+` takes none that is empty."""
    if one == other:
        return one
    narrow = one if other == _ANY else other if one == _ANY else ""
    return narrow or None


def _joined(segments: Iterable[str | None]) -> str | None:
    found = list(segments)
    return None if None in found else "/".join(segment for segment in found if segment is not None)


def examples(pattern: str, fill: str, depth: int) -> Iterator[str]:
    """Paths that a pattern matches: with nothing, and with 1 to `depth` segments in the place of `*`."""
    path = "/".join(fill if segment == _ANY else segment for segment in pattern.split("/"))
    if not path.endswith(_REST):
        yield path
        return
    yield path[:-1]
    for segments in range(1, depth + 1):
        yield path[:-1] + "/".join([fill] * segments)


def meetings(rule: Rule, rivals: Iterable[Rule], others: Sequence[Rule]) -> Iterator[str]:
    """Paths that tell how `rule` fares against `rivals`, which are some of `others`: for each way in which
    they overlap, some of that form.

    A path made of a word that no rule names is matched by just the rules that match all paths of its form;
    what `*` stands for is tried with every number of segments that some rule could count.
    """
    fill = "x"
    while any(fill in other.path for other in others):
        fill += "x"
    depth = max((other.path.count("/") for other in others), default=0) + 2
    patterns = dict.fromkeys([rule.path, *(common(rule.path, other.path, fill) for other in rivals)])
    for pattern in patterns:
        if pattern is not None:
            yield from examples(pattern, fill, depth)
