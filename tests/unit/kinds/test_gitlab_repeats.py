"""Two equal keys in a pipeline: GitLab takes the last, and so does what is judged."""

from __future__ import annotations

from support.gating import gate, states

PIPELINE = """\
test:
  image: registry.example.com/ci:1.4
  script: [make test]
  image: registry.example.com/ci:latest
"""


def test_the_last_of_two_equal_keys_holds_and_is_marked() -> None:
    result = gate({}, {".gitlab-ci.yml": PIPELINE})
    assert states(result) == {".gitlab-ci.yml": "judged"}
    assert [(row.raw, row.location.span.start_line) for row in result.brought_in] == [
        ("registry.example.com/ci:latest", 4)
    ]


def test_elsewhere_two_equal_keys_block() -> None:
    result = gate({}, {".github/workflows/ci.yml": "on: push\njobs: {}\njobs: {}\n"})
    assert states(result) == {".github/workflows/ci.yml": "blocked"}


def test_two_merges_still_block() -> None:
    text = ".a: &a {stage: build}\n.b: &b {stage: test}\njob:\n  <<: *a\n  <<: *b\n  script: [make]\n"
    assert states(gate({}, {".gitlab-ci.yml": text})) == {".gitlab-ci.yml": "blocked"}
