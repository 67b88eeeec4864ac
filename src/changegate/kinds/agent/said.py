"""What the configuration of a coding agent says: permissions, programs that it starts, and servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from changegate.model.document import Route

EVERYTHING: Final = "*"


@dataclass(frozen=True, slots=True)
class Permission:
    """The agent may do `action` on `resource` (allow), must ask first (ask), or never (deny).

    action: the tool's name, as the agent spells it; `Bash` for commands of a shell in every agent
    resource: a command, path, domain or server, with `*` for any text
    """

    effect: str
    action: str
    resource: str
    route: Route


@dataclass(frozen=True, slots=True)
class Program:
    """A command that the agent starts by itself. event: when it does."""

    event: str
    command: str
    route: Route


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the Model Context Protocol, in its own words."""

    name: str
    value: Mapping[str, Any]
    route: Route


Said: TypeAlias = Permission | Program | Server


def child(value: Any, *keys: str) -> Any:
    """The node below a map; None where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def texts(value: Any, route: Route) -> Iterator[tuple[str, Route]]:
    """The texts of a list, with their routes."""
    for at, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, str) and item:
            yield item, (*route, at)


def maps(value: Any, route: Route) -> Iterator[tuple[str, Mapping[str, Any], Route]]:
    """The maps that a map holds, with their keys and routes."""
    for key, item in (value if isinstance(value, Mapping) else {}).items():
        if isinstance(item, Mapping):
            yield str(key), item, (*route, key)


def ruled(effect: str, rule: str, route: Route) -> Permission:
    """`Tool` or `Tool(what)`; a tool without a what is meant for everything."""
    tool, opened, rest = rule.partition("(")
    what = rest.removesuffix(")").strip() if opened else EVERYTHING
    if what.endswith(":*"):
        what = f"{what[:-2]} *"  # the older way to write the end of a command
    return Permission(effect, _spelt(tool.strip()), what or EVERYTHING, route)


def _spelt(tool: str) -> str:
    return "Bash" if tool in ("Shell", "run_shell_command", "run_in_terminal", "bash") else tool
