"""What coding agents may do: settings, hooks and tool servers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.errors import InputProblem
from changegate.kinds import agent
from changegate.kinds.agent.said import Server
from changegate.kinds.agent.servers import facts
from changegate.model.document import SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Subject
from changegate.syntax import read_file
from support.gating import gate, states

CLAUDE = ".claude/settings.json"


def read(path: str, value: Any) -> tuple[Subject, ...]:
    text = value if isinstance(value, str) else json.dumps(value)
    return reading(read_file(path, text.encode())).subjects


def reading(file: SourceFile) -> Reading:
    return agent.read(file, Side.HEAD, "")


def rules(path: str, value: Any) -> list[tuple[str, str, str]]:
    found = (s.data for s in read(path, value) if s.kind == agent.PERMISSION)
    return [(d["effect"], d["action"], d["resource"]) for d in found]


@pytest.mark.parametrize(
    ("path", "content", "is_one"),
    [
        (CLAUDE, b"", True),
        ("web/.claude/settings.local.json", b"", True),
        ("claude/settings.json", b"", False),
        ("tools/.mcp.json", b"", True),
        ("mcp.json", b"", False),
        (".cursor/mcp.json", b"", True),
        (".codex/config.toml", b"", True),
        ("opencode.jsonc", b"", True),
        (".vscode/settings.json", b'{"editor.tabSize": 2}', False),
        (".vscode/settings.json", b'{"chat.tools.autoApprove": true}', True),
    ],
)
def test_names(path: str, content: bytes, is_one: bool) -> None:
    assert agent.sniff(path, content) is is_one


def test_rules_of_claude_code() -> None:
    value = {
        "permissions": {
            "allow": ["Bash", "Bash(npm run test:*)", "WebFetch(domain:example.com)"],
            "ask": ["Edit"],
            "deny": ["Read(.env)"],
            "defaultMode": "bypassPermissions",
            "additionalDirectories": ["/", "../docs"],
        },
        "enableAllProjectMcpServers": True,
        "enabledMcpjsonServers": ["db"],
        "sandbox": {"enabled": True, "excludedCommands": ["docker"]},
    }
    assert rules(CLAUDE, value) == [
        ("allow", "Bash", "*"),
        ("allow", "Bash", "npm run test *"),
        ("allow", "WebFetch", "domain:example.com"),
        ("ask", "Edit", "*"),
        ("deny", "Read", ".env"),
        ("allow", "*", "*"),
        ("allow", "Read", "/*"),
        ("allow", "Read", "../docs/*"),
        ("allow", "mcp__*", "*"),
        ("allow", "start server db", "*"),
        ("deny", "leave the sandbox", "*"),
        ("allow", "leave the sandbox", "docker"),
    ]


def test_programs_and_their_places() -> None:
    text = (
        '{"hooks": {"Stop": [{"hooks": [{"type": "command",\n'
        '  "command": "./say.sh"}]}]},\n'
        ' "apiKeyHelper": "./key.sh",\n'
        ' "statusLine": {"type": "command", "command": "./line.sh"}}'
    )
    found = read(CLAUDE, text)
    assert [(s.kind, s.data["event"], s.data["command"]) for s in found] == [
        (agent.PROGRAM, "Stop", "./say.sh"),
        (agent.PROGRAM, "apiKeyHelper", "./key.sh"),
        (agent.PROGRAM, "statusLine", "./line.sh"),
    ]
    assert [s.origins[""][0].span()[:2] for s in found] == [(2, 14), (3, 18), (4, 47)]


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (
            ".vscode/settings.json",
            {
                "chat.tools.global.autoApprove": True,
                "chat.tools.terminal.autoApprove": {
                    "git": True,
                    "rm": False,
                    "/^make /": {"approve": True},
                    "/.*/": True,
                },
                "chat.tools.edits.autoApprove": {"**/*.md": True},
                "chat.agent.sandbox.enabled": True,
            },
            [
                ("allow", "*", "*"),
                ("allow", "Bash", "git *"),
                ("ask", "Bash", "rm *"),
                ("allow", "Bash", "/^make /"),
                ("allow", "Bash", "*"),
                ("allow", "Edit", "*/*.md"),
                ("deny", "leave the sandbox", "*"),
            ],
        ),
        (
            ".cursor/cli.json",
            {"permissions": {"allow": ["Shell(ls)"], "deny": ["Write(**/*.key)"]}},
            [("allow", "Bash", "ls"), ("deny", "Write", "**/*.key")],
        ),
        (
            ".cursor/permissions.json",
            {"terminalAllowlist": ["npm test", "git *"], "mcpAllowlist": ["db:query", "*"]},
            [
                ("allow", "Bash", "npm test *"),
                ("allow", "Bash", "git *"),
                ("allow", "mcp__db__query", "*"),
                ("allow", "mcp__*", "*"),
            ],
        ),
        (
            ".gemini/settings.json",
            {"tools": {"allowed": ["run_shell_command(git status)"]}, "mcpServers": {"x": {"trust": True}}},
            [("allow", "Bash", "git status"), ("allow", "mcp__x__*", "*")],
        ),
        (
            "opencode.json",
            {"permission": {"edit": "allow", "bash": {"git *": "allow", "*": "ask"}, "x": 3}},
            [("allow", "Edit", "*"), ("allow", "Bash", "git *"), ("ask", "Bash", "*")],
        ),
        ("opencode.json", {"permission": "allow"}, [("allow", "*", "*")]),
        (
            ".codex/config.toml",
            'sandbox_mode = "danger-full-access"\nnotify = ["say", "done"]\n'
            '[profiles.ci]\nsandbox_mode = "danger-full-access"\napproval_policy = "never"\n'
            '[profiles.ci.sandbox_workspace_write]\nnetwork_access = true\nwritable_roots = ["/srv"]\n',
            [
                ("allow", "leave the sandbox", "*"),
                ("allow", "*", "*"),
                ("allow", "WebFetch", "*"),
                ("allow", "Edit", "/srv/*"),
            ],
        ),
    ],
)
def test_other_agents(path: str, value: Any, found: list[tuple[str, str, str]]) -> None:
    assert rules(path, value) == found


@pytest.mark.parametrize(
    ("line", "package", "image"),
    [
        ("npx -y @example/mcp@1.2.3 --stdio", "@example/mcp@1.2.3", ""),
        ("npx --package @example/mcp serve", "@example/mcp", ""),
        ("/usr/bin/npx -y ./local", "", ""),
        ("cmd /c npx -y example-mcp", "example-mcp", ""),
        ("uvx --from git+https://git.example.com/x serve", "git+https://git.example.com/x", ""),
        ("uv tool run example", "example", ""),
        ("uv run server.py", "", ""),
        ("pnpm dlx example", "example", ""),
        ("npm start", "", ""),
        ("node server.js", "", ""),
        ("docker run -i --rm -e TOKEN ghcr.io/example/x:1", "", "ghcr.io/example/x:1"),
        ("podman", "", ""),
    ],
)
def test_what_a_server_fetches(line: str, package: str, image: str) -> None:
    command, *args = line.split()
    told = facts(Server("s", {"command": command, "args": args}, ()))
    assert (told["package"], told["image"], told["line"]) == (package, image, line)


@pytest.mark.parametrize(
    ("line", "reaches"),
    [
        ("npx @modelcontextprotocol/server-filesystem /", ["disk"]),
        ("npx @modelcontextprotocol/server-filesystem .", []),
        ("docker run -v /:/host example/filesystem /host", ["disk"]),
        ("docker run --mount type=bind,src=/,dst=/host example/filesystem", ["disk"]),
        ("docker run -v /srv/docs:/docs example/filesystem /docs", []),
        ("docker run -v /var/run/docker.sock:/var/run/docker.sock example/x", ["docker"]),
        ("bash -c ./serve.sh", ["shell"]),
        ("npx example /", []),
    ],
)
def test_what_a_server_reaches(line: str, reaches: list[str]) -> None:
    command, *args = line.split()
    assert facts(Server("s", {"command": command, "args": args}, ()))["reaches"] == reaches


def test_a_server_elsewhere_and_its_credentials() -> None:
    value = {
        "url": "https://mcp.example.com",
        "headers": {"Authorization": "Bearer ghp_0123456789abcdefghijABCDEFGHIJ012345", "X": "${input:x}"},
        "env": {"API_KEY": "${env:KEY}", "DB_PASSWORD": "correct-horse-battery"},
    }
    told = facts(Server("s", value, ()))
    assert (told["transport"], told["line"]) == ("http", "https://mcp.example.com")
    assert told["credentials"] == ["Authorization", "DB_PASSWORD"]


def test_servers_of_every_spelling() -> None:
    found = read("opencode.json", {"mcp": {"a": {"type": "local", "command": ["npx", "x"]}, "b": {}}})
    assert [(s.data["name"], s.data["line"]) for s in found] == [("a", "npx x")]
    found = read(".mcp.json", {"mcpServers": {"a": {"command": "x", "alwaysAllow": ["q"]}}})
    assert [(s.kind, s.identity.address) for s in found] == [
        (agent.SERVER, ".mcp.json: a"),
        (agent.PERMISSION, ".mcp.json: allow mcp__a__q *"),
    ]


@pytest.mark.parametrize(
    ("value", "cause", "line"),
    [
        ("[]", "the configuration of an agent is not a map", 1),
        ('{\n "permissions": []}', "`permissions` is not a map", 2),
        ('{"permissions": {\n"allow": "Bash"}}', "`permissions.allow` is not a list of texts", 2),
        ('{"permissions": {"deny":\n [1]}}', "`permissions.deny` is not a list of texts", 2),
        ('{"mcpServers": 3}', "`mcpServers` is not a map", 1),
        ('{"hooks":\n {"Stop": {}}}', "`hooks.Stop` is not a list", 2),
        ('{"mcpServers": {\n"a": null}}', "a tool server is not a map", 2),
        ('{"mcpServers": {"a": {\n"command": 3}}}', "the `command` of a tool server is not text", 2),
        ('{"mcpServers": {"a": {\n"url": []}}}', "the `url` of a tool server is not text", 2),
        (
            '{"mcpServers": {"a": {"command": "x",\n"args": "y"}}}',
            "the `args` of a tool server are not a list of texts",
            2,
        ),
    ],
)
def test_what_no_agent_reads_is_refused(value: str, cause: str, line: int) -> None:
    with pytest.raises(InputProblem) as raised:
        read(CLAUDE, value)
    assert (raised.value.cause, raised.value.line) == (cause, line)


def test_settings_about_servers_are_no_servers() -> None:
    found = read(".gemini/settings.json", {"mcp": {"allowed": ["db"], "serverCommand": "x"}})
    assert found == ()


def test_an_empty_file_says_nothing() -> None:
    assert reading(read_file("x.json", b"{}")).subjects == ()
    assert reading(SourceFile(CLAUDE, "", ())).subjects == ()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "permissions",
                    "allow",
                    "hooks",
                    "Stop",
                    "command",
                    "args",
                    "mcpServers",
                    "env",
                    "x",
                    "sandbox",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(_JSON, st.sampled_from([CLAUDE, ".mcp.json", ".cursor/cli.json", ".gemini/settings.json"]))
def test_whatever_stands_there_is_read_or_refused(value: Any, path: str) -> None:
    try:
        found = read(path, value)
    except InputProblem as problem:
        assert problem.path == path
    else:
        assert all(subject.data["path"] == path for subject in found)


@pytest.mark.parametrize(
    ("path", "text"), [(".codex/config.toml", "a = 1\na = 2\n"), ("opencode.jsonc", '{"permission": ')]
)
def test_what_cannot_be_read_blocks_whatever_its_suffix(path: str, text: str) -> None:
    assert states(gate({}, {path: text})) == {path: "blocked"}
