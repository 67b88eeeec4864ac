"""From what a person calls a commit to its full id, resolved once and remembered."""

from __future__ import annotations

from dataclasses import dataclass

from changegate.errors import InputProblem, UsageProblem
from changegate.model.proposal import Revision
from changegate.sources.process import Runner, unreadable
from changegate.sources.refs import Refs, is_name

_HEX = frozenset("0123456789abcdef")
_STEPS = "~^0123456789"
_LENGTH = 1_000  # of a revision as written
_DEFAULT_BRANCHES = ("origin/main", "origin/master", "main", "master")
_FETCH = "Fetch the whole history (`git fetch --unshallow`; in actions/checkout: `fetch-depth: 0`)."


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as named by `label`, with its parents as the commit itself states them."""

    label: str
    id: str
    parents: tuple[str, ...]

    @property
    def revision(self) -> Revision:
        return Revision(self.label, self.id)


class Revisions:
    """Resolves names and ancestry in one repository."""

    def __init__(self, runner: Runner, refs: Refs, *, shallow: frozenset[str]) -> None:
        self._runner = runner
        self._refs = refs
        self._shallow = shallow
        self._seen: dict[str, str] = {}

    def commit(self, label: str) -> Commit:
        """The commit that `label` names: a ref, a full or short id, with `~n` and `^n` after it.

        Raises `UsageProblem` when it names none, or is no revision at all; nothing is started then.
        """
        name, steps = _split(label)
        start = self._id(name)
        found = None
        if start is not None:
            found = self._runner.object(f"{start}{steps}^{{commit}}")
        elif len(name) >= 4 and set(name) <= _HEX:
            found = self._runner.object(f"{name}{steps}^{{commit}}")
        if found is None or found.type != "commit":
            raise UsageProblem(
                f'"{label}" names no commit in this clone',
                why="Without both ends the change is not known, and nothing else is judged in its place.",
                remedy=f"Check the name. {_FETCH}",
            )
        return Commit(label, found.id, _parents(found.content))

    def head(self) -> Commit | None:
        """HEAD; None while no commit exists on its branch."""
        if self._id("HEAD") is None:
            return None
        return self.commit("HEAD")

    def default_branch(self) -> Commit | None:
        """The branch that changes are merged into, as far as the clone knows it."""
        target = self._refs.target("refs/remotes/origin/HEAD")
        names = [target.removeprefix("refs/remotes/")] if target else []
        for name in (*names, *_DEFAULT_BRANCHES):
            full = f"refs/remotes/{name}" if name.startswith("origin/") else f"refs/heads/{name}"
            if self._refs.full(full) is not None:
                found = self.commit(full)
                return Commit(name, found.id, found.parents)
        return None

    def merge_bases(self, one: Commit, other: Commit) -> list[str]:
        """Every best common ancestor. A shallow clone may know of fewer than there are."""
        status, out, err = self._runner.attempt("merge-base", "--all", one.id, other.id)
        # 1 is git's answer for "there is none"; it gives the same, and a complaint, at a missing commit.
        if err or status not in (0, 1):
            raise unreadable("merge-base", err)
        return out.decode("ascii").split()

    def merge_base(self, base: Commit, head: Commit) -> str:
        """The one commit that `head` left `base` at. Raises `UsageProblem` when there is not exactly one
        that is sure to be the best."""
        bases = self.merge_bases(base, head)
        if len(bases) > 1:
            raise UsageProblem(
                f'"{base.label}" and "{head.label}" have {len(bases)} merge bases: '
                + ", ".join(id_[:12] for id_ in bases),
                why="Merges went both ways, so what the change proposes depends on the one that is taken.",
                remedy=f'Merge "{base.label}" into the change again, or compare them as they are (--exact).',
            )
        if not bases and not self._shallow:
            raise UsageProblem(
                f'"{base.label}" and "{head.label}" have no common history',
                why="Every file would count as new, and what was there before would not be compared.",
                remedy="Check the names, or compare the two as they are (--exact).",
            )
        if not bases or self._cut_off(base.id, head.id, bases[0]):
            raise UsageProblem(
                f'this clone is shallow and may hide where "{head.label}" left "{base.label}"',
                why="With another starting point, other files would count as changed.",
                remedy=_FETCH,
            )
        return bases[0]

    def _cut_off(self, base: str, head: str, merge_base: str) -> bool:
        """Whether the history between the ends and their merge base stops at a shallow boundary, behind
        which a better merge base may lie."""
        if not self._shallow:
            return False
        between = self._runner.run("rev-list", base, head, f"^{merge_base}").decode("ascii").split()
        return not self._shallow.isdisjoint(between)

    def verify_unmoved(self) -> None:
        """Raise `InputProblem` when a ref that was resolved names another commit by now."""
        for name, id_ in self._seen.items():
            if self._refs.short(name) != id_:
                raise InputProblem(
                    f'"{name}" moved while the change was judged',
                    why="The verdict is about commits that these names no longer stand for.",
                    remedy="Run changegate again, best with full commit ids.",
                )

    def _id(self, name: str) -> str | None:
        if len(name) in (40, 64) and set(name) <= _HEX:
            return name
        id_ = self._refs.short(name)
        if id_ is not None:
            self._seen[name] = id_
        return id_


def _split(label: str) -> tuple[str, str]:
    """`main~2` as `main` and `~2`; `@` is HEAD. Raises `UsageProblem` for all that is no such revision."""
    at = min((i for i in (label.find("~"), label.find("^")) if i >= 0), default=len(label))
    name, steps = label[:at], label[at:]
    name = "HEAD" if name == "@" else name
    if not is_name(name) or steps.strip(_STEPS) or len(label) > _LENGTH or not label.isprintable():
        raise UsageProblem(
            f'"{label[:100]}" is not a revision that changegate accepts',
            why="Options, addresses and relative forms such as @{-1} can mean something else than they show.",
            remedy="Give a branch, a tag or a commit id, such as origin/main, v1.2 or HEAD~1.",
        )
    if name.strip("0") == "" and len(name) in (40, 64):
        raise UsageProblem(
            "the base is the id of nothing (only zeros)",
            why="A push that creates a branch has no state before it.",
            remedy="Compare with the default branch: --base origin/main.",
        )
    return name, steps


def _parents(commit: bytes) -> tuple[str, ...]:
    header = commit.partition(b"\n\n")[0].decode("utf-8", "replace")
    return tuple(line[7:] for line in header.split("\n") if line.startswith("parent "))
