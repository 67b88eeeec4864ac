"""GitLab pipelines: subjects with their places, and what they bring in, hold and run."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive.artifacts.gitlab import artifacts
from changegate.kinds import KINDS
from changegate.kinds.gitlab.script import evaluated
from changegate.model.proposal import Side
from changegate.model.result import Result
from changegate.model.subject import Unknown
from support.gating import gate
from support.reading import index, reading


def pipeline(head: str, base: str = "") -> Result:
    before = {".gitlab-ci.yml": dedent(base)} if base else {}
    return gate(before, {".gitlab-ci.yml": dedent(head)})


def brought(head: str) -> list[tuple[str, str, str, int]]:
    """Type, reference, pin and line of all that comes in."""
    found = reading("gitlab", ".gitlab-ci.yml", head)
    return [
        (
            one.data["type"],
            one.data["raw"].text if isinstance(one.data["raw"], Unknown) else one.data["raw"],
            "unknown" if isinstance(one.data["pin"], Unknown) else one.data["pin"],
            one.origins[""][0].span().start_line,
        )
        for one in artifacts(index(Side.HEAD, *found.subjects))
    ]


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        (".gitlab-ci.yml", True),
        ("web/.gitlab-ci.yaml", True),
        ("ci/build.gitlab-ci.yml", True),
        (".gitlab/ci/rules.yml", True),
        ("sub/.gitlab/ci/a/b.yml", True),
        (".gitlab/issue.md", False),
        ("gitlab-ci.yml", False),
        (".gitlab/other.yml", False),
    ],
)
def test_files(path: str, ours: bool) -> None:
    assert (KINDS["gitlab"] in KINDS.of(path, b"a: {script: b}\n")) is ours


def test_subjects() -> None:
    found = reading(
        "gitlab",
        ".gitlab-ci.yml",
        """
        spec: {inputs: {stage: {default: test}}}
        ---
        stages: [test]
        image: alpine:3.20
        before_script: [a]
        .hidden: &hidden
          script: [b, [c, d], !reference [.x, script]]
        .list: [1, 2]
        test:
          <<: *hidden
          after_script: e
        pages:
          trigger: {include: [{local: child.yml}, {project: g/p, file: [/a.yml, /b.yml], ref: main}]}
        """,
    )
    seen = [
        (s.kind, s.identity.address.partition(" / ")[2], s.origins[""][0].span().start_line)
        for s in found.subjects
    ]
    assert seen == [
        ("gitlab/job", "the pipeline", 3),
        ("gitlab/script", "the pipeline / before_script", 5),
        ("gitlab/job", ".hidden", 6),
        ("gitlab/script", ".hidden / script", 7),
        ("gitlab/job", "test", 10),
        ("gitlab/script", "test / after_script", 11),
        ("gitlab/job", "pages", 13),
        ("gitlab/include", "job pages / local  child.yml", 13),
        ("gitlab/include", "job pages / project g/p /a.yml", 13),
        ("gitlab/include", "job pages / project g/p /b.yml", 13),
    ]
    assert found.subjects[3].data["run"] == "b\nc\nd"
    assert "script" not in found.subjects[4].data


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("- a\n", "a pipeline is not a map"),
        ("a: {script: b}\n---\nc: {script: d}\n", "a pipeline is one document, this is a second one"),
        ("a: 1\n", "job `a` is not a map"),
        ("include: [1]\n", "this include is neither a text nor a map"),
        ("a: !other b\n", "tag !other is not supported here"),
    ],
)
def test_what_gitlab_refuses_blocks(text: str, cause: str) -> None:
    (entry,) = pipeline(text).ledger
    assert entry.state.value == "blocked"
    assert cause in entry.reason


@pytest.mark.parametrize("text", ["", "# nothing\n", ".a: b\n", "a: !reference [.b]\n", "spec: {}\n"])
def test_what_has_nothing_to_judge(text: str) -> None:
    assert pipeline(text).findings == ()


def test_images_and_services() -> None:
    assert brought(
        """
        default:
          image: {name: "alpine:latest", entrypoint: [""]}
        build:
          image: $IMAGE
          services:
            - postgres:16
            - {name: "redis", alias: cache}
        test:
          image: alpine:$[[ inputs.version ]]
        """
    ) == [
        ("image", "alpine:latest", "mutable", 2),
        ("image", "$IMAGE", "unknown", 4),
        ("image", "postgres:16", "version", 6),
        ("image", "redis", "mutable", 7),
        ("image", "alpine:$[[ inputs.version ]]", "unknown", 9),
    ]


COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_includes() -> None:
    assert brought(
        f"""
        include:
          - https://ci.example.com/a.yml
          - local.yml
          - template: Jobs/SAST.gitlab-ci.yml
          - {{remote: "https://ci.example.com/b.yml", integrity: "sha256-L3/GAoKaw0A="}}
          - {{project: g/p, file: [/a.yml, /b.yml]}}
          - {{project: g/p, file: /c.yml, ref: {COMMIT}}}
          - {{project: g/p, file: /d.yml, ref: v1.2.3}}
          - {{project: g/p, file: /e.yml, ref: $REF}}
          - {{component: gitlab.example.com/g/p/build@~latest}}
          - {{component: gitlab.example.com/g/p/build@1.0.0}}
          - {{component: "$CI_SERVER_FQDN/g/p/build@$[[ inputs.v ]]"}}
        """
    ) == [
        ("reusable_workflow", "https://ci.example.com/a.yml", "mutable", 2),
        ("reusable_workflow", "https://ci.example.com/b.yml", "digest", 5),
        ("reusable_workflow", "g/p: /a.yml", "mutable", 6),
        ("reusable_workflow", "g/p: /b.yml", "mutable", 6),
        ("reusable_workflow", f"g/p@{COMMIT}: /c.yml", "commit", 7),
        ("reusable_workflow", "g/p@v1.2.3: /d.yml", "version", 8),
        ("reusable_workflow", "g/p: /e.yml", "unknown", 9),
        ("reusable_workflow", "gitlab.example.com/g/p/build@~latest", "mutable", 10),
        ("reusable_workflow", "gitlab.example.com/g/p/build@1.0.0", "version", 11),
        ("reusable_workflow", "$CI_SERVER_FQDN/g/p/build@$[[ inputs.v ]]", "unknown", 12),
    ]


def test_findings_on_what_comes_in() -> None:
    result = pipeline("include: {remote: 'https://ci.example.com/a.yml'}\na: {image: alpine, script: b}\n")
    assert [(f.rule, f.location.span.start_line) for f in result.findings] == [
        ("signed-artifacts/action-not-pinned", 1),
        ("signed-artifacts/image-tag-floats", 2),
    ]


TOKEN = "deploy:\n  script: [a]\n  id_tokens:\n    T: {aud: %s}\n"


def test_tokens_and_secrets() -> None:
    assert [
        (row.who, row.may, row.on, row.flags, row.location.span.start_line)
        for row in pipeline(TOKEN % "https://vault.example.com", TOKEN % "[sts.example.com]").newly_allowed
    ] == [
        (
            "token of .gitlab-ci.yml / job deploy",
            "sign in with its own token",
            "https://vault.example.com",
            (),
            4,
        )
    ]
    secret = (
        "deploy:\n  script: [a]\n  secrets:\n    K: {vault: prod/db/password@ops, file: false, token: $T}\n"
    )
    assert [(row.may, row.on, row.flags) for row in pipeline(secret).newly_allowed] == [
        ("read", "vault: prod/db/password@ops", ("secrets_read",))
    ]
    named = "deploy:\n  script: [a]\n  secrets:\n    K: {azure_key_vault: {name: db, version: 1}}\n"
    assert [row.on for row in pipeline(named).newly_allowed] == ["azure_key_vault: db"]
    (row,) = pipeline(TOKEN % "$AUDIENCE").newly_allowed
    assert "$AUDIENCE" in row.on
    assert pipeline(TOKEN % "a", TOKEN % "[a, b]").newly_allowed == ()


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('eval "x $CI_COMMIT_TITLE"', ["CI_COMMIT_TITLE"]),
        ("eval x ${CI_COMMIT_MESSAGE}", ["CI_COMMIT_MESSAGE"]),
        ('a && sh -c "x $CI_COMMIT_REF_NAME $CI_COMMIT_TAG"', ["CI_COMMIT_REF_NAME", "CI_COMMIT_TAG"]),
        ('bash -ec "x" "$CI_COMMIT_TITLE"', ["CI_COMMIT_TITLE"]),
        ("sh -c 'x $CI_COMMIT_TITLE'", []),
        ('sh -c "x $CI_COMMIT_SHA"', []),
        ('eval "$(x)"; echo $CI_COMMIT_TITLE', []),
        ('eval "x $CI_COMMIT_TITLE_2"', []),
        ('medieval "x $CI_COMMIT_TITLE"', []),
        ('eval "a; b $CI_MERGE_REQUEST_TITLE"', ["CI_MERGE_REQUEST_TITLE"]),
        ("eval \\'$CI_COMMIT_TITLE\\'", ["CI_COMMIT_TITLE"]),
    ],
)
def test_outside_text_as_code(script: str, found: list[str]) -> None:
    assert evaluated(script) == found


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["eval ", '"', "'", "$CI_COMMIT_TITLE", "\\", ";", "\n", "sh -c ", "x"])))
def test_any_script_is_read(words: list[str]) -> None:
    assert set(evaluated("".join(words))) <= {"CI_COMMIT_TITLE"}
