"""A git repository as a source: two commits, the index, or the working tree.

Nothing of the repository but its objects, refs, index and ignore and attribute rules is used; see
`private.py` for how, and `process.py` for what a git process may see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType

from changegate import limits
from changegate.errors import InputProblem, UsageProblem
from changegate.model.proposal import Blob, Entry, Mode, Proposal, Revision, Side
from changegate.sources import paths
from changegate.sources.layout import Layout, find_layout
from changegate.sources.private import PrivateDirectory
from changegate.sources.process import Runner, lines, missing
from changegate.sources.reader import POLICY_FOLDER, Table, TableReader
from changegate.sources.refs import Refs
from changegate.sources.revisions import Commit, Revisions
from changegate.sources.worktree import Snapshot, snapshot, tree_of_index

WORKING_TREE = "working tree"
INDEX = "index"
NOTHING = "nothing"

_CHUNK_BYTES = 32 * limits.MIB  # of contents that one bulk read holds in memory
_ABSENT = "000000"


def open_repository(path: Path, *, any_owner: bool = False) -> GitSource:
    """The repository that `path` is in: a working tree or any folder of it, a linked worktree, a
    submodule or a bare repository.

    Raises `UsageProblem` when it is none, cannot be read or, unless `any_owner`, is another user's.
    Close the source (it is a context manager) to remove its temporary directory and processes.
    """
    return GitSource(find_layout(path, any_owner=any_owner))


class GitSource:
    """Makes proposals out of one repository. A reader lives as long as its source."""

    def __init__(self, layout: Layout) -> None:
        self.root = layout.root
        self._layout = layout
        self._private = PrivateDirectory(layout)
        try:
            self._runner = Runner(self._private.path, layout.digest)
            shallow = self._private.path / "git" / "shallow"
            boundary = shallow.read_text(encoding="ascii").split() if shallow.exists() else ()
            self._refs = Refs(layout)
            self._revisions = Revisions(self._runner, self._refs, shallow=frozenset(boundary))
        except BaseException:
            self._private.close()
            raise

    def __enter__(self) -> GitSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._runner.close()
        self._private.close()

    @property
    def origin(self) -> str:
        """The address of the remote `origin`, "" when there is none."""
        return self._layout.settings.get('remote "origin".url', "")

    def find(self, label: str) -> Commit | None:
        """The commit that `label` names, with its parents; None when this clone does not have it."""
        try:
            return self._revisions.commit(label)
        except UsageProblem:
            return None

    def default_branch(self) -> Commit | None:
        """The branch that changes are merged into, as far as the clone knows it."""
        return self._revisions.default_branch()

    def contains(self, descendant: str, ancestor: str) -> bool:
        """Whether `ancestor` is `descendant` or surely in its history, as far as the clone goes."""
        one, other = self.find(descendant), self.find(ancestor)
        return bool(one and other and self._revisions.merge_bases(one, other) == [other.id])

    def compare(
        self, base: str, head: str = "HEAD", *, exact: bool = False, policy_from: str | None = None
    ) -> tuple[Proposal, TableReader]:
        """What `head` changes since it left `base`; the two as they are when `exact`, or when `head` is
        a merge into `base` (what GitHub checks out for a pull request).

        Raises `UsageProblem` when a name or the merge base cannot be resolved for certain.
        """
        tip, top = self._revisions.commit(base), self._revisions.commit(head)
        as_they_are = exact or top.parents[:1] == (tip.id,)
        start = tip.id if as_they_are else self._revisions.merge_base(tip, top)
        return self._proposal(
            base=Revision(base, start),
            head=top.revision,
            head_tree=Snapshot(top.id, {}),
            policy=self._policy(policy_from, tip.revision),
        )

    def staged(
        self, *, policy_from: str | None = None, index_file: str | None = None
    ) -> tuple[Proposal, TableReader]:
        """What is about to be committed: HEAD (nothing, before the first commit) against the index.

        `index_file` is the caller's GIT_INDEX_FILE: `git commit -a` and `git commit PATH` run hooks on
        an index of their own. It must lie inside the git directory.
        """
        self._take_index(index_file)
        head = self._revisions.head()
        trusted = None
        if head is not None:
            branch = self._revisions.default_branch()
            bases = self._revisions.merge_bases(branch, head) if branch else []
            trusted = Revision(branch.label, bases[0]) if branch and len(bases) == 1 else head.revision
        return self._proposal(
            base=head.revision if head else Revision(NOTHING),
            head=Revision(INDEX),
            head_tree=Snapshot(tree_of_index(self._runner), {}),
            policy=self._policy(policy_from, trusted),
            advisory=True,
        )

    def worktree(self, *, policy_from: str | None = None) -> tuple[Proposal, TableReader]:
        """What the working tree proposes over the default branch: commits, staged, unstaged and
        untracked work together. Without a default branch: over HEAD."""
        now = self._working_tree()
        head = self._revisions.head()
        branch = (self._revisions.default_branch() or head) if head else None
        base = Revision(branch.label, self._revisions.merge_base(branch, head)) if branch and head else None
        return self._proposal(
            base=base or Revision(NOTHING),
            head=Revision(WORKING_TREE),
            head_tree=now,
            policy=self._policy(policy_from, branch.revision if branch else None),
            advisory=True,
        )

    def everything(self, wanted: Callable[[str], bool]) -> tuple[Proposal, TableReader]:
        """The files of the working tree (of HEAD, in a bare repository) that are `wanted`, without a base.
        Policy is the one beside them: whoever scans a tree looks at their own."""
        if self.root is None:
            head = self._revisions.commit("HEAD")
            revision, tree = head.revision, Snapshot(head.id, {})
        else:
            revision, tree = Revision(WORKING_TREE), self._working_tree()
        table = self._table(tree)
        entries = tuple(Entry(path, None, table[path]) for path in sorted(table) if wanted(path))
        proposal = Proposal(None, revision, revision, entries)
        return proposal, self._reader(proposal, tree, tree.tree, tree.tree)

    def _working_tree(self) -> Snapshot:
        if self.root is None:
            raise UsageProblem(
                "a bare repository has no working tree",
                why="There is nothing to compare with a commit.",
                remedy="Name two commits: --base main --head feature.",
            )
        self._refuse_other_worktree(self.root)
        self._take_index(None)
        return snapshot(self._runner, self.root)

    def _refuse_other_worktree(self, root: Path) -> None:
        configured = self._layout.settings.get("core.worktree")
        if configured and (self._layout.git_dir / configured).resolve() != root:
            raise UsageProblem(
                "the repository's configuration (core.worktree) names another folder as its working tree",
                path=str(root),
                why="It is not clear which files are meant.",
                remedy="Run changegate in that folder, or unset core.worktree.",
            )

    def _take_index(self, index_file: str | None) -> None:
        index = self._layout.git_dir / "index"
        if index_file:
            index = ((self.root or self._layout.git_dir) / index_file).resolve()
            if not index.is_relative_to(self._layout.git_dir):
                raise UsageProblem(
                    "GIT_INDEX_FILE names an index outside of the repository",
                    path=str(index),
                    why="Only git's own commands put their index into the git directory.",
                    remedy="Unset GIT_INDEX_FILE.",
                )
        self._private.take_index(index)

    def _policy(self, policy_from: str | None, default: Revision | None) -> Revision | None:
        return self._revisions.commit(policy_from).revision if policy_from else default

    def _proposal(
        self,
        *,
        base: Revision,
        head: Revision,
        head_tree: Snapshot,
        policy: Revision | None,
        advisory: bool = False,
    ) -> tuple[Proposal, TableReader]:
        before = base.commit or self._empty_tree()
        entries = self._entries(before, head_tree)
        proposal = Proposal(base, head, policy, entries, advisory)
        return proposal, self._reader(proposal, head_tree, before, policy.commit if policy else None)

    def _reader(self, proposal: Proposal, head: Snapshot, before: str, policy: str | None) -> TableReader:
        def policy_table(side: Side) -> Table:
            tree = head.tree if side is Side.HEAD else policy
            return self._listed(tree, POLICY_FOLDER) if tree else {}

        return TableReader(
            base=lambda: self._listed(before),
            head=lambda: self._table(head),
            policy=policy_table,
            changed=[entry.path for entry in proposal.entries],
            load=self._load,
            verify=self._revisions.verify_unmoved,
            root=self.root,
        )

    def _empty_tree(self) -> str:
        return hashlib.new(self._layout.digest, b"tree 0\0", usedforsecurity=False).hexdigest()

    def _entries(self, before: str, head: Snapshot) -> tuple[Entry, ...]:
        """Paths that differ, sorted; a rename is a path that goes and a path that comes."""
        fields = lines(
            self._runner.run(
                "diff-tree",
                "-r",
                "-z",
                "--raw",
                "--no-renames",
                "--ignore-submodules=none",
                before,
                head.tree,
            )
        )
        changed: dict[str, tuple[str, str, str, str]] = {}
        for meta, path in zip(fields[::2], fields[1::2], strict=True):
            old_mode, new_mode, old_id, new_id = meta[1:].split(" ")[:4]
            if path in changed:
                raise InputProblem(
                    "a tree holds this path twice",
                    path=path,
                    why="Which of the two a tool reads is not defined.",
                    remedy="Rewrite the commit; `git fsck` names the tree.",
                )
            changed[paths.checked(path)] = (old_mode, old_id, new_mode, new_id)
        sizes = self._runner.sizes(
            sorted(
                {id_ for four in changed.values() for mode, id_ in (four[:2], four[2:]) if _has_content(mode)}
            )
        )
        entries = {
            path: Entry(path, _blob(path, *four[:2], sizes), _blob(path, *four[2:], sizes))
            for path, four in changed.items()
        }
        for path, blob in head.beside.items():
            known = entries.get(path)
            entries[path] = Entry(path, known.base if known else None, blob)
        return tuple(entries[path] for path in sorted(entries))

    def _table(self, head: Snapshot) -> Table:
        return self._listed(head.tree) | head.beside

    def _listed(self, tree: str, only: str = "") -> dict[str, Blob]:
        """Blobs of a tree by path; of one folder (or file) when `only` names it."""
        where = ("--", only) if only else ()
        listed: dict[str, Blob] = {}
        for line in lines(self._runner.run("ls-tree", "-r", "-z", "-l", tree, *where)):
            meta, _, path = line.partition("\t")
            mode, _, id_, size = meta.split()
            listed[path] = Blob(id_, _mode(mode), int(size) if size.isdigit() else -1)
        return listed

    def _load(self, blobs: Sequence[Blob]) -> Iterable[bytes]:
        """Contents in order: one question to the open process, or one process for many."""
        if len(blobs) == 1:
            found = self._runner.object(blobs[0].id)
            if found is None:
                raise missing(blobs[0].id)
            yield found.content
            return
        chunk: list[str] = []
        held = 0
        for blob in blobs:
            chunk.append(blob.id)
            held += max(blob.size, 0)
            if held > _CHUNK_BYTES:
                yield from self._runner.objects(chunk)
                chunk, held = [], 0
        yield from self._runner.objects(chunk)


def _has_content(mode: str) -> bool:
    return mode not in (_ABSENT, Mode.SUBMODULE)


def _mode(mode: str) -> Mode:
    """Git itself knows only these four; 100664 and the like are from its first months."""
    if mode in (Mode.SYMLINK, Mode.SUBMODULE):
        return Mode(mode)
    return Mode.EXECUTABLE if int(mode, 8) & 0o100 else Mode.FILE


def _blob(path: str, mode: str, id_: str, sizes: dict[str, int]) -> Blob | None:
    if mode == _ABSENT:
        return None
    if mode == Mode.SUBMODULE:
        return Blob(id_, Mode.SUBMODULE)
    if id_ not in sizes:
        raise missing(id_, path)
    return Blob(id_, _mode(mode), sizes[id_])
