"""Goldens of the outputs. After a change that is meant, write them anew and read the difference:

PYTHONPATH=src:tests python -m support.report_goldens
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from changegate.report import render
from support.results import RESULTS

FOLDER = Path(__file__).parents[1] / "goldens" / "report"
SUFFIXES = {
    "text": "txt",
    "sarif": "sarif",
    "sarif-audit": "audit.sarif",
    "json": "json",
    "junit": "junit.xml",
    "gitlab": "gitlab.json",
}


def goldens() -> Iterator[tuple[Path, str]]:
    """File and content of every golden. SARIF is written in one line; its golden is laid out for reading."""
    for name, build in RESULTS.items():
        for form, suffix in SUFFIXES.items():
            text = render(form, build(), width=80, color=False)
            if form.startswith("sarif"):
                text = json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"
            yield FOLDER / f"{name}.{suffix}", text
        yield FOLDER / f"{name}.wide.txt", render("text", build(), width=160, color=False)


def write() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in goldens():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
