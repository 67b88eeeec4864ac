from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from changegate.model.pathnames import name_of, suffix_of


@pytest.mark.parametrize(
    "path", ["a.yaml", "b/A.YAML", "b.d/name", "b/.hidden", "b/.hidden.yml", "a.tar.gz", "ä b/ü.Tf", "x/no."]
)
def test_a_path_has_the_parts_that_pathlib_finds(path: str) -> None:
    known = PurePosixPath(path)
    assert name_of(path) == known.name
    if not path.endswith("."):  # Python 3.14 gives "." there
        assert suffix_of(path) == known.suffix.lower()


def test_a_name_that_ends_with_a_dot_has_no_suffix() -> None:
    assert suffix_of("a/no.") == ""
