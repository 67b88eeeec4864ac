"""JSON templates with `${...}` in the place of values."""

from __future__ import annotations

import pytest

from changegate.errors import InputProblem
from changegate.syntax import read_file
from changegate.syntax.json_holes import HOLE, said, without_holes


def test_a_hole_is_a_string_of_the_same_length() -> None:
    text = '{"a": ${x}, "b": [${jsonencode("q\\\\")}, 7], "c": "${y}"}'
    found = without_holes(text)
    assert len(found) == len(text)
    document = read_file("a.json", text.encode(), holes=True).documents[0]
    assert document.value == {"a": f"{HOLE}x", "b": [f"{HOLE}jsonencode('q//')", 7], "c": "${y}"}
    assert document.locate(("b", 1))[:2] == (1, text.index("7]") + 1)
    assert (said(f"{HOLE}x"), said("${y}")) == ("${x}", "")


@pytest.mark.parametrize(
    "text", ["{${k}: 1}", '{"a": ${x}${y}}', '{"a": ${x\n}}', '{"a": ${{x}}}', '{"a": ${x']
)
def test_what_is_no_whole_value_cannot_be_read(text: str) -> None:
    with pytest.raises(InputProblem, match="not valid JSON"):
        read_file("a.json", text.encode(), holes=True)


def test_holes_are_asked_for() -> None:
    with pytest.raises(InputProblem, match="a value is missing"):
        read_file("a.json", b'{"a": ${x}}')
