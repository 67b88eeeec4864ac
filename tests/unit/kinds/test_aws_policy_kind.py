"""Policy documents that lie alone in a file."""

from __future__ import annotations

import json

import pytest

from changegate.errors import InputProblem
from changegate.kinds import aws_policy
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Unknown
from changegate.syntax import read_file
from support.templates import reading

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def test_a_document_is_one_subject() -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})
    (found,) = reading(text, path="iam/read.json", kind="aws_policy").subjects
    assert found.identity == Identity("", "aws_policy/document", "iam/read.json")
    assert found.data == {"Version": "2012-10-17", "Statement": [ALLOW]}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("${aws:username}", True),
        ("arn:${*}", True),
        ("${bucket}", False),
        ("{{ bucket }}", False),
        ("<%= x %>", False),
    ],
)
def test_what_a_template_engine_fills_in_is_unknown(text: str, known: bool) -> None:
    document = json.dumps({"Statement": {**ALLOW, "Resource": [text]}})
    (found,) = reading(document, path="a.json", kind="aws_policy").subjects
    (value,) = found.data["Statement"]["Resource"]
    assert value == text if known else isinstance(value, Unknown) and value.text == text


@pytest.mark.parametrize("text", ['{"Statement": "a", "x": {"Effect": 1}}', "[]", '{"Effect": "Statement"}'])
def test_other_json_is_left_alone(text: str) -> None:
    assert aws_policy.read(read_file("a.json", text.encode()), Side.HEAD, "").subjects == ()


def test_statements_of_another_type_are_refused() -> None:
    text = '{"Version": "2012-10-17", "Statement": "x"}'
    with pytest.raises(InputProblem) as caught:
        aws_policy.read(read_file("a.json", text.encode()), Side.HEAD, "")
    assert caught.value.where == "a.json:1:40"
    assert "neither a map nor a list" in caught.value.cause


def test_sniffing() -> None:
    content = b'{"Statement": [{"Effect": "Allow"}]}'
    assert aws_policy.sniff("a.json", content)
    assert aws_policy.sniff("a.json", content.decode().encode("utf-16"))
    assert not aws_policy.sniff("a.yaml", content)
    assert not aws_policy.sniff("a.json", b'{"Statement": 1}')
    assert not aws_policy.sniff("a.json", b'{"Resources": {"Statement": [{"Effect": "Allow"}]}}')


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ('{"Effect": "Allow", "Action": "s3:*", "Resource": ${x}}', ("Statement", "Resource")),
        ("${x}", ("Statement",)),
    ],
)
def test_holes_for_whole_values_are_unknown(statement: str, where: tuple[str, ...]) -> None:
    file = read_file("a.json", f'{{"Version": "2012-10-17", "Statement": {statement}}}'.encode(), holes=True)
    value = aws_policy.read(file, Side.HEAD, "").subjects[0].data
    for step in where:
        value = value[step]
    assert isinstance(value, Unknown) and value.text == "${x}"
