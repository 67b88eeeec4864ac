"""Servers of the Model Context Protocol: what is started, how it is pinned, what it can reach.

Sources: https://modelcontextprotocol.io/docs/develop/connect-local-servers and the pages of each agent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.kinds.agent.said import EVERYTHING, Permission, Server, child, maps, texts
from changegate.knowledge.credentials import is_token, names_secret
from changegate.model.document import Route

_MIXED: Final = "mcp"  # servers by name for OpenCode, settings about servers for Gemini
_HOLDERS: Final = ("mcpServers", "servers", "mcp_servers", _MIXED)
_APPROVALS: Final = ("alwaysAllow", "autoApprove", "always_allow")
_FETCHERS: Final = frozenset({"npx", "bunx", "pnpx", "uvx", "pipx"})
# Managers whose first word tells whether they fetch what they run.
_MANAGERS: Final = {
    "npm": {"exec", "x"},
    "pnpm": {"dlx"},
    "yarn": {"dlx"},
    "bun": {"x"},
    "uv": {"tool"},
}
_VERBS: Final = frozenset({"run", "dlx", "exec", "x", "tool"})
_NAMES_PACKAGE: Final = ("--package", "-p", "--from", "--spec")
_WITH_VALUE: Final = frozenset({*_NAMES_PACKAGE, "--with", "--python", "--index-url", "--registry"})
_DOCKER_WITH_VALUE: Final = frozenset(
    {
        "-e",
        "-v",
        "-p",
        "-u",
        "-w",
        "--env",
        "--env-file",
        "--mount",
        "--name",
        "--network",
        "--user",
        "--volume",
    }
)
_SHELLS: Final = frozenset({"sh", "bash", "zsh", "dash", "fish", "cmd", "powershell", "pwsh"})
_WHOLE_DISK: Final = frozenset({"/", "~", "~/", "$HOME", "${HOME}", "C:\\", "C:/", "/home", "/Users"})
_SOCKET: Final = "docker.sock"


def servers(data: Mapping[str, Any]) -> Iterator[Server | Permission]:
    """The servers of a configuration, and the tools of theirs that need no consent."""
    for holder in _HOLDERS:
        for name, value, route in maps(data.get(holder), (holder,)):
            if holder == _MIXED and not _is_server(value):
                continue
            yield Server(name, value, route)
            for key in _APPROVALS:
                for tool, place in texts(value.get(key), (*route, key)):
                    yield Permission("allow", f"mcp__{name}__{tool}", EVERYTHING, place)


def misformed(data: Mapping[str, Any]) -> tuple[Route, str] | None:
    """The first server that no agent could start, and why; None when all may be."""
    for holder in _HOLDERS:
        listed = data.get(holder)
        for name, value in listed.items() if isinstance(listed, Mapping) else ():
            route: Route = (holder, name)
            if holder == _MIXED and not _is_server(value):
                continue
            if not isinstance(value, Mapping):
                return route, "a tool server is not a map"
            for key in ("command", "url"):
                told = value.get(key, "")
                if not (isinstance(told, str) or (key == "command" and _are_texts(told))):
                    return (*route, key), f"the `{key}` of a tool server is not text"
            if not _are_texts(value.get("args", [])):
                return (*route, "args"), "the `args` of a tool server are not a list of texts"
    return None


def _is_server(value: Any) -> bool:
    return isinstance(value, Mapping) and not {"command", "url", "type"}.isdisjoint(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def facts(server: Server) -> dict[str, Any]:
    """What is asked of a server.

    transport: stdio | http; line: the command as one line, or the URL; package, image: what the command
    fetches and runs, "" for none; credentials: variables and headers that hold a literal credential;
    reaches: `disk` (the whole of it, or a whole home), `docker` (the machine's own), `shell`.
    """
    words = _command(server.value)
    url = server.value.get("url") or server.value.get("serverUrl") or server.value.get("httpUrl")
    package, image = _fetched(words)
    return {
        "name": server.name,
        "transport": "stdio" if words else "http",
        "line": " ".join(words) if words else str(url or ""),
        "package": package,
        "image": image,
        "credentials": sorted(_credentials(server.value)),
        "reaches": sorted(_reaches(words)),
    }


def _command(value: Mapping[str, Any]) -> list[str]:
    command = value.get("command")
    if isinstance(command, list):  # OpenCode writes the whole line as a list
        return [word for word, _ in texts(command, ())]
    if not isinstance(command, str) or not command:
        return []
    return [command, *(word for word, _ in texts(value.get("args"), ()))]


def _fetched(words: list[str]) -> tuple[str, str]:
    """The package and the image that a command fetches and runs."""
    if not words:
        return "", ""
    program = words[0].replace("\\", "/").rpartition("/")[2].removesuffix(".cmd").removesuffix(".exe")
    if program == "cmd" and "/c" in words:
        return _fetched(words[words.index("/c") + 1 :])
    if program in ("docker", "podman"):
        return "", _first(words[1:], _DOCKER_WITH_VALUE, frozenset({"run", "container"}))
    if program not in _FETCHERS and not set(words[1:2]) & _MANAGERS.get(program, set()):
        return "", ""
    named = (words[words.index(option) + 1] for option in _NAMES_PACKAGE if option in words[:-1])
    package = next(named, "") or _first(words[1:], _WITH_VALUE, _VERBS)
    return "" if package.startswith((".", "/", "~", "$")) else package, ""


def _first(words: list[str], with_value: frozenset[str], verbs: frozenset[str]) -> str:
    """The first word that is no option, no value of one and no verb."""
    skip = False
    for word in words:
        if skip or word in with_value:
            skip = not skip
        elif not word.startswith("-") and word not in verbs:
            return word
    return ""


def _credentials(value: Mapping[str, Any]) -> Iterator[str]:
    for holder in ("env", "environment", "headers", "http_headers"):
        listed = child(value, holder)
        for name, said in listed.items() if isinstance(listed, Mapping) else ():
            if isinstance(said, str) and (is_token(said) or names_secret(str(name), _bare(said))):
                yield str(name)


def _bare(said: str) -> str:
    """A header's value without the name of its scheme; a reference stays one."""
    return said.removeprefix("Bearer ").removeprefix("Basic ").removeprefix("token ")


def _reaches(words: list[str]) -> Iterator[str]:
    if words and words[0].rpartition("/")[2] in _SHELLS:
        yield "shell"
    if any(_SOCKET in word or word == "--privileged" for word in words):
        yield "docker"
    if any("filesystem" in word for word in words) and any(_is_disk(word) for word in words[1:]):
        yield "disk"


def _is_disk(word: str) -> bool:
    """A folder that is the whole disk or a whole home, by itself or mounted into a container."""
    mounted = word.partition("src=")[2].partition(",")[0] or word.partition(":/")[0]
    return word in _WHOLE_DISK or mounted in _WHOLE_DISK or word.startswith("/:")
