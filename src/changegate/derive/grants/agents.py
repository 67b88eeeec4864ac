"""Grants of coding agents: what they may do in a repository without asking.

A denial wins over a question, and a question over a permission
(https://code.claude.com/docs/en/permissions#manage-permissions).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from changegate import limits
from changegate.derive.grants import delta
from changegate.derive.grants.automata import Budget, Exhausted
from changegate.derive.grants.cover import includes
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.held import Held, Sources, hold, shown
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Scope
from changegate.model.subject import Index, Subject

EVERYTHING: Final = "*"
_SHELL: Final = "Bash"
_CHARS: Final = 4  # of two patterns are compared in the time of a step
# Commands that run any other, or any code, when their arguments are free.
_ANY_COMMAND: Final = frozenset(
    {"bash", "cmd", "dash", "doas", "eval", "fish", "powershell", "pwsh", "sh", "sudo", "zsh"}
)
_RUNNERS: Final = _ANY_COMMAND | {
    *("awk", "bun", "bunx", "cargo", "command", "curl", "deno", "docker", "env", "exec", "find", "git", "go"),
    *("kubectl", "make", "nohup", "npm", "npx", "node", "osascript", "perl", "php", "pip", "pipx", "pnpm"),
    *("podman", "python", "python3", "ruby", "sed", "ssh", "tee", "time", "timeout", "uv", "uvx", "watch"),
    *("wget", "xargs", "yarn"),
}
# What stands before code that is given as an argument.
_CODE: Final = frozenset({"-c", "-e", "--eval", "'", '"'})


class Rule(NamedTuple):
    """What one permission says."""

    effect: str
    action: str
    resource: str


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of what agents may do."""
    yield from delta.compare(grants(base), grants(head), RuleCover)


def grants(index: Index) -> list[Held[Rule]]:
    """The grants of one side: permissions, the programs that are started, and the servers."""
    found = [_permission(subject) for subject in index.of("agent/permission")]
    found += [_program(subject) for subject in index.of("agent/program")]
    found += [_server(subject) for subject in index.of("agent/server")]
    return list({held.identity: held for held in found}.values())


def _permission(subject: Subject) -> Held[Rule]:
    data = subject.data
    rule = Rule(data["effect"], data["action"], data["resource"])
    return _held(subject, rule, _flags(rule))


def _program(subject: Subject) -> Held[Rule]:
    data = subject.data
    return _held(subject, Rule("allow", f"run on {data['event']}", data["command"]), {"code_exec"})


def _server(subject: Subject) -> Held[Rule]:
    data = subject.data
    flags = {"code_exec"} if data["transport"] == "stdio" else set()
    if {"disk", "docker"} & set(data["reaches"]):
        flags.add("controls_machine")
    return _held(subject, Rule("allow", f"start server {data['name']}", data["line"] or EVERYTHING), flags)


def _flags(rule: Rule) -> set[str]:
    """What a permission gives beyond its words."""
    if rule.effect != "allow":
        return {"ineffective"} if rule.effect == "deny" and _inert(rule) else set()
    anything = rule.resource == EVERYTHING
    if anything and rule.action in (EVERYTHING, _SHELL):
        return {"any_command", "code_exec"}
    if rule.action == _SHELL and _free(rule.resource):
        command = rule.resource.split()[0].rpartition("/")[2]
        return {"any_command", "code_exec"} if command in _ANY_COMMAND else {"code_exec"}
    if anything and rule.action in ("mcp__*", "leave the sandbox"):
        return {"code_exec"}
    return set()


def _free(command: str) -> bool:
    """Whether a command runs others and takes any arguments."""
    name, *arguments = command.split() or [""]
    free = [word for word in arguments if word not in _CODE] == [EVERYTHING]
    return free and name.rpartition("/")[2] in _RUNNERS


def _inert(rule: Rule) -> bool:
    """Denials that are accepted and never match: paths are compared for `Edit` and `Read` only."""
    return rule.action in ("Write", "MultiEdit", "NotebookEdit") and rule.resource != EVERYTHING


def _held(subject: Subject, rule: Rule, flags: set[str]) -> Held[Rule]:
    agent = f"{subject.data['agent']} in {_folder(subject.data['path'])}"
    everything = rule.action == EVERYTHING
    sources = Sources()
    sources.add(subject, "", "", "actions", "resources", "principal")
    grant = Grant(
        system="agent",
        kind="tool",
        effect=rule.effect,
        principal=Principal(type="agent", id=agent, name=subject.data["agent"]),
        actions=Actions(include=[rule.action], wildcard="all" if everything else "none"),
        resources=Resources(include=[rule.resource], wildcard=_wildcard(rule.resource)),
        scope=Scope(type="repository"),
        flags=sorted(flags),
    )
    address = f"{agent}: {rule.effect} {shown(rule.action)} {shown(rule.resource)}"
    return hold(subject.side, subject.identity.unit, address, grant, sources, holder=f"{agent}", core=rule)


def _wildcard(resource: str) -> str:
    if resource == EVERYTHING:
        return "all"
    return "partial" if EVERYTHING in resource else "none"


def _folder(path: str) -> str:
    """The folder that the settings are for."""
    folder = path.rpartition("/")[0]
    if folder.rpartition("/")[2].startswith("."):
        folder = folder.rpartition("/")[0]
    return folder or "this repository"


class RuleCover:
    """`delta.Cover`: a rule is covered by one of the same or a stronger effect that takes all it takes."""

    def __init__(self, grants: Sequence[Held[Rule]]) -> None:
        self._of: dict[str, dict[Rule, None]] = {}
        for held in grants:
            self._of.setdefault(held.holder, {})[held.core] = None
        self._budget = Budget(limits.WALKS_STEPS // 4)

    def steady(self, held: Held[Rule]) -> bool:
        return True

    def gap(self, held: Held[Rule]) -> Gap | None:
        rule, mine = held.core, self._of.get(held.holder, {})
        if rule in mine:
            return None
        try:
            self._budget.spend(len(mine) * (1 + len(rule.resource) // _CHARS))
        except Exhausted:
            return Gap((rule.action,), (rule.resource,), confidence="over")
        if any(_covers(other, rule) for other in mine):
            return None
        return Gap((rule.action,), (rule.resource,))

    def overlap(self, mine: Held[Rule], other: Held[Rule]) -> int:
        return int(mine.core.action == other.core.action)


def _covers(wide: Rule, narrow: Rule) -> bool:
    if wide.effect != narrow.effect and (wide.effect, narrow.effect) != ("allow", "ask"):
        return False
    return _takes(wide.action, narrow.action) and _takes(wide.resource, narrow.resource)


def _takes(wide: str, narrow: str) -> bool:
    if wide.startswith("mcp__") and narrow.startswith(f"{wide}__"):
        return True  # a server's name stands for all of its tools
    bare = wide[:-2] if wide.endswith(" *") else wide  # `git *` also takes `git` alone
    return includes(wide, narrow) or bare == narrow
