"""Claude Code: `.claude/settings.json` and `settings.local.json`.

Source: https://code.claude.com/docs/en/settings-reference, .../permissions, .../hooks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.kinds.agent.said import EVERYTHING, Permission, Program, Said, child, ruled, texts
from changegate.model.document import Route

# Settings that name a command to run.
_HELPERS: Final = ("apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "otelHeadersHelper")
_MODES: Final = {"bypassPermissions": EVERYTHING, "acceptEdits": "Edit"}


def settings(data: Mapping[str, Any]) -> Iterator[Said]:
    """Everything that the settings let the agent do by itself."""
    yield from _permissions(data)
    yield from _programs(data)
    if data.get("enableAllProjectMcpServers") is True:
        yield Permission("allow", "mcp__*", EVERYTHING, ("enableAllProjectMcpServers",))
    for name, route in texts(data.get("enabledMcpjsonServers"), ("enabledMcpjsonServers",)):
        yield Permission("allow", f"start server {name}", EVERYTHING, route)
    yield from _sandbox(data)


def _permissions(data: Mapping[str, Any]) -> Iterator[Said]:
    for effect in ("allow", "ask", "deny"):
        for rule, route in texts(child(data, "permissions", effect), ("permissions", effect)):
            yield ruled(effect, rule, route)
    mode = child(data, "permissions", "defaultMode")
    if mode in _MODES:
        yield Permission("allow", _MODES[mode], EVERYTHING, ("permissions", "defaultMode"))
    at = ("permissions", "additionalDirectories")
    for folder, route in texts(child(data, "permissions", "additionalDirectories"), at):
        yield Permission("allow", "Read", f"{folder.rstrip('/')}/*", route)


def _programs(data: Mapping[str, Any]) -> Iterator[Program]:
    hooks = data.get("hooks")
    for event, groups in hooks.items() if isinstance(hooks, Mapping) else ():
        for at, group in enumerate(groups if isinstance(groups, list) else []):
            listed = child(group, "hooks")
            for number, hook in enumerate(listed if isinstance(listed, list) else []):
                command = child(hook, "command")
                if isinstance(command, str):
                    route: Route = ("hooks", event, at, "hooks", number, "command")
                    yield Program(str(event), command, route)
    for name in _HELPERS:
        if isinstance(command := data.get(name), str):
            yield Program(name, command, (name,))
    if isinstance(command := child(data, "statusLine", "command"), str):
        yield Program("statusLine", command, ("statusLine", "command"))


def _sandbox(data: Mapping[str, Any]) -> Iterator[Said]:
    sandbox = data.get("sandbox")
    if child(sandbox, "enabled") is True:
        yield Permission("deny", "leave the sandbox", EVERYTHING, ("sandbox", "enabled"))
    at = ("sandbox", "excludedCommands")
    for command, route in texts(child(sandbox, "excludedCommands"), at):
        yield Permission("allow", "leave the sandbox", command, route)
