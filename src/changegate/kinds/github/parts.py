"""Workflows and actions in parts, as what follows from them is found: jobs with their steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from changegate.knowledge.github import Tools
from changegate.model.document import Route
from changegate.model.schema import to_data
from changegate.model.subject import Identity, Origin, Subject
from changegate.syntax.github_expression import holes, masked
from changegate.syntax.shell import Command, commands


@dataclass(slots=True)
class Given:
    """What the callers of a workflow or an action in the same repository bring to it.

    triggers: events that cause them to run
    texts: inputs (`inputs.title`) that an outsider's text reaches, with the events that carry it
    code: inputs that name an outsider's commit or repository
    permissions: those of each calling job, None for the default
    guards: conditions that keep strangers from every caller on a privileged event
    """

    triggers: set[str] = field(default_factory=set)
    texts: dict[str, frozenset[str]] = field(default_factory=dict)
    code: set[str] = field(default_factory=set)
    permissions: list[Any] = field(default_factory=list)
    guards: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Job:
    """A job, or the steps of a composite action (`job` and `workflow` are then the action).

    file: all jobs of the same file, this one too; given: what callers bring, where they are known
    """

    workflow: Subject
    job: Subject
    steps: list[Subject] = field(default_factory=list)
    file: list[Job] = field(default_factory=list, repr=False)
    given: Given = field(default_factory=Given)

    @property
    def name(self) -> str:
        return str(self.job.data.get("id", ""))

    @property
    def path(self) -> str:
        return self.workflow.path

    @property
    def triggers(self) -> list[str]:
        return sorted({*self.job.data.get("triggers", []), *self.given.triggers})


def jobs(subjects: Iterable[Subject]) -> list[Job]:
    """Jobs of one file, from its native subjects in their order."""
    found: list[Job] = []
    top: Subject | None = None
    for subject in subjects:
        if subject.kind in ("github/workflow", "github/action"):
            top = subject
        if top is not None and subject.kind in ("github/job", "github/action"):
            found.append(Job(top, subject, file=found))
        if subject.kind in ("github/step", "github/action-step"):
            found[-1].steps.append(subject)
    return found


def below(subject: Subject, route: Route, part: tuple[int, int] | None = None) -> Origin:
    """A node below a subject that keeps its document's shape."""
    home = subject.origins[""][0]
    return Origin(home.document, home.route + route, part)


def derived(
    kind: str, address: str, model: object, source: Subject, origins: Mapping[str, tuple[Origin, ...]]
) -> Subject:
    """A subject that follows from `source`. `origins` must hold "": the place of every field not named."""
    identity = Identity(source.identity.unit, kind, address)
    data = to_data(model)
    return Subject(identity, source.side, data, {**dict.fromkeys(data, origins[""]), **origins})


def run_commands(step: Subject) -> tuple[Command, ...]:
    """The commands of a step's script; an expression in it is one word without syntax."""
    return commands(masked(str(step.data.get("run", ""))))


def written(step: Subject, command: Command) -> str:
    """The first line of a command, as a reader would quote it."""
    script = str(step.data["run"])
    return " ".join(script[command.start :].split("\n", 1)[0].split())


def uses(step: Subject) -> str:
    """What a step or job uses, without the version; "" for nothing."""
    return str(step.data.get("uses", "")).partition("@")[0]


def program(command: Command) -> tuple[str, ...]:
    """The words of a command from its program on: without keywords of the shell, assignments and
    programs that only start another one. The program is named without its folder."""
    words = _from_program(command)
    return (words[0].rpartition("/")[2] or words[0], *words[1:]) if words else ()


def starts_here(command: Command) -> bool:
    """Whether the program is a file of the folder that the command is started in, or below it."""
    return any(word.startswith("./") for word in _from_program(command)[:1])


def _from_program(command: Command) -> list[str]:
    words = list(command.words)
    while words and (words[0] in _BEFORE or _assigns(words[0])):
        del words[0]
    return words


_BEFORE = frozenset(
    {
        "!",
        "command",
        "do",
        "else",
        "env",
        "exec",
        "if",
        "nohup",
        "sudo",
        "then",
        "time",
        "until",
        "while",
        "elif",
    }
)


def _assigns(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()


def tools_of(step: Subject, tools: Tools) -> Iterator[str]:
    """Names of the tools that a step (or a job that calls a workflow) uses to one end."""
    action = uses(step)
    if any(action == known or action.startswith(f"{known}/") for known in tools.actions):
        yield action
    yield from commands_of(step, tools.commands)


def commands_of(step: Subject, known: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for command in run_commands(step):
        words = program(command)
        for first, *others in known:
            if words and words[0] == first and all(other in words for other in others):
                yield " ".join((first, *others))


def texts(value: Any, route: Route = ()) -> Iterator[tuple[Route, str]]:
    """Every text in a value, with the route to it."""
    if isinstance(value, str):
        yield route, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, (*route, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*route, index))


def expression_texts(route: Route, text: str) -> Iterator[tuple[tuple[int, int] | None, str]]:
    """The expressions in a text, with their place; a condition is one as a whole."""
    found = [((hole.start, hole.end), hole.source) for hole in holes(text)]
    if route[-1:] == ("if",) and not found:
        yield None, text
    yield from found
