"""From entries of a proposal to subjects, with every entry accounted for in the ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from changegate import entrance, limits
from changegate.errors import InputProblem
from changegate.halves import Held, Taken
from changegate.kinds import KINDS
from changegate.model.document import SourceFile
from changegate.model.pathglob import matches_any
from changegate.model.plugin import OPAQUE, Kind, Need, Reading, tags_of, takes_holes, takes_repeats
from changegate.model.proposal import Blob, Entry, Mode, Reader, Side
from changegate.model.result import LedgerEntry, State
from changegate.model.settings import Settings
from changegate.model.subject import Index, Subject
from changegate.sources.paths import collisions
from changegate.syntax import read_file
from changegate.syntax.text import is_lfs_pointer

_TEMPLATE = "a template, which cannot be judged alone: judge what it renders to"


@dataclasses.dataclass(slots=True)
class _Side:
    """What one side of one entry came to. in_part: a part of it cannot be judged, for the reason told."""

    state: State = State.NOT_GOVERNED
    reason: str = ""
    kinds: tuple[str, ...] = ()
    problem: InputProblem | None = None
    in_part: bool = False


class Intake:
    """Reads entries, side by side, into two indexes. `texts` keeps what findings quote from."""

    def __init__(
        self,
        reader: Reader,
        settings: Settings,
        *,
        working_on: Callable[[str], None] = lambda _: None,
        expect: Callable[[Iterable[Blob]], None] = lambda _: None,
        beside: Callable[[Callable[[], Taken]], Callable[[], Taken]] | None = None,
    ) -> None:
        self.base = Index(Side.BASE)
        self.head = Index(Side.HEAD)
        self.ledger: list[LedgerEntry] = []
        self.texts: dict[tuple[Side, str], str] = {}
        self.became_opaque: list[Entry] = []
        self.stands_in: Callable[[str], str] = lambda _: ""  # why a path is judged as something else
        self._reader = reader
        self._settings = settings
        self._working_on = working_on
        self._expect = expect
        self._beside = beside
        self._bytes = 0
        self._seen: dict[str, Entry] = {}
        self._last: tuple[str, bytes, SourceFile] | None = None

    def take(self, entries: Iterable[Entry], *, context: bool = False) -> None:
        """Read entries; a path that was read before is passed over. Many are read in two processes."""
        fresh: dict[str, Entry] = {}
        for entry in entries:
            if entry.path not in self._seen:
                fresh.setdefault(entry.path, entry)
        self._seen |= fresh
        mine, theirs = self._halves(list(fresh.values()))
        rest = self._elsewhere(theirs, context) if theirs else None
        self._expect(self._blobs(mine))
        for entry in mine:
            self._working_on(entry.path)
            self._take(entry, context)
        if rest is not None:
            self._add(rest())

    def _blobs(self, entries: Iterable[Entry]) -> Iterator[Blob]:
        """What will be read of entries."""
        for entry in entries:
            if self.governs(entry.path) and not self.stands_in(entry.path):
                yield from (blob for blob in (entry.base, entry.head) if blob is not None)

    def _halves(self, entries: list[Entry]) -> tuple[list[Entry], list[Entry]]:
        """Those to read here, and those to read in another process: none, unless there are many, and so small
        that they pass no limit together."""
        if self._beside is None or len(entries) < limits.MANY:
            return entries, []
        sizes = [blob.size for blob in self._blobs(entries)]
        if min(sizes, default=0) < 0 or self._bytes + sum(sizes) > limits.SEARCH_BYTES:
            return entries, []
        half = len(entries) // 2
        return entries[:half], entries[half:]

    def _elsewhere(self, entries: list[Entry], context: bool) -> Callable[[], Taken]:
        """Have entries read in another process, which can ask for no file: it is given them."""
        assert self._beside is not None
        self._expect(self._blobs(entries))
        held = Held(self._reader, self._blobs(entries))
        other = Intake(held, self._settings)
        other.stands_in = self.stands_in
        return self._beside(lambda: other._taken(entries, context))

    def _taken(self, entries: Iterable[Entry], context: bool) -> Taken:
        self.take(entries, context=context)
        return Taken(
            self.base.by_kind, self.head.by_kind, self.ledger, self.texts, self.became_opaque, self._bytes
        )

    def _add(self, taken: Taken) -> None:
        for index, found in ((self.base, taken.base), (self.head, taken.head)):
            for kind, subjects in found.items():
                index.by_kind.setdefault(kind, []).extend(subjects)
        self.ledger += taken.ledger
        self.texts |= taken.texts
        self.became_opaque += taken.became_opaque
        self._bytes += taken.bytes

    def refuse_twin_names(self) -> None:
        """Block judged files whose names are not what they seem, or are shared but for their spelling.

        Which of two files a tool reads then depends on the machine; a name with invisible characters
        is read otherwise than it is shown.
        """
        judged = {entry.path for entry in self.ledger if entry.state is State.JUDGED and not entry.context}
        twins = dict(collisions(judged, self._reader.paths(Side.HEAD))) if judged else {}
        for at, entry in enumerate(self.ledger):
            if entry.path not in judged:
                continue
            reason = entrance.seeming(entry.path, twins)
            if reason:
                self.ledger[at] = dataclasses.replace(
                    entry,
                    state=State.BLOCKED,
                    reason=reason,
                    why="Different tools, machines and readers take it for different files.",
                    remedy="Rename the file.",
                )

    def note_opaque(self) -> None:
        """Enter into the ledger what an assembler found that it cannot follow."""
        reasons = {subject.identity.address: subject.data for subject in self.head.of(OPAQUE)}
        for at, entry in enumerate(self.ledger):
            said = reasons.get(entry.path)
            if said is None or entry.state is not State.JUDGED:
                continue
            blocks = self._settings.on_opaque == "fail" and not entry.context
            state = State.BLOCKED if blocks else State.OPAQUE
            self.ledger[at] = dataclasses.replace(entry, state=state, reason=said["reason"], kinds=())
            if said["was_judged"]:
                self.became_opaque.append(self._seen[entry.path])

    def follow(self, needs: Callable[[Index, Index], Iterable[Need]]) -> None:
        """Read the unchanged files that joins of the changed subjects need."""
        asked: set[Need] = set()
        for _ in range(limits.CONTEXT_ROUNDS):
            wanted = set(needs(self.base, self.head)) - asked
            if not wanted:
                return
            asked |= wanted
            for where in sorted({need[1:] for need in wanted}):
                needles = sorted(need.needles for need in wanted if need[1:] == where)
                self.take(self._reader.search(needles, *where), context=True)

    def _take(self, entry: Entry, context: bool) -> None:
        if not self.governs(entry.path):
            self._enter(entry, _Side(reason="excluded by the configuration"), context)
            return
        if reason := self.stands_in(entry.path):
            self._enter(entry, _Side(State.JUDGED, reason, ("kubernetes",)), context)
            return
        base = self._side(entry, entry.base, Side.BASE, context) if entry.base else _Side()
        head = self._side(entry, entry.head, Side.HEAD, context) if entry.head else None
        if head is None:
            self._enter(entry, self._removed(base), context)
            return
        if base.state is State.JUDGED and head.state is State.OPAQUE and not context:
            self.became_opaque.append(entry)
        if base.state is State.JUDGED and head.state is State.NOT_GOVERNED:
            head = _Side(State.JUDGED, "what it held is removed", base.kinds)
        if base.problem is not None and head.state is State.JUDGED:
            head.reason = "the base could not be read, so all of it counts as new"
        self._enter(entry, head, context)

    @staticmethod
    def _removed(base: _Side) -> _Side:
        """A deleted file: what was unreadable at the base can no longer do harm."""
        if base.state is State.BLOCKED:
            return _Side(State.OPAQUE, "removed; the base could not be read")
        return base

    def governs(self, path: str) -> bool:
        """Whether the configuration has a path judged."""
        settings = self._settings
        if settings.include and not matches_any(settings.include, path):
            return False
        return not matches_any(settings.exclude, path)

    def _side(self, entry: Entry, blob: Blob, side: Side, context: bool) -> _Side:
        try:
            return self._judge(entry, blob, side, context)
        except InputProblem as problem:
            if not problem.path:
                problem.path = entry.path
            # An unchanged file never blocks: it was judged when it changed.
            state = State.OPAQUE if context else State.BLOCKED
            return _Side(state, problem.cause, problem=problem)

    def _judge(self, entry: Entry, blob: Blob, side: Side, context: bool) -> _Side:
        if blob.mode is Mode.SUBMODULE:
            raise entrance.submodule(entry.path)
        if blob.mode is Mode.SYMLINK:
            return self._symlink(entry, blob)
        content = self._content(entry.path, blob)
        kinds = KINDS.of(entry.path, content) if content is not None else []
        if content is None or not kinds:
            return _Side(reason="no supported format")
        self._count(entry.path, content, kinds)
        return self._read(entry.path, content, kinds, side, context)

    def _symlink(self, entry: Entry, blob: Blob) -> _Side:
        if not entrance.promised(entry.path):
            return _Side(reason="symbolic link")
        inside = entrance.target(entry.path, self._reader.read(blob))
        return _Side(State.OPAQUE, f"symbolic link; judged where it lies, at {inside}")

    def _content(self, path: str, blob: Blob) -> bytes | None:
        """The file's bytes; None when neither its name nor its size make it configuration."""
        promised = entrance.promised(path)
        if blob.size > limits.PLAN_BYTES:
            if promised:
                raise entrance.too_large(path, blob.size, limits.PLAN_BYTES)
            return None
        content = self._reader.read(blob)
        if promised and is_lfs_pointer(content):
            raise entrance.pointer(path)
        return content

    def _count(self, path: str, content: bytes, kinds: list[Kind]) -> None:
        limit = max(kind.MAX_BYTES for kind in kinds)
        if len(content) > limit:
            raise entrance.too_large(path, len(content), limit)
        self._bytes += len(content)
        if self._bytes > limits.RUN_BYTES:
            raise InputProblem(
                f"the governed files of this run pass {limits.RUN_BYTES // limits.MIB} MiB together",
                path=path,
                why="What lies beyond the limit was not judged.",
                remedy="Split the change, or narrow `governed` in .changegate/config.yaml.",
            )

    def _read(self, path: str, content: bytes, kinds: list[Kind], side: Side, context: bool) -> _Side:
        try:
            file = self._parsed(path, content, kinds)
        except InputProblem as problem:
            if all(kind.TEMPLATED for kind in kinds) and entrance.is_template(content, problem):
                return _Side(State.OPAQUE, f"{_TEMPLATE} ({problem.cause})")
            if not entrance.must_be_read(path):
                return _Side(reason="mentions a supported format, but is not written in it")
            raise
        self.texts[side, path] = file.text
        readings = {kind.NAME: self._told(kind.read(file, side, self._unit(path)), path) for kind in kinds}
        for reading in readings.values():
            self._index(reading, side, context)
        judged = tuple(name for name, reading in readings.items() if reading.subjects or reading.counterparts)
        opaque = "; ".join(reading.opaque for reading in readings.values() if reading.opaque)
        if judged:
            return _Side(State.JUDGED, opaque, judged, in_part=bool(opaque))
        if opaque:
            return _Side(State.OPAQUE, opaque)
        return _Side(reason="nothing in it to judge")

    def _told(self, reading: Reading, path: str) -> Reading:
        """The reading of a file, with what it means by the configuration."""
        if not reading.if_named or path not in self._settings.named_files:
            return reading
        return Reading((*reading.subjects, *reading.if_named), reading.counterparts)

    def _parsed(self, path: str, content: bytes, kinds: list[Kind]) -> SourceFile:
        """Context has the same content on both sides: it is parsed once."""
        if self._last is None or self._last[:2] != (path, content):
            holes, repeats = takes_holes(kinds), takes_repeats(kinds)
            file = read_file(path, content, tags_of(kinds), holes=holes, repeats=repeats)
            self._last = (path, content, file)
        return self._last[2]

    def _index(self, reading: Reading, side: Side, context: bool) -> None:
        ours, theirs = (self.base, self.head) if side is Side.BASE else (self.head, self.base)
        for subject in reading.subjects:
            ours.add(_in_context(subject, context))
        for subject in reading.counterparts:
            theirs.add(_in_context(subject, context))

    def _unit(self, path: str) -> str:
        """The longest configured folder that holds the path."""
        holding = [u for u in self._settings.units if path == u or path.startswith(u + "/")]
        return max(holding, key=len, default="")

    def _enter(self, entry: Entry, side: _Side, context: bool) -> None:
        state, problem = side.state, side.problem
        opaque = state is State.OPAQUE or (side.in_part and state is State.JUDGED)
        if opaque and self._settings.on_opaque == "fail" and not context:
            state = State.BLOCKED
        self.ledger.append(
            LedgerEntry(
                path=entry.path,
                state=state,
                reason=side.reason,
                kinds=side.kinds,
                line=problem.line if problem else 0,
                column=problem.column if problem else 0,
                why=problem.why if problem else "",
                remedy=problem.remedy if problem else "",
                context=context,
                in_part=side.in_part,
            )
        )


def _in_context(subject: Subject, context: bool) -> Subject:
    return dataclasses.replace(subject, context=True) if context else subject
