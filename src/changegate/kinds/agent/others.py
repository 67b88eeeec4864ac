"""Cursor, VS Code, Codex, Gemini and OpenCode: what their agents may do without asking.

Sources: https://cursor.com/docs/reference/permissions, https://code.visualstudio.com/docs/agents/approvals,
https://developers.openai.com/codex/config-reference, https://geminicli.com/docs/reference/configuration,
https://opencode.ai/docs/permissions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.kinds.agent.said import EVERYTHING, Permission, Program, Said, child, maps, ruled, texts
from changegate.model.document import Route

_EFFECTS: Final = ("allow", "ask", "deny")


def cursor(data: Mapping[str, Any]) -> Iterator[Said]:
    """`.cursor/permissions.json` and `.cursor/cli.json`."""
    for effect in _EFFECTS:
        for rule, route in texts(child(data, "permissions", effect), ("permissions", effect)):
            yield ruled(effect, rule, route)
    for command, route in texts(data.get("terminalAllowlist"), ("terminalAllowlist",)):
        yield Permission("allow", "Bash", _begun(command), route)
    for tool, route in texts(data.get("mcpAllowlist"), ("mcpAllowlist",)):
        yield Permission("allow", f"mcp__{tool.replace(':', '__')}", EVERYTHING, route)


def _begun(command: str) -> str:
    """A listed command stands for every line that begins with it."""
    return command if command.endswith("*") else f"{command} *"


def vscode(data: Mapping[str, Any]) -> Iterator[Said]:
    """`.vscode/settings.json`, whose keys hold dots."""
    for key in ("chat.tools.global.autoApprove", "chat.tools.autoApprove"):
        if data.get(key) is True:
            yield Permission("allow", EVERYTHING, EVERYTHING, (key,))
    for key, action in (
        ("chat.tools.terminal.autoApprove", "Bash"),
        ("chat.tools.edits.autoApprove", "Edit"),
        ("chat.tools.urls.autoApprove", "WebFetch"),
    ):
        listed = data.get(key)
        for what, answer in listed.items() if isinstance(listed, Mapping) else ():
            yes = child(answer, "approve") if isinstance(answer, Mapping) else answer
            if isinstance(yes, bool):
                yield Permission("allow" if yes else "ask", action, _approved(action, str(what)), (key, what))
    if data.get("chat.agent.sandbox.enabled") is True:
        yield Permission("deny", "leave the sandbox", EVERYTHING, ("chat.agent.sandbox.enabled",))


def _approved(action: str, what: str) -> str:
    """A regular expression stays as it is written: equal to itself, and to nothing else."""
    if what.startswith("/") and action == "Bash":
        return EVERYTHING if what.rstrip("gimsuy") in ("/.*/", "/^.*$/", "/.+/", "/^.+$/", "/^/") else what
    return _begun(what) if action == "Bash" else what.replace("**", "*")


def codex(data: Mapping[str, Any]) -> Iterator[Said]:
    """`.codex/config.toml`, with its profiles."""
    yield from _codex(data, ())
    for _, profile, route in maps(data.get("profiles"), ("profiles",)):
        yield from _codex(profile, route)
    if isinstance(data.get("notify"), list):
        command = " ".join(text for text, _ in texts(data["notify"], ()))
        yield Program("notify", command, ("notify",))


def _codex(data: Mapping[str, Any], route: Route) -> Iterator[Permission]:
    if data.get("sandbox_mode") == "danger-full-access":
        asks = data.get("approval_policy") != "never"
        action = "leave the sandbox" if asks else EVERYTHING
        yield Permission("allow", action, EVERYTHING, (*route, "sandbox_mode"))
    write = data.get("sandbox_workspace_write")
    at = (*route, "sandbox_workspace_write")
    if child(write, "network_access") is True:
        yield Permission("allow", "WebFetch", EVERYTHING, (*at, "network_access"))
    for folder, place in texts(child(write, "writable_roots"), (*at, "writable_roots")):
        yield Permission("allow", "Edit", f"{folder.rstrip('/')}/*", place)


def gemini(data: Mapping[str, Any]) -> Iterator[Said]:
    """`.gemini/settings.json`."""
    for rule, route in texts(child(data, "tools", "allowed"), ("tools", "allowed")):
        yield ruled("allow", rule, route)
    for name, server, route in maps(data.get("mcpServers"), ("mcpServers",)):
        if server.get("trust") is True:
            yield Permission("allow", f"mcp__{name}__*", EVERYTHING, (*route, "trust"))


def opencode(data: Mapping[str, Any]) -> Iterator[Said]:
    """`opencode.json`: one answer for a tool, or one for each pattern."""
    said = data.get("permission")
    if said in _EFFECTS:
        yield Permission(str(said), EVERYTHING, EVERYTHING, ("permission",))
    for tool, answer in said.items() if isinstance(said, Mapping) else ():
        action = {"bash": "Bash", "edit": "Edit", "webfetch": "WebFetch"}.get(str(tool), str(tool))
        if answer in _EFFECTS:
            yield Permission(str(answer), action, EVERYTHING, ("permission", tool))
        for what, one in answer.items() if isinstance(answer, Mapping) else ():
            if one in _EFFECTS:
                yield Permission(str(one), action, str(what), ("permission", tool, what))
