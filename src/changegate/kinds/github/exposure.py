"""`github/exposure`: jobs that fetch an outsider's code where the base's rights are.

https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from changegate.kinds.github.expressions import secret_names
from changegate.kinds.github.parts import (
    Job,
    below,
    derived,
    expression_texts,
    program,
    run_commands,
    starts_here,
    uses,
    written,
)  # fmt: skip
from changegate.knowledge import github
from changegate.model.document import Route
from changegate.model.subject import Origin, Subject
from changegate.model.workflow import EXPOSURE, Exposure
from changegate.syntax.github_expression import holes, read_expression
from changegate.syntax.shell import Command

_EVENTS = frozenset({"issue_comment", "pull_request_target", "workflow_run"})
_WORKSPACE = frozenset({"checkout", "merge", "pull", "rebase", "reset", "switch"})  # of git
_ASKING = ("-h", "--help", "--version", "-v", "-V")


def exposures(found: Iterable[Job]) -> Iterator[Subject]:
    """One for each job that fetches such code, whether it runs it or not."""
    for job in found:
        events = sorted(_EVENTS & set(job.triggers))
        if not events:
            continue
        trail = _Trail(code=frozenset(job.given.code))
        for step in job.steps:
            trail.follow(step)
        if trail.fetches:
            yield _subject(job, events, trail)


def _subject(job: Job, events: list[str], trail: _Trail) -> Subject:
    model = Exposure(
        workflow=job.path,
        job=job.name,
        events=events,
        fetches=[text for text, _ in trail.fetches],
        runs=[text for text, _ in trail.runs],
        holds=sorted(set(_holds(job))),
        guards=[*guards_of(job), *trail.guards],
    )
    fetched = tuple(origin for _, origin in trail.fetches)
    origins = {"": fetched, "fetches": fetched, "events": (Origin(fetched[0].document, ("on",)),)}
    if trail.runs:
        origins["runs"] = tuple(origin for _, origin in trail.runs)
    return derived(EXPOSURE, job.job.identity.address, model, job.job, origins)


@dataclass(slots=True)
class _Trail:
    """What happens to an outsider's code, step by step.

    code: inputs that name such code; folders: where it lies, "" for the workspace itself
    refs: names of commits that git has fetched, and not put into the workspace
    """

    code: frozenset[str] = frozenset()
    fetches: list[tuple[str, Origin]] = field(default_factory=list)
    runs: list[tuple[str, Origin]] = field(default_factory=list)
    guards: list[str] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    refs: set[str] = field(default_factory=set)

    def follow(self, step: Subject) -> None:
        if uses(step).lower() == "actions/checkout":
            self._checkout(step)
        elif self.folders and uses(step).startswith("./"):
            self._local_action(step)
        for command in run_commands(step):
            if self._takes_in(step, command):
                self._fetched(written(step, command), _place(step, command), "", step)
            elif self.folders and self._runs(step, command):
                self.runs.append((written(step, command), _place(step, command)))

    def _checkout(self, step: Subject) -> None:
        given = step.data.get("with")
        given = given if isinstance(given, dict) else {}
        folder = _folder(given.get("path", ""))
        self.folders.discard(folder)
        for key in ("ref", "repository"):
            if names_outside_code(str(given.get(key, "")), self.code):
                self._fetched(str(given[key]), below(step, ("with", key)), folder, step)
                return

    def _takes_in(self, step: Subject, command: Command) -> bool:
        """Whether a command puts an outsider's code into the workspace. `git fetch` alone only loads it."""
        words = program(command)
        if words[:3] == ("gh", "pr", "checkout"):
            return True
        if words[:1] != ("git",):
            return False
        if "fetch" in words[1:4] and names_outside_code(written(step, command), self.code):
            self.refs |= {"FETCH_HEAD", *(word.rpartition(":")[2] for word in words[2:] if ":" in word)}
            return False
        if not _WORKSPACE & set(words[1:4]) or "--" in words:
            return False
        return bool(self.refs & set(words)) or names_outside_code(written(step, command), self.code)

    def _fetched(self, text: str, place: Origin, folder: str, step: Subject) -> None:
        self.fetches.append((text, place))
        self.folders.add(folder)
        self.guards += _guard(step.data.get("if"))

    def _local_action(self, step: Subject) -> None:
        folder = _folder(uses(step))
        if any(_inside(folder, known) for known in self.folders):
            self.runs.append((uses(step), below(step, ("uses",))))

    def _runs(self, step: Subject, command: Command) -> bool:
        """Whether a command runs code of a folder that holds an outsider's."""
        if not _runs_code(program(command)) and not starts_here(command):
            return False
        home = _folder(step.data.get("working-directory", ""))
        if any(_inside(home, known) for known in self.folders):
            return True
        script = str(step.data.get("run", ""))
        named = [known for known in self.folders if known]
        return any(_mentions(script, known) for known in named)


def _mentions(script: str, folder: str) -> bool:
    """Whether a script goes into a folder, or starts a program in it."""
    return f"cd {folder}" in script or f"cd ./{folder}" in script or f"{folder}/" in script


def _place(step: Subject, command: Command) -> Origin:
    script = str(step.data["run"])
    end = script.find("\n", command.start)
    return below(step, ("run",), (command.start, end if end >= 0 else len(script)))


def _folder(value: Any) -> str:
    """A folder of the workspace without its first `./`; "" for the workspace."""
    text = str(value).removeprefix("${{ github.workspace }}").strip("/")
    while text.startswith("./"):
        text = text[2:].lstrip("/")
    return "" if text == "." else text


def _inside(folder: str, known: str) -> bool:
    return not known or folder == known or folder.startswith(f"{known}/")


def names_outside_code(text: str, inputs: frozenset[str] = frozenset()) -> bool:
    """Whether a ref or a repository is that of whoever caused the run; `inputs` are known to be."""
    table = github.table()
    pull = "pull/" in text
    for hole in holes(text):
        for path in read_expression(hole.source).flows:
            if (
                path in table.outside_code
                or path in inputs
                or (path in table.numbers and (pull or "pull/" in hole.source))
            ):
                return True
    return False


def _runs_code(words: tuple[str, ...]) -> bool:
    table = github.table()
    name, rest = (words[0], words[1:]) if words else ("", ())
    if not rest and name in ("bun", "cmake", "node", "python", "python3", "docker"):
        return False
    if any(word in _ASKING for word in rest[:1]):
        return False
    if name in table.runners_with:
        return bool(table.runners_with[name] & set(rest[:2])) and not _installs_by_name(name, rest)
    if name in table.runners:
        return not _global_install(name, rest)
    if name in table.interpreters:
        return bool(rest) and not rest[0].startswith(("-", "/", "$", "X")) and "." in rest[0]
    return False


def _installs_by_name(name: str, rest: tuple[str, ...]) -> bool:
    """`pip install tool`: from the index, not from the folder."""
    if name not in ("pip", "pip3", "uv") or "install" not in rest:
        return False
    given = rest[rest.index("install") + 1 :]
    return not any(
        word in ("-r", "-e", "--requirement", "--editable") or word.startswith(".") for word in given
    )


def _global_install(name: str, rest: tuple[str, ...]) -> bool:
    """`npm install -g tool`, `gem install tool`: not of the folder either."""
    return name in ("npm", "pnpm", "yarn", "gem", "cargo", "bun") and (
        bool({"-g", "--global", "global"} & set(rest))
        or (name in ("gem", "cargo") and rest[:1] == ("install",))
    )


def guards_of(job: Job) -> Iterator[str]:
    """Conditions and environments that may keep strangers out of a job, and of those that call it."""
    yield from job.given.guards
    yield from _guard(job.job.data.get("if"))
    environment = job.job.data.get("environment")
    if environment:
        name = environment.get("name", "") if isinstance(environment, dict) else environment
        yield f"environment {name}"
    needs = job.job.data.get("needs")
    if needs:
        listed = needs if isinstance(needs, list) else [needs]
        yield f"needs: {', '.join(map(str, listed))}"


def _guard(condition: Any) -> list[str]:
    text = str(condition) if condition is not None else ""
    route: Route = ("if",)
    reads = {path for _, source in expression_texts(route, text) for path in read_expression(source).reads}
    known = github.table().guards
    return [text] if any(github.is_one_of(path, known) for path in reads) else []


def _holds(job: Job) -> Iterator[str]:
    """Rights within reach of the job's steps, beyond reading what is public."""
    own = job.job.data.get("permissions")
    for permissions in [own] if own is not None else job.given.permissions or [None]:
        if permissions is None:
            yield "the default token"
        elif isinstance(permissions, str):
            yield from ["every permission"] if permissions == "write-all" else []
        else:
            yield from (f"{name}: write" for name, level in permissions.items() if level == "write")
    yield from secret_names(job)
