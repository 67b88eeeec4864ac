"""Outputs: views of one `Result`. None of them decides anything.

To add one: a module with `render(result) -> str`, a line here, and goldens.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Final

from changegate.model.plugin import Reporter
from changegate.model.result import Result


@dataclass(frozen=True, slots=True)
class _Lazy:
    """A reporter whose module is imported when it is first used: sarif-om alone takes 115 ms."""

    module: str

    def render(self, result: Result) -> str:
        reporter: Reporter = import_module(self.module)
        return reporter.render(result)


REPORTERS: Final[dict[str, Reporter]] = {
    "text": _Lazy("changegate.report.text"),
    "sarif": _Lazy("changegate.report.sarif"),
    "sarif-audit": _Lazy("changegate.report.sarif_audit"),
    "json": _Lazy("changegate.report.json"),
    "markdown": _Lazy("changegate.report.markdown"),
    "junit": _Lazy("changegate.report.junit"),
    "gitlab": _Lazy("changegate.report.gitlab"),
}
FORMATS: Final = tuple(REPORTERS)


def render(name: str, result: Result, *, width: int, color: bool) -> str:
    """The output of format `name`, one of `FORMATS`, ending in a newline.

    Only text looks at the terminal; the verdict and every other format are the same wherever they run.
    """
    if name == "text":
        from changegate.report.text import render_text

        return render_text(result, width=width, color=color)
    return REPORTERS[name].render(result)
