"""Which two commits an event of GitHub Actions proposes, and whose policy judges them.

An event is data of others: ids must look like ids, and nothing of it is run, fetched or believed beyond
what GitHub itself states. Facts: docs.github.com, "Events that trigger workflows" and "Webhook events and
payloads".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from changegate import limits
from changegate.errors import UsageProblem

_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

# These run with the rights of the repository on behalf of whoever opened, pushed or wrote something.
_PRIVILEGED: Final = frozenset({"pull_request_target", "workflow_run", "issue_comment"})

_FETCH: Final = "Give actions/checkout `fetch-depth: 0`."


class Commit(Protocol):
    """A commit of the clone."""

    @property
    def id(self) -> str: ...
    @property
    def parents(self) -> tuple[str, ...]: ...


class Clone(Protocol):
    """What is asked of the checkout."""

    @property
    def origin(self) -> str:
        """The address it was cloned from, "" when it has none."""

    def find(self, label: str) -> Commit | None:
        """The commit of that name; None when the clone does not have it."""

    def contains(self, descendant: str, ancestor: str) -> bool:
        """Whether `descendant` is surely `ancestor` or made on top of it."""


@dataclass(frozen=True, slots=True)
class Ends:
    """base -> head by full id or name; `policy` is where rules come from, None for the base's tip.

    `names` are what people call the two.
    """

    base: str
    head: str
    exact: bool = False
    policy: str | None = None
    names: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Event:
    """What the runner says of a run: the event's name and payload, GITHUB_SHA, GITHUB_REPOSITORY."""

    name: str
    payload: Mapping[str, Any]
    sha: str
    repository: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Event:
        """Read the event that the variables name. Raises `UsageProblem`."""
        name = environment.get("GITHUB_EVENT_NAME", "")
        if not name:
            raise UsageProblem(
                "GITHUB_EVENT_NAME is not set",
                why="This command judges the event that started a run of GitHub Actions.",
                remedy="Elsewhere, use `changegate check --base REV`.",
            )
        path = environment.get("GITHUB_EVENT_PATH", "")
        payload = _load(Path(path)) if path else {}
        repository = environment.get("GITHUB_REPOSITORY", "")
        return cls(name, payload, environment.get("GITHUB_SHA", ""), repository)

    def id(self, *keys: str) -> str:
        """The commit id at a path of the payload. Raises `UsageProblem` when there is none."""
        found = self._at(keys)
        if not isinstance(found, str) or not _ID.fullmatch(found):
            raise _odd_event(self.name, ".".join(keys), "a full commit id")
        return found

    def text(self, *keys: str) -> str:
        """The text at a path of the payload. Raises `UsageProblem` when there is none."""
        found = self._at(keys)
        if not isinstance(found, str) or not found:
            raise _odd_event(self.name, ".".join(keys), "a name")
        return found

    def _at(self, keys: tuple[str, ...]) -> object:
        found: object = self.payload
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found


def ends(event: Event, clone: Clone, *, base: str = "", head: str = "", data_only: bool = False) -> Ends:
    """What to compare. `base` and `head` are the caller's own choice, "" to follow the event.

    Raises `UsageProblem` when the event proposes nothing, or the clone does not hold both ends.
    """
    if event.name in _PRIVILEGED:
        return _as_data(event.name, base, head, data_only=data_only)
    if head and not base:
        raise UsageProblem(
            "the input `head` needs the input `base`",
            why="It would not be clear what the head is compared with.",
            remedy="Give both, or neither to follow the event.",
        )
    if base:
        return Ends(base, head or event.sha, names=(base, head or "this commit"))
    follow = _FOLLOWED.get(event.name)
    if follow is None:
        raise UsageProblem(
            f'the event "{event.name}" does not say what changed',
            why="Without a base there is no change to judge.",
            remedy="Give the inputs `base` and `head`, or run on pull_request, push or merge_group.",
        )
    return follow(event, clone)


def _as_data(name: str, base: str, head: str, *, data_only: bool) -> Ends:
    full = _ID.fullmatch(base) and _ID.fullmatch(head)
    if not (data_only and full):
        raise UsageProblem(
            f'the event "{name}" runs with the rights of the repository on the work of others',
            why="A checkout of that work beside a token is how repositories were taken over; and a branch"
            " name can move between the check and its use.",
            remedy="Use pull_request: it needs no token, and works for forks. Where that is not possible, set"
            " `data-only: true` and give `base` and `head` as full commit ids.",
        )
    return Ends(base, head, names=(base[:12], head[:12]))


def _pull_request(event: Event, clone: Clone) -> Ends:
    """The merge that GitHub made of base and head, else the head itself.

    Only GITHUB_SHA is believed to be that merge, and only with the event's head as second parent: anyone can
    push a commit that looks like a merge into the base.
    """
    proposed, branch = event.id("pull_request", "head", "sha"), event.text("pull_request", "base", "ref")
    names = (branch, f"pull request {event.payload.get('number', '')}".rstrip())
    merge = clone.find(event.sha) if _ID.fullmatch(event.sha) else None
    if merge is not None and len(merge.parents) == 2 and merge.parents[1] == proposed:
        start = merge.parents[0]
        return Ends(start, merge.id, exact=True, policy=_newest(event, clone, branch, start), names=names)
    if clone.find(proposed) is None:
        raise UsageProblem(
            "the checkout holds neither the pull request's head nor its merge",
            why=f"Another commit was checked out, and {proposed[:12]} cannot be judged from here.",
            remedy=f"{_FETCH} Leave out its `ref`, or name the head with it.",
        )
    tip = _newest(event, clone, branch, event.id("pull_request", "base", "sha"))
    return Ends(tip, proposed, names=names)


def _newest(event: Event, clone: Clone, branch: str, known: str) -> str:
    """The tip of the base branch as the clone has it, when that is newer than the one `known`.

    An event keeps the base's tip of its time: on a re-run the policy may have been tightened since. Only the
    repository's own branch counts, never that of a fork which somebody checked out.
    """
    address = clone.origin.rstrip("/").removesuffix(".git").lower()
    ours = event.repository.lower()
    if not ours or not address.endswith((f"/{ours}", f":{ours}")):
        return known
    tip = clone.find(f"refs/remotes/origin/{branch}")
    return tip.id if tip is not None and clone.contains(tip.id, known) else known


def _push(event: Event, clone: Clone) -> Ends:
    before, after = event.id("before"), event.id("after")
    ref = event.text("ref")
    if _nothing(after):
        raise UsageProblem(
            f"this push removes {ref}, it proposes nothing",
            remedy="Do not run the gate where `github.event.deleted` is true.",
        )
    if _nothing(before):
        return _new_branch(event, ref, after)
    if clone.find(before) is None:
        raise UsageProblem(
            f"the commit that {ref} stood at before this push is not in the checkout ({before[:12]})",
            why="Either the checkout is shallow, or the push replaced history; what changed is not known.",
            remedy=f"{_FETCH} After a forced push, give the input `base`, such as origin/main.",
        )
    return Ends(before, after, exact=True, names=(f"{_short(ref)} before", _short(ref)))


def _new_branch(event: Event, ref: str, after: str) -> Ends:
    default = event.text("repository", "default_branch")
    if ref == f"refs/heads/{default}":
        raise UsageProblem(
            f"this is the first push of {default}, it has no base",
            why="Every file would count as new. The next push is judged against this one.",
            remedy="`changegate scan .` judges the files as they are.",
        )
    return Ends(f"refs/remotes/origin/{default}", after, names=(default, _short(ref)))


def _merge_group(event: Event, _: Clone) -> Ends:
    base, head = event.id("merge_group", "base_sha"), event.id("merge_group", "head_sha")
    return Ends(base, head, exact=True, names=("queue base", "merge queue"))


_FOLLOWED: Final[Mapping[str, Callable[[Event, Clone], Ends]]] = {
    "pull_request": _pull_request,
    "push": _push,
    "merge_group": _merge_group,
}


def _nothing(id_: str) -> bool:
    return not id_.strip("0")


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


def _load(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(limits.EVENT_BYTES + 1)
        payload = json.loads(content) if len(content) <= limits.EVENT_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        cause = f"the event cannot be read ({str(error) or 'too deep'})"
        raise UsageProblem(cause, path=str(path), remedy=_RERUN) from error
    if not isinstance(payload, dict):
        size = len(content) > limits.EVENT_BYTES
        cause = f"the event is larger than {limits.EVENT_BYTES:,} bytes" if size else "the event is no object"
        raise UsageProblem(cause, path=str(path), remedy=_RERUN)
    return payload


_RERUN: Final = "GITHUB_EVENT_PATH must name the file that the runner wrote. Run the workflow again."


def _odd_event(name: str, field: str, wanted: str) -> UsageProblem:
    return UsageProblem(
        f'the event "{name}" has no usable `{field}`; it should be {wanted}',
        why="Without it the change is not known, and nothing else is judged in its place.",
        remedy="Give the inputs `base` and `head`.",
    )
