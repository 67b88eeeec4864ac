"""What coding agents may do in a repository: their settings, hooks and tool servers.

`agent/permission`, one a rule: `{agent, effect, action, resource, path}`. `agent/program`, one a command that
the agent starts by itself: `{agent, event, command, path}`. `agent/server`, one a tool server: `{agent, name,
transport, line, package, image, credentials, reaches, path}`, see `servers.facts`. Settings that none of
these tell are not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from changegate.errors import InputProblem
from changegate.kinds.agent import claude, others
from changegate.kinds.agent.said import Permission, Program, Said, Server, child
from changegate.kinds.agent.servers import facts, misformed, servers
from changegate.kinds.configuration import sole_map
from changegate.limits import FILE_BYTES
from changegate.model.document import Document, Route, SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

NAME = "agent"
TEMPLATED = False
MAX_BYTES = FILE_BYTES

PERMISSION: Final = "agent/permission"
PROGRAM: Final = "agent/program"
SERVER: Final = "agent/server"

_Read = Callable[[Mapping[str, Any]], Iterable[Said]]


class _File(NamedTuple):
    """agent: whose file it is; reads: what it may hold."""

    agent: str
    reads: tuple[_Read, ...]


# By folder and name; "" = in any folder.
_FILES: Final[Mapping[tuple[str, str], _File]] = {
    (".claude", "settings.json"): _File("Claude Code", (claude.settings,)),
    (".claude", "settings.local.json"): _File("Claude Code", (claude.settings,)),
    ("", ".mcp.json"): _File("Claude Code", (servers,)),
    (".cursor", "mcp.json"): _File("Cursor", (servers,)),
    (".cursor", "permissions.json"): _File("Cursor", (others.cursor,)),
    (".cursor", "cli.json"): _File("Cursor", (others.cursor,)),
    (".vscode", "mcp.json"): _File("VS Code", (servers,)),
    (".vscode", "settings.json"): _File("VS Code", (others.vscode,)),
    (".codex", "config.toml"): _File("Codex", (others.codex, servers)),
    (".gemini", "settings.json"): _File("Gemini", (others.gemini, servers)),
    (".roo", "mcp.json"): _File("Roo", (servers,)),
    ("", "opencode.json"): _File("OpenCode", (others.opencode, servers)),
    ("", "opencode.jsonc"): _File("OpenCode", (others.opencode, servers)),
}
_EDITOR: Final = ("VS Code", b'"chat.')  # its settings are mostly about other things


def sniff(path: str, content: bytes) -> bool:
    """By name; an editor's settings only when they speak of its agent."""
    file = _file(path)
    if file is None:
        return False
    return not path.endswith(".vscode/settings.json") or _EDITOR[1] in content


def _file(path: str) -> _File | None:
    rest, _, name = path.rpartition("/")
    return _FILES.get((rest.rpartition("/")[2], name)) or _FILES.get(("", name))


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """What the file lets an agent do. Raises `InputProblem` for a file that no agent reads."""
    known, found = _file(file.path), sole_map(file, "the configuration of an agent")
    if known is None or found is None:
        return Reading()
    document, data = found
    _well_formed(document, data)
    said = (one for reads in known.reads for one in reads(data))
    return Reading(tuple(_subjects(said, known.agent, document, side, unit)))


def _well_formed(document: Document, data: Mapping[str, Any]) -> None:
    """Raises `InputProblem` where a rule might hide in what is not of the right type."""
    for name in ("permissions", "hooks", "mcpServers", "servers", "mcp_servers"):
        if not isinstance(data.get(name, {}), Mapping):
            raise _problem(document, (name,), f"`{name}` is not a map")
    hooks = data.get("hooks")
    for event, groups in hooks.items() if isinstance(hooks, Mapping) else ():
        if not isinstance(groups, list):
            raise _problem(document, ("hooks", event), f"`hooks.{event}` is not a list")
    if wrong := misformed(data):
        raise _problem(document, *wrong)
    for name in ("allow", "ask", "deny"):
        rules = child(data, "permissions", name)
        if rules is not None and not (isinstance(rules, list) and all(isinstance(r, str) for r in rules)):
            raise _problem(document, ("permissions", name), f"`permissions.{name}` is not a list of texts")


def _problem(document: Document, route: Route, cause: str) -> InputProblem:
    span = document.locate(route)
    return InputProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why="What the agent may do cannot be told.",
        remedy="Write it as the agent's documentation shows.",
    )


def _subjects(
    said: Iterable[Said], agent: str, document: Document, side: Side, unit: str
) -> Iterator[Subject]:
    seen: Counter[tuple[str, str]] = Counter()
    for one in said:
        kind, name, data = _data(one)
        address = f"{document.path}: {name}"
        seen[kind, address] += 1
        count = seen[kind, address]
        yield Subject(
            Identity(unit, kind, address if count == 1 else f"{address} #{count}"),
            side,
            {"agent": agent, "path": document.path, **data},
            {"": (Origin(document, one.route),)},
        )


def _data(one: Said) -> tuple[str, str, dict[str, Any]]:
    """Kind, name and fields of the subject."""
    match one:
        case Permission():
            data = {"effect": one.effect, "action": one.action, "resource": one.resource}
            return PERMISSION, f"{one.effect} {one.action} {one.resource}", data
        case Program():
            return PROGRAM, f"{one.event} {one.command}", {"event": one.event, "command": one.command}
        case Server():
            return SERVER, one.name, facts(one)
