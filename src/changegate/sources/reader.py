"""The one `Reader`: every source hands it its trees as tables and a function that loads bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from changegate import limits
from changegate.errors import InputProblem, UsageProblem
from changegate.model.proposal import Blob, Entry, Mode, Side
from changegate.sources import files
from changegate.sources.paths import below
from changegate.syntax.text import is_lfs_pointer

POLICY_FOLDER = ".changegate"

Table = Mapping[str, Blob]
Load = Callable[[Sequence[Blob]], Iterable[bytes]]
"""Contents of blobs, in the order given. Raises `InputProblem`."""

REGULAR = (Mode.FILE, Mode.EXECUTABLE)

# No tool reads configuration from these; leaving them out saves reading every picture of a site.
_BINARY = {"7z", "avi", "bin", "bmp", "bz2", "class", "dll", "dylib", "eot", "exe", "gif", "gz", "ico", "jar"}
_BINARY |= {"jpeg", "jpg", "mov", "mp3", "mp4", "o", "ogg", "otf", "pdf", "png", "pyc", "so", "tar", "tgz"}
_BINARY |= {"tiff", "ttf", "wasm", "wav", "webm", "webp", "woff", "woff2", "xz", "zip", "zst"}


class TableReader:
    """Implements `model.proposal.Reader` over lazily built tables (path -> blob) of each side.

    `policy` gives the files below `.changegate/` of the policy revision (BASE) or of the head.
    `verify` raises `InputProblem` when what was resolved at the start means something else by now.
    `root` is where paths start on disk, if anywhere.
    """

    def __init__(
        self,
        *,
        base: Callable[[], Table],
        head: Callable[[], Table],
        policy: Callable[[Side], Table],
        changed: Collection[str],
        load: Load,
        verify: Callable[[], None] = lambda: None,
        root: Path | None = None,
    ) -> None:
        self.root = root
        self._make = {Side.BASE: base, Side.HEAD: head}
        self._tables: dict[Side, Table] = {}
        self._policy = policy
        self._changed = frozenset(changed)
        self._load = load
        self._kept: dict[str, bytes] = {}
        self._room = limits.SEARCH_BYTES
        self.verify_unmoved = verify

    def read(self, blob: Blob) -> bytes:
        """See `Reader.read`. Also raises `InputProblem` for submodules and absurd sizes."""
        if blob.mode is Mode.SUBMODULE:
            raise InputProblem(
                "a submodule has no content in this repository",
                why="Its files live in another repository and are never fetched.",
                remedy="Judge the change in the submodule's own repository.",
            )
        if blob.size > limits.PLAN_BYTES:
            raise files.too_large("", limits.PLAN_BYTES)
        kept = self._kept.get(blob.id)
        if kept is not None:
            return kept
        (content,) = self._load([blob])
        return content

    def read_all(self, blobs: Sequence[Blob]) -> Sequence[bytes]:
        """See `SteadyReader.read_all`."""
        return list(self._load(blobs)) if blobs else []

    def paths(self, side: Side) -> Sequence[str]:
        return sorted(self._table(side))

    def tree(self, side: Side, folder: str) -> Table:
        """See `SteadyReader.tree`."""
        return {path: blob for path, blob in self._table(side).items() if below(path, folder)}

    def search(
        self,
        needles: Iterable[tuple[bytes, ...]],
        scope: str,
        suffixes: tuple[str, ...] = (),
        deep: bool = True,
    ) -> Sequence[Entry]:
        """See `Reader.search`. Links, submodules, LFS pointers, files over `FILE_BYTES` and names of
        well-known binary formats hold no configuration that a join could use."""
        wanted: dict[bytes, list[tuple[bytes, ...]]] = {}
        for first, *rest in (every or (b"",) for every in dict.fromkeys(needles)):
            wanted.setdefault(first, []).append(tuple(rest))
        scope = scope.strip("/")
        candidates = [
            (path, blob)
            for path, blob in self._table(Side.HEAD).items()
            if path not in self._changed
            and path.endswith(suffixes or "")
            and below(path, scope)
            and (deep or path.rpartition("/")[0] == scope)
            and _may_matter(path, blob)
        ]
        # What is not in a partial clone cannot be excluded: it is named, and fails when it is read.
        found = [Entry(path, blob, blob) for path, blob in candidates if blob.size < 0]
        present = [(path, blob) for path, blob in candidates if blob.size >= 0]
        contents = self._contents([blob for _, blob in present])
        found += [
            Entry(path, blob, blob)
            for (path, blob), content in zip(present, contents, strict=True)
            if _matches(content, wanted) and not is_lfs_pointer(content)
        ]
        return sorted(found, key=lambda entry: entry.path)

    def policy_files(self, side: Side) -> Sequence[tuple[str, bytes]]:
        """See `Reader.policy_files`. Raises `UsageProblem` when anything there is not a plain file."""
        found = sorted(i for i in self._policy(side).items() if below(i[0], POLICY_FOLDER))
        for path, blob in found:
            if blob.mode not in REGULAR or path == POLICY_FOLDER:
                raise UsageProblem(
                    "policy must be a regular file in the folder .changegate/",
                    path=path,
                    why="A link or submodule could point at text that nobody reviewed as policy.",
                    remedy="Put the file itself there.",
                )
            if blob.size > limits.FILE_BYTES:
                raise UsageProblem(
                    f"the policy file is larger than the limit of {limits.FILE_BYTES:,} bytes",
                    path=path,
                    why="A larger file is never read in part.",
                    remedy="Split it.",
                )
        contents = self._load([blob for _, blob in found]) if found else ()
        return [(path, content) for (path, _), content in zip(found, contents, strict=True)]

    def _table(self, side: Side) -> Table:
        if side not in self._tables:
            made = self._make[side]()
            if len(made) > limits.TREE_ENTRIES:
                raise InputProblem(
                    f"the {side} tree has more than {limits.TREE_ENTRIES:,} paths",
                    why="A larger tree is never judged in part.",
                    remedy="Split the repository, or scan its folders one by one.",
                )
            self._tables[side] = made
        return self._tables[side]

    def _contents(self, blobs: Sequence[Blob]) -> Iterator[bytes]:
        """Contents in order, keeping as many in memory as the budget allows: joins search in rounds."""
        missing = {blob.id: blob for blob in blobs if blob.id not in self._kept}
        loaded = iter(self._load(list(missing.values()))) if missing else iter(())
        ahead: dict[str, bytes] = {}
        for blob in blobs:
            content = self._kept.get(blob.id, ahead.get(blob.id))
            if content is None:
                content = next(loaded)
                if len(content) <= self._room:
                    self._kept[blob.id] = content
                    self._room -= len(content)
                else:
                    ahead[blob.id] = content
            yield content


def _matches(content: bytes, wanted: Mapping[bytes, Sequence[tuple[bytes, ...]]]) -> bool:
    """Whether the content holds a first needle and all of one of the sequels grouped under it."""
    return any(
        first in content and any(all(needle in content for needle in rest) for rest in sequels)
        for first, sequels in wanted.items()
    )


def _may_matter(path: str, blob: Blob) -> bool:
    return (
        blob.mode in REGULAR
        and blob.size <= limits.FILE_BYTES
        and path.rpartition(".")[2].lower() not in _BINARY
    )
