"""Whatever a file says, a kind answers with subjects or an InputProblem, and artifacts follow."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive import artifacts
from changegate.derive.pairing import pair
from changegate.errors import InputProblem
from changegate.kinds import github, kubernetes
from changegate.model.change import Action
from changegate.model.plugin import Kind
from changegate.model.proposal import Side
from changegate.model.subject import Subject
from changegate.syntax import read_file
from support.reading import index

_LEAVES = st.none() | st.booleans() | st.integers(0, 3)
_LEAVES |= st.sampled_from(
    ["", "a", "nginx:1", "{{ .Values.x }}", "${X}", "${{ x }}", "a/b@v1", "./a", "docker://a"]
)


def values(*keys: str) -> st.SearchStrategy[Any]:
    return st.recursive(
        _LEAVES,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(keys), below, max_size=4),
        max_leaves=12,
    )


_POD = values("name", "image", "containers", "volumes", "reference", "spec", "template", "{{ k }}")
_OBJECT = st.fixed_dictionaries(
    {"apiVersion": st.sampled_from(["v1", "apps/v1", "a/b", "{{ v }}", 7])},
    optional={
        "kind": st.sampled_from(["Pod", "List", "Deployment", "PodList", "{{ k }}", 7, ""]),
        "metadata": st.just({"name": "a"}) | _POD,
        "spec": _POD,
        "template": _POD,
        "items": st.lists(
            st.just({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}}) | _POD, max_size=2
        ),
    },
)
_STEP = st.dictionaries(
    st.sampled_from(["uses", "run", "name", "id"]), st.sampled_from(["a", "a/b@v1", "", "./x"])
)
_JOB = st.fixed_dictionaries(
    {},
    optional={
        "steps": st.lists(_STEP | _LEAVES, max_size=3) | _LEAVES,
        "uses": _LEAVES,
        "permissions": values("contents"),
        "container": values("image"),
        "services": st.dictionaries(st.sampled_from("xy"), values("image"), max_size=2) | _LEAVES,
    },
)
_WORKFLOW = st.fixed_dictionaries(
    {"on": values("push"), "jobs": st.dictionaries(st.sampled_from("xy"), _JOB | _LEAVES, max_size=2)},
    optional={"permissions": _LEAVES, "name": _LEAVES},
)
_ACTION = st.fixed_dictionaries({"runs": _JOB | values("image", "steps", "using")})


def _read(kind: Kind, path: str, value: Any) -> list[Subject]:
    file = read_file(path, json.dumps(value).encode())
    try:
        return list(kind.read(file, Side.HEAD, "").subjects)
    except InputProblem as problem:
        assert problem.where.startswith(f"{path}:")
        assert problem.cause
        assert problem.why
        assert problem.remedy
        return []


def _check(found: list[Subject]) -> None:
    assert {change.action for change in pair(found, found)} <= {Action.UNCHANGED}
    side = index(Side.HEAD, *found)
    for change in artifacts.derive(index(Side.BASE), side):
        assert change.action is Action.ADDED
        assert all(origins for origins in change.subject.origins.values())
    assert {change.action for change in artifacts.derive(side, side)} <= {Action.UNCHANGED}


@settings(max_examples=150, deadline=None)
@given(st.lists(_OBJECT, max_size=3) | _OBJECT)
def test_kubernetes(value: Any) -> None:
    _check(_read(kubernetes, "a.json", value))


@settings(max_examples=150, deadline=None)
@given(_WORKFLOW)
def test_workflows(value: Any) -> None:
    _check(_read(github, ".github/workflows/a.yml", value))


@settings(max_examples=100, deadline=None)
@given(_ACTION)
def test_actions(value: Any) -> None:
    _check(_read(github, "action.yml", value))
