"""Files that changegate begins for its user, and never touches again."""

from __future__ import annotations

from pathlib import Path

from changegate.errors import UsageProblem


def write_new(path: Path, text: str) -> None:
    """Write a file that must not exist yet; missing folders are made. Raises `UsageProblem`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageProblem(
            "the file exists already, and is left as it is",
            path=str(path),
            remedy="Choose another name, or delete the file first.",
        ) from None
    except OSError as error:
        raise UsageProblem(
            f"the file cannot be written ({error.strerror})",
            path=str(path),
            remedy="Name a folder that can be written to.",
        ) from error
