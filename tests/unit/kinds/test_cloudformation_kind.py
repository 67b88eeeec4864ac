"""Templates: which files are claimed, what their functions come to, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.errors import InputProblem
from changegate.kinds import cloudformation
from changegate.kinds.cloudformation import TAGS
from changegate.kinds.cloudformation.intrinsics import NO_VALUE, Resolver
from changegate.model.plugin import tags_of
from changegate.model.proposal import Side
from changegate.model.span import Span
from changegate.model.subject import Identity, Unknown
from changegate.syntax import read_file
from support.templates import reading, resources

TEMPLATE = """
    AWSTemplateFormatVersion: 2010-09-09
    Parameters:
      Days: {Type: Number, Default: 7}
      Env: {Type: String}
      Zones: {Type: CommaDelimitedList, Default: "a, b"}
      Word: {Type: String, NoEcho: true, Default: secret}
      Ami: {Type: "AWS::SSM::Parameter::Value<String>", Default: /ami}
      Blank: {Type: String, Default: ""}
    Mappings:
      Sizes: {prod: {db: large}}
    Conditions:
      Never: !Equals [a, b]
      Always: !Not [!Condition Never]
      IsProd: !Equals [!Ref Env, prod]
    Resources:
      Bucket:
        Type: AWS::S3::Bucket
        DeletionPolicy: Retain
        Properties:
          Value: %s
    """


def resolved(written: str) -> Any:
    return resources(TEMPLATE % written)["Bucket"].data["Properties"].get("Value")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("plain", "plain"),
        ("yes", True),
        ("!Ref Days", 7),
        ("!Ref Zones", ["a", "b"]),
        ('!Sub "${Days} days"', "7 days"),
        ('!Sub "${!Literal} ${Days}"', "${Literal} 7"),
        ('!Sub ["${x}-${Days}", {x: !Ref Days}]', "7-7"),
        ('!Join ["-", [a, !Ref Days, true]]', "a-7-true"),
        ("!Select [1, !Ref Zones]", "b"),
        ('!Select [0, !Split [".", a.b]]', "a"),
        ("!FindInMap [Sizes, prod, db]", "large"),
        ("!If [Always, 1, 2]", 1),
        ("!If [Never, 1, !Ref AWS::NoValue]", None),
        ("!Base64 hi", "aGk="),
        ("{Fn::GetAtt: [A, Arn], more: 1}", {"Fn::GetAtt": ["A", "Arn"], "more": 1}),
        ("[a, !Ref AWS::NoValue, b]", ["a", "b"]),
    ],
)
def test_what_the_text_settles_is_resolved(written: str, value: Any) -> None:
    assert resolved(written) == value


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("!Ref Env", "${Env}"),
        ("!Ref Word", "${Word}"),
        ("!Ref Ami", "${Ami}"),
        ("!Ref Blank", "${Blank}"),
        ("!Ref Other", "${Other}"),
        ("!Ref AWS::Region", "${AWS::Region}"),
        ("!GetAtt Queue.Arn", "${Queue.Arn}"),
        ("!GetAtt [Queue, Arn]", "${Queue.Arn}"),
        ('!Sub "${Queue.Arn}/${Days}"', "${Queue.Arn}/7"),
        ('!Join [":", [arn, !Ref AWS::Partition]]', "arn:${AWS::Partition}"),
        ('!ImportValue {"Fn::Sub": "${Env}-key"}', "${import Env-key}"),
        ("!ImportValue [a]", '{"Fn::ImportValue": ["a"]}'),
        ("!If [IsProd, true, !Ref Env]", '{"Fn::If": ["IsProd", true, {"Unknown": "${Env}"}]}'),
        (
            "!If [IsProd, !If [IsProd, a, b], !Ref AWS::NoValue]",
            '{"Fn::If": ["IsProd", {"Fn::If": ["IsProd", "a", "b"]}, {"Ref": "AWS::NoValue"}]}',
        ),
        ("!FindInMap [Sizes, !Ref Env, db]", '{"Fn::FindInMap": ["Sizes", {"Ref": "Env"}, "db"]}'),
        ("!FindInMap [Sizes, prod, other]", '{"Fn::FindInMap": ["Sizes", "prod", "other"]}'),
        ("!Select [9, [a]]", '{"Fn::Select": [9, ["a"]]}'),
        ("!Split [a, b, c]", '{"Fn::Split": ["a", "b", "c"]}'),
        ("!Join [a]", '{"Fn::Join": ["a"]}'),
        ("!Join [a, [[b]]]", '{"Fn::Join": ["a", [["b"]]]}'),
        ("!Join [a, !Ref Env]", '{"Fn::Join": ["a", {"Ref": "Env"}]}'),
        ("!Sub [1, 2]", '{"Fn::Sub": [1, 2]}'),
        ("!If [a]", '{"Fn::If": ["a"]}'),
        ("!GetAtt [[1]]", '{"Fn::GetAtt": [[1]]}'),
        ("!Ref [a]", '{"Ref": ["a"]}'),
        ("!Base64 {Ref: Env}", '{"Fn::Base64": {"Ref": "Env"}}'),
        ("!Cidr [a, 1, 2]", '{"Fn::Cidr": ["a", 1, 2]}'),
        ("{Fn::Transform: {Name: X}, a: 1}", '{"Fn::Transform": {"Name": "X"}, "a": 1}'),
        ("!Rain::Embed file.py", '{"Rain::Embed": "file.py"}'),
        ('"{{resolve:ssm:/a}}"', "{{resolve:ssm:/a}}"),
    ],
)
def test_what_it_does_not_settle_is_unknown(written: str, text: str) -> None:
    value = resolved(written)
    assert isinstance(value, Unknown)
    assert value.text == text


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("!Equals [a, a]", True),
        ("!Equals [1, '1']", True),
        ("!Equals [!Ref Env, prod]", None),
        ("!Equals [!Ref Days, 7]", None),  # a default is no answer to what differs from stack to stack
        ("!And [!Equals [a, a], !Equals [a, b]]", False),
        ("!And [!Equals [a, a], !Ref X]", None),
        ("!Or [!Equals [a, a], !Condition Nowhere]", True),
        ("!Not [!Equals [!Ref Env, a]]", None),
        ("!Condition Asked", None),
        ("!Condition {a: b}", None),
        ("!Or []", None),
        ("plain", None),
        ("!Ref Env", None),
    ],
)
def test_conditions(condition: str, truth: bool | None) -> None:
    text = f"Parameters: {{Env: {{}}, Days: {{Default: 7}}}}\nConditions:\n  Asked: {condition}\n"
    value = read_file("a.yaml", text.encode(), TAGS).documents[0].value
    assert Resolver("a.yaml", value).truth("Asked") is truth


def test_a_resource_whose_condition_never_holds_is_none() -> None:
    found = resources(
        """
        Conditions: {Never: !Equals [a, b], IsProd: !Equals [!Ref Env, prod]}
        Resources:
          Off: {Type: AWS::SNS::Topic, Condition: Never}
          May: {Type: AWS::SNS::Topic, Condition: IsProd}
        """
    )
    assert set(found) == {"May"}
    assert found["May"].data == {"Type": "AWS::SNS::Topic", "Condition": "IsProd"}


def test_a_long_chain_of_conditions_comes_to_an_end() -> None:
    chain: dict[str, Any] = {f"c{n}": {"Fn::Not": [{"Condition": f"c{n + 1}"}]} for n in range(5000)}
    assert Resolver("a", {"Conditions": chain}).truth("c0") is None
    short = {**{k: v for k, v in chain.items() if int(k[1:]) < 4}, "c4": {"Fn::Equals": ["a", "a"]}}
    assert Resolver("a", {"Conditions": short}).truth("c0") is True


def test_subjects_have_identities_places_and_confidence() -> None:
    found = resources(TEMPLATE % "!Ref Days")["Bucket"]
    assert found.identity == Identity("stack.yaml", "cloudformation/AWS::S3::Bucket", "Bucket")
    assert found.confidence == "over"
    assert found.data["DeletionPolicy"] == "Retain"
    assert found.origins_of("DeletionPolicy")[0].span() == Span(18, 21, 18, 27)
    assert found.origins_of("Properties.Value")[0].span().start_line == 20
    assert resources(TEMPLATE % "a")["Bucket"].confidence == "exact"


def test_the_template_is_a_subject_too() -> None:
    whole = reading(TEMPLATE % "a").subjects[0]
    assert whole.kind == "cloudformation/template"
    assert whole.data["complete"] is True
    assert whole.data["transforms"] == []
    assert whole.data["parameters"]["Env"] == {"Type": "String"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Transform: [AWS::Serverless-2016-10-31]\nResources: {A: {Type: AWS::SNS::Topic}}", ""),
        (
            "Transform: {Name: Count}\nResources: {A: {Type: AWS::SNS::Topic}}",
            "the macro Count rewrites the template",
        ),
        (
            "Resources: {A: {Type: AWS::SNS::Topic}, Fn::ForEach::T: [a, [b], {}]}",
            "Fn::ForEach::T makes resources when the template is expanded",
        ),
        (
            "Resources: {A: {Type: AWS::SNS::Topic}, Fn::Transform: {Name: AWS::Include}}",
            "resources are included from elsewhere",
        ),
        ("AWSTemplateFormatVersion: x\nFn::Transform: {Name: a}", "a snippet is included in the template"),
        (
            "Resources: {A: {Type: AWS::SNS::Topic}, M: {Type: !Rain::Module x}}",
            "M is a module, which makes resources when it is expanded",
        ),
    ],
)
def test_what_makes_resources_elsewhere_is_opaque(text: str, why: str) -> None:
    found = reading(text + "\n# AWS Resources")
    assert found.opaque == why
    assert found.subjects[0].data["complete"] is (why == "")


@pytest.mark.parametrize(
    ("text", "where", "cause"),
    [
        ("AWSTemplateFormatVersion: a\nParameters: {}", "1:1", "the template has no map of `Resources`"),
        (
            "Resources: {A: {Type: AWS::SNS::Topic}}\nMappings: [a]",
            "2:11",
            "`Mappings` is not a map",
        ),
        ("Resources:\n  A: {Type: AWS::SNS::Topic}\n  B: [1]", "3:6", "the resource B is not a map"),
        ("Resources:\n  A: {Type: AWS::SNS::Topic}\n  B: {}", "3:6", "the resource B has no type"),
        ("Resources:\n  A: {Type: AWS::SNS::Topic}\n  B: {Type: x}", "3:13", "the resource B has no type"),
        (
            "Resources:\n  A: {Type: AWS::SNS::Topic, Properties: [a]}",
            "2:42",
            "the properties of A are not a map",
        ),
        ("Transform: [1]\nResources: {A: {Type: AWS::SNS::Topic}}", "1:12", "a transform has no name"),
        ("Resources: {A: {Type: AWS::SNS::Topic}}\n---\na: b", "3:1", "a template is one document, "),
        ("Resources: {A: {Type: AWS::SNS::Topic, Properties: {B: !Foo x}}}", "1:56", "tag !Foo is not"),
    ],
)
def test_what_is_no_template_is_refused(text: str, where: str, cause: str) -> None:
    with pytest.raises(InputProblem) as caught:
        reading(text)
    assert caught.value.cause.startswith(cause)
    assert caught.value.where == f"stack.yaml:{where}"
    assert caught.value.why
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {t: 'Resources AWS::S3::Bucket'}"),
        (".github/workflows/a.yml", "on: push\njobs: {}\n# AWS Resources"),
        ("a.json", '{"Resources": [], "AWS": 1}'),
        ("a.json", '["AWS", "Resources"]'),
        ("a.json", '{"Resources": {"A": {"Type": "x"}}, "n": "AWS"}'),
    ],
)
def test_files_that_only_mention_it_are_left_alone(path: str, text: str) -> None:
    found = cloudformation.read(read_file(path, text.encode()), Side.HEAD, "")
    assert found.subjects == ()
    assert found.opaque == ""


def test_sniffing_by_content() -> None:
    def claims(text: bytes, path: str = "a.yaml") -> bool:
        return cloudformation.sniff(path, text)

    assert claims(b"AWSTemplateFormatVersion: [broken")
    assert claims(b"Resources: {A: {Type: AWS::S3::Bucket")
    assert claims('{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}'.encode("utf-16"), "a.template")
    assert claims(b'{"Resour\\u0063es": {}}', "a.json")
    assert not claims(b"Resources: AWSTemplateFormatVersion", "a.py")
    assert not claims(b"a: b")
    assert tags_of([cloudformation])["!Ref"] == "Ref"


def test_a_name_in_escapes_is_read_as_what_it_says() -> None:
    text = '{"Resour\\u0063es": {"A": {"Type": "A\\u0057S::SNS::Topic"}}}'
    assert set(resources(text, path="a.json")) == {"A"}


def test_short_defaults_cannot_be_repeated_without_end() -> None:
    template: dict[str, Any] = {
        "Parameters": {"P": {"Type": "String", "Default": "x" * 4096}},
        "Resources": {
            f"A{n}": {"Type": "AWS::SNS::Topic", "Properties": {"Name": {"Fn::Sub": "${P}" * 250}}}
            for n in range(limits.FILE_BYTES // (4096 * 250) + 1)
        },
    }
    with pytest.raises(InputProblem, match="write more than 10 MiB"):
        reading(json.dumps(template), path="a.json")
    template["Parameters"]["P"]["Default"] += "x"  # longer than CloudFormation takes: not its value
    name = resources(json.dumps(template), path="a.json")["A0"].data["Properties"]["Name"]
    assert isinstance(name, Unknown)
    one = {"P": {"Default": "x" * 4096}}
    whole = Resolver("a", {"Parameters": one}).value({"Fn::Sub": "${P}" * 257})
    assert isinstance(whole, Unknown)
    assert whole.text.startswith('{"Fn::Sub"')


_NAMES = sorted({*TAGS.values(), "Fn::Transform", "a"})
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["a", "${a}", "${A.B}", "AWS::NoValue", "1", 0, True, None, "{{x}}"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), below, max_size=2),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(_VALUES, _VALUES)
def test_any_value_comes_to_plain_data(value: Any, condition: Any) -> None:
    resolver = Resolver("a", {"Conditions": {"a": condition}, "Parameters": {"a": {"Default": "b"}}})
    found = resolver.value(value)
    assert resolver.truth("a") in (True, False, None)
    waiting = [found]
    while waiting:
        node = waiting.pop()
        assert node is not NO_VALUE or node is found
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
