"""Every kind of result in every format, byte by byte. See `support.report_goldens` for how to renew them."""

from pathlib import Path

import pytest

from support.report_goldens import FOLDER, SUFFIXES, goldens

EXPECTED = dict(goldens())


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.name)
def test_golden(path: Path) -> None:
    assert EXPECTED[path] == path.read_text("utf-8")


def test_no_golden_is_left_over() -> None:
    suffixes = tuple(f".{suffix}" for suffix in SUFFIXES.values())
    assert {path for path in FOLDER.iterdir() if path.name.endswith(suffixes)} == set(EXPECTED)
