import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.errors import InputProblem
from changegate.sources.paths import below, checked, collisions, decode, encode


@given(st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_bytes_survive_as_a_path(raw: bytes) -> None:
    assert encode(decode(raw)) == raw


@pytest.mark.parametrize(
    "path", ["../x", "a/../b", "/etc/passwd", "a//b", "a/", "./a", ".git/config", "a/.GIT/x"]
)
def test_a_path_that_no_checkout_holds_is_refused(path: str) -> None:
    with pytest.raises(InputProblem) as caught:
        checked(path)
    assert caught.value.path == path


@pytest.mark.parametrize("path", ["a", "a/b.yaml", ".github/x", "..a", "a\nb", "\udcff", "\u202efoo"])
def test_a_strange_but_possible_path_passes(path: str) -> None:
    assert checked(path) == path


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [("a/b", "", True), ("a/b", "a", True), ("a", "a", True), ("ab", "a", False), ("a/bc", "a/b", False)],
)
def test_below(path: str, folder: str, expected: bool) -> None:
    assert below(path, folder) is expected


def test_two_spellings_of_one_file_collide() -> None:
    assert collisions(["Main.TF"], ["Main.TF", "main.tf", "other.tf"]) == [("Main.TF", "main.tf")]


def test_composed_and_decomposed_letters_collide() -> None:
    assert collisions(["caf\u00e9.yaml"], ["cafe\u0301.yaml", "caf\u00e9.yaml"]) == [
        ("caf\u00e9.yaml", "cafe\u0301.yaml")
    ]


def test_sharp_s_folds_to_two_letters() -> None:
    assert collisions(["stra\u00dfe"], ["STRASSE", "stra\u00dfe"]) == [("stra\u00dfe", "STRASSE")]


def test_folders_collide_even_when_their_files_do_not() -> None:
    assert collisions(["Prod/a.tf"], ["Prod/a.tf", "prod/b.tf"]) == [("Prod", "prod")]


def test_a_pair_is_reported_once() -> None:
    assert collisions(["A/x", "A/y"], ["A/x", "A/y", "a/x", "a/z"]) == [("A", "a"), ("A/x", "a/x")]


def test_unchanged_twins_are_not_reported() -> None:
    assert collisions(["x/y"], ["x/y", "a", "A"]) == []
