"""The Kubernetes cover against brute force over single combinations, and refactorings that say nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive.grants import derive
from changegate.model.change import Action
from support.grant_subjects import binding, news, role, rule, sides

VERBS = ["get", "list", "*"]
GROUPS = ["", "apps", "*"]
RESOURCES = ["pods", "pods/log", "*", "*/log", "nodes"]
NAMES = ["a", "b"]

Rule = dict[str, Any]


def some(values: list[str], least: int = 1) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=2, unique=True)


RULES = st.lists(
    st.builds(rule, some(VERBS), some(RESOURCES), some(GROUPS), st.one_of(st.none(), some(NAMES))),
    max_size=3,
)


def combinations(rules: list[Rule]) -> list[tuple[str, str, str, str | None]]:
    return [
        (verb, group, resource, name)
        for one in rules
        for verb in one["verbs"]
        for group in one["apiGroups"]
        for resource in one["resources"]
        for name in one.get("resourceNames") or [None]
    ]


def allowed(rules: list[Rule], combination: tuple[str, str, str, str | None]) -> bool:
    """The rule of the API server, one combination against one rule at a time."""
    verb, group, resource, name = combination
    sub = "*/" + resource.partition("/")[2] if "/" in resource else resource
    return any(
        {verb, "*"} & set(one["verbs"])
        and {group, "*"} & set(one["apiGroups"])
        and {resource, "*", sub} & set(one["resources"])
        and (not one.get("resourceNames") or name in one["resourceNames"])
        for one in rules
    )


def changes(base: list[Rule], head: list[Rule]) -> list[Any]:
    bound = binding("b", "Role/r", "User jane")
    return list(derive(*sides([role("r", *base), bound], [role("r", *head), bound])))


@settings(max_examples=400, deadline=None)
@given(RULES, RULES)
def test_something_is_new_exactly_when_a_combination_is_not_covered(
    base: list[Rule], head: list[Rule]
) -> None:
    uncovered = [c for c in combinations(head) if not allowed(base, c)]
    found = news(changes(base, head))
    assert bool(found) == bool(uncovered)
    assert {a for c in found for a in c.delta["actions"]} == {verb for verb, *_ in uncovered}


@settings(max_examples=100, deadline=None)
@given(RULES, st.randoms(use_true_random=False))
def test_refactorings_are_silent(rules: list[Rule], chance: Any) -> None:
    split = [
        {**one, "verbs": [verb], "resources": [resource], "apiGroups": [group]}
        for one in rules
        for verb in one["verbs"]
        for resource in one["resources"]
        for group in one["apiGroups"]
    ]
    chance.shuffle(split)
    for base, head in ((rules, split), (split, rules), (rules, rules[::-1])):
        found = changes(base, head)
        assert news(found) == []
        assert {c.delta["change"] for c in found} <= {"unchanged", "moved", "narrowed"}


def test_renaming_files_and_roles_is_silent() -> None:
    rules = [rule("get", "pods"), rule("list", "nodes")]
    base = [role("r", *rules), binding("b", "Role/r", "User jane")]
    head = [
        role("one", rules[1], path="k8s/one.yaml"),
        role("two", rules[0], path="k8s/two.yaml"),
        binding("x", "Role/one", "User jane", path="k8s/x.yaml"),
        binding("y", "Role/two", "User jane", path="k8s/y.yaml"),
    ]
    found = list(derive(*sides(base, head)))
    assert [c.action for c in found] == [Action.MODIFIED, Action.MODIFIED]  # only the role's name
    assert news(found) == []
