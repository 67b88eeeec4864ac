"""ARM templates: which files are, what their expressions come to, and where their resources stand."""

# ruff: noqa: E501 (a case is read best on one line)

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.errors import InputProblem
from changegate.kinds import KINDS, arm, bicep
from changegate.kinds.arm import expressions
from changegate.kinds.arm.expressions import Resolver
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from changegate.syntax import read_file
from support.clouds import SCHEMA, template


def reading(text: str, path: str = "main.json") -> Reading:
    content = text.encode()
    assert arm.sniff(path, content)
    return arm.read(read_file(path, content), Side.HEAD, "")


def resources(text: str) -> dict[str, Subject]:
    return {subject.identity.address: subject for subject in reading(text).subjects}


def one(type: str, **more: Any) -> dict[str, Any]:
    return {"type": type, "name": "n", **more}


def test_a_resource_is_a_subject_where_it_stands() -> None:
    (found,) = resources(template(one("a.b/c", properties={"x": "[toLower('Y')]"}))).values()
    assert found.identity == ("main.json", "arm/a.b/c", "a.b/c n")
    assert found.data == {
        "type": "a.b/c", "name": "n", "deployed_to": "resourceGroup", "properties": {"x": "y"},
    }  # fmt: skip
    assert found.origins_of("properties.x")[0].span().start_line == 1
    assert found.origins[""][0].route == ("resources", 0)
    assert found.confidence == "exact"


def test_symbolic_names_comments_and_what_is_not_deployed() -> None:
    text = (
        '{ // made by bicep\n"$schema": "' + SCHEMA + '", "languageVersion": "2.0", "resources": {\n'
        '"a": {"type": "a.b/c", "name": "a"},\n'
        '"old": {"type": "a.b/c", "name": "old", "existing": true},\n'
        '"no": {"type": "a.b/c", "name": "no", "condition": false}}}'
    )
    found = resources(text)
    assert list(found) == ["a.b/c a"]
    assert found["a.b/c a"].origins[""][0].span().start_line == 3


def test_resources_within_resources_and_deployments() -> None:
    inner = template(one("a.b/c", name="in"), schema=SCHEMA.replace("deployment", "subscriptionDeployment"))
    text = template(
        one("a.b/c", name="[parameters('p')]", resources=[one("d", name="e"), one("x.y/z", name="f")]),
        one("Microsoft.Resources/deployments", name="sub", properties={"template": json.loads(inner)}),
        one("Microsoft.Resources/deployments", name="linked", properties={"templateLink": {"uri": "u"}}),
        one("Microsoft.Resources/deployments", name="rg", resourceGroup="r", properties={
            "template": json.loads(template(one("a.b/c", name="[parameters('q')]"), parameters={"q": {"type": "string"}})),
            "expressionEvaluationOptions": {"scope": "Inner"}, "parameters": {"q": {"value": "[toLower('Q')]"}}}),
        one("a.b/c", name="in"),
    )  # fmt: skip
    found = resources(text)
    assert list(found) == [
        "a.b/c parameters('p')", "a.b/c/d parameters('p')/e", "x.y/z parameters('p')/f",
        "a.b/c in", "Microsoft.Resources/deployments sub", "Microsoft.Resources/deployments linked",
        "a.b/c q", "Microsoft.Resources/deployments rg", "a.b/c in (2)",
    ]  # fmt: skip
    assert found["a.b/c in"].data["deployed_to"] == "subscription"
    assert found["a.b/c q"].data["deployed_to"] == "resourceGroup"
    assert "properties" not in found["Microsoft.Resources/deployments sub"].data
    assert reading(text).opaque == "a linked template is deployed, which is not in this text"


PARTS: dict[str, Any] = {
    "parameters": {
        "text": {"type": "string", "defaultValue": "t"},
        "open": {"type": "string"},
        "secret": {"type": "secureString", "defaultValue": "s"},
        "map": {"type": "object", "defaultValue": {"a": ["x", "y"]}},
        "loop": {"type": "string", "defaultValue": "[parameters('loop')]"},
    },
    "variables": {"v": "[concat(parameters('text'), '-', 'v')]", "w": "[variables('v')]"},
}
RG = "${resourceGroup().id}"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("[[escaped]", "[escaped]"),
        ("['it''s']", "it's"),
        ("[-3]", -3),
        ("[parameters('text')]", "t"),
        ("[ parameters( 'text' ) ]", "t"),
        ("[variables('w')]", "t-v"),
        ("[PARAMETERS('map').a[1]]", "y"),
        ("[parameters('map').a[7]]", Unknown("parameters('map').a[7]")),
        ("[parameters('map').b.c]", Unknown("parameters('map').b.c")),
        ("[parameters('open')]", Unknown("parameters('open')")),
        ("[parameters('secret')]", Unknown("parameters('secret')")),
        ("[parameters('loop')]", Unknown("parameters('loop')")),
        ("[parameters()]", Unknown("parameters()")),
        ("[variables('none')]", Unknown("variables('none')")),
        ("[concat('a', parameters('open'), 1)]", Unknown("a${parameters('open')}1")),
        ("[concat(createArray('a'), 'b')]", Unknown("${createArray('a')}b")),
        ("[concat(parameters('map').a, parameters('map').a)]", ["x", "y", "x", "y"]),
        ("[concat(parameters('map'), 'a')]", Unknown("concat(parameters('map'), 'a')")),
        ("[format('{0}/{1}/{0}', 'a', 'b')]", "a/b/a"),
        ("[format('{0}', parameters('open'))]", Unknown("${parameters('open')}")),
        ("[format('{1}', 'a')]", Unknown("format('{1}', 'a')")),
        ("[format('{0:D}', 1)]", Unknown("format('{0:D}', 1)")),
        ("[format(1)]", Unknown("format(1)")),
        ("[toLower('AbC')]", "abc"),
        ("[toLower(parameters('open'))]", Unknown("toLower(parameters('open'))")),
        ("[resourceId('a.b/c', 'n')]", Unknown(f"{RG}/providers/a.b/c/n")),
        ("[resourceId('sub', 'a.b/c/d', 'n', parameters('open'))]", Unknown(RG + "/providers/a.b/c/n/d/${parameters('open')}")),
        ("[resourceId('a.b/c', 'n', 'm')]", Unknown("resourceId('a.b/c', 'n', 'm')")),
        ("[resourceId('a')]", Unknown("resourceId('a')")),
        ("[subscriptionResourceId('a.b/c', 'n')]", Unknown("${subscription().id}/providers/a.b/c/n")),
        ("[tenantResourceId('a.b/c', 'n')]", "/providers/a.b/c/n"),
        ("[extensionResourceId(resourceGroup().id, 'a.b/c', 'n')]", Unknown(f"{RG}/providers/a.b/c/n")),
        ("[extensionResourceId()]", Unknown("extensionResourceId()")),
        ("[if(equals(1, 2), 'a', 'b')]", Unknown("if(equals(1, 2), 'a', 'b')")),
        ("[broken(]", Unknown("broken(")),
        ("[broken('a]", Unknown("broken('a")),
        ("[a('b' 'c')]", Unknown("a('b' 'c')")),
        ("[a('b')[1]", Unknown("a('b')[1")),
        ("[a('b') c]", Unknown("a('b') c")),
        ("[word]", Unknown("word")),
        ("[]", Unknown("")),
    ],
)  # fmt: skip
def test_what_an_expression_comes_to(expression: str, value: Any) -> None:
    found = Resolver("a.json", PARTS).value([{"x": expression}])[0]["x"]
    assert (found.text if isinstance(found, Unknown) else found) == (
        value.text if isinstance(value, Unknown) else value
    )
    assert isinstance(found, Unknown) is isinstance(value, Unknown)


def test_a_default_is_assumed() -> None:
    (found,) = resources(template(one("a.b/c", x="[variables('v')]"), **PARTS)).values()
    assert (found.data["x"], found.confidence) == ("t-v", "over")


def test_expressions_are_held_to_a_depth_and_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = f"[{'toLower(' * 60}'a'{')' * 60}]"
    assert isinstance(Resolver("a.json", {}).value(deep), Unknown)
    nested = {f"v{n}": f"[{'toLower(' * 30}variables('v{n + 1}'){')' * 30}]" for n in range(60)}
    assert isinstance(Resolver("a.json", {"variables": nested}).value("[variables('v0')]"), Unknown)
    chain = {f"v{n}": f"[concat(variables('v{n + 1}'), variables('v{n + 1}'))]" for n in range(60)}
    monkeypatch.setattr(limits, "FILE_BYTES", 10_000)
    with pytest.raises(InputProblem) as caught:
        Resolver("a.json", {"variables": {**chain, "v60": "aaaa"}}).value("[variables('v45')]")
    assert "write more than" in caught.value.cause
    lists = {f"v{n}": f"[concat(variables('v{n + 1}'), variables('v{n + 1}'))]" for n in range(20)}
    with pytest.raises(InputProblem):
        Resolver("a.json", {"variables": {**lists, "v20": ["a"]}}).value("[variables('v0')]")
    # Texts of no length are worked out once each.
    assert Resolver("a.json", {"variables": {**lists, "v20": ""}}).value("[variables('v0')]") == ""
    assert expressions._DEPTH < limits.DEPTH


@pytest.mark.parametrize(
    ("resources", "line", "cause"),
    [
        ("7", 3, "neither a list nor a map"),
        ("[\n7]", 4, "a resource has no type"),
        ('[\n\n{"type": 7}]', 5, "a resource has no type"),
    ],
)
def test_templates_that_azure_refuses(resources: str, line: int, cause: str) -> None:
    text = f'{{\n"$schema": "{SCHEMA}",\n"resources": {resources}}}'
    with pytest.raises(InputProblem) as caught:
        reading(text)
    assert cause in caught.value.cause
    assert caught.value.line == line


def test_other_json_is_left_alone() -> None:
    for text in ('["deploymentTemplate.json"]', '{"$schema": 7, "x": "deploymentTemplate.json"}'):
        assert reading(text).subjects == ()
    assert reading('{"$schema": "https://example.com/deploymentTemplate.json"}').subjects == ()


def test_sniffing() -> None:
    content = SCHEMA.encode()
    assert arm.sniff("a.json", content)
    assert arm.sniff("a.json", SCHEMA.encode("utf-16"))
    assert not arm.sniff("a.yaml", content)
    assert not arm.sniff("a.json", b"deploymentParameters.json")


def test_bicep_is_recognised_and_not_read() -> None:
    content = b"param x string\nresource a 'b@1' = {\n"
    assert KINDS.of("infra/main.bicep", content) == [bicep]
    found = bicep.read(read_file("infra/main.bicep", content), Side.HEAD, "")
    assert found == Reading(opaque="Bicep source: judge the JSON that `az bicep build` makes of it")


_TEXTS = st.sampled_from(
    ["", "[", "]", "[a]", "[concat('a', variables('v'))]", "[[a]", "[variables('v')]", "[format('{0}', 1)]", "a/b"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | _TEXTS | st.text(alphabet="[]()'.,{}a0 ", max_size=12).map("[{}]".format),
    lambda below: st.lists(below, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "name", "resources", "properties", "template", "v"]), below, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.lists(st.fixed_dictionaries({"type": st.sampled_from(["a/b", "Microsoft.Resources/deployments"])}, optional={"name": _VALUES, "resources": _VALUES, "properties": st.fixed_dictionaries({"template": _VALUES, "parameters": _VALUES}), "condition": _VALUES}), max_size=3) | _VALUES, _VALUES)  # fmt: skip
def test_whatever_a_template_says_there_is_an_answer(resources: Any, variables: Any) -> None:
    text = json.dumps({"$schema": SCHEMA, "resources": resources, "variables": {"v": variables}})
    try:
        found = reading(text).subjects
    except InputProblem as problem:
        assert problem.line
        return
    assert len({subject.identity for subject in found}) == len(found)


def test_resources_that_are_nested_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arm, "DEPTH", 2)
    assert len(resources(template(one("a.b/c", resources=[one("d")])))) == 2
    with pytest.raises(InputProblem) as caught:
        reading(template(one("a.b/c", resources=[one("d", resources=[one("e")])])))
    assert caught.value.cause == "resources are nested too deep"


def test_a_deployment_that_hands_over_nothing_and_a_resource_without_a_name() -> None:
    inner = {"resources": [{"type": "a.b/c"}], "parameters": {"p": {"type": "string"}}}
    options = {"scope": "inner"}
    text = template(
        one(
            "Microsoft.Resources/deployments",
            properties={"template": inner, "expressionEvaluationOptions": options},
        )
    )
    assert "a.b/c " in resources(text)
    handed = {"template": inner, "expressionEvaluationOptions": options, "parameters": {"q": 1}}
    assert "a.b/c " in resources(template(one("Microsoft.Resources/deployments", properties=handed)))
