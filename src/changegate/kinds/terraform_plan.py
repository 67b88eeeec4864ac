"""Terraform and OpenTofu plans, as `terraform show -json PLAN` writes them.

A plan states both sides of a change: what the state holds and what it will hold. So one file on the
head gives subjects for head *and* base. A plan file on the base is a stale statement about a state
that has moved on; it is governed, but nothing is read from it.

Subjects:

- `terraform/<type>`, one a managed resource instance: the attributes, after (head) and before (base).
  Unchanged instances are given too: joins and `scan` need them.
- `terraform/resource_change` (head), one an entry that does something; `data` is
  `{address, previous_address, type, name, module, provider, actions, before, after, replace_paths,
  action_reason, importing, generated}`. Absent texts are "", an absent side is None, `replace_paths`
  are dotted. Data sources and `resource_drift` are left out: neither is changed by the plan.

A value that is not known before apply is an `Unknown` named after its address. A sensitive value is an
`Unknown` whose text is a keyed digest: two equal secrets of one plan have the same text, so a rule can
see that one changed, while the value itself goes nowhere. The key is the plan itself: nobody can guess
short secrets from a report who could not read them in the plan anyway.

Source of the format: OpenTofu `website/docs/internals/json-format.mdx`, and plans made with
Terraform 1.11.4 (format 1.2).
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from changegate.errors import InputProblem
from changegate.kinds.plan_values import key_of, sides
from changegate.limits import PLAN_BYTES
from changegate.model.document import Document, Route, SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

NAME = "terraform_plan"
TEMPLATED = False
MAX_BYTES = PLAN_BYTES

RESOURCE_CHANGE = "terraform/resource_change"

SHOW = "Write the plan with `terraform plan -out plan.out` and `terraform show -json plan.out`."
WHY = "What this plan would do cannot be told from it, so it was not judged."

_ACTIONS = frozenset({"no-op", "create", "read", "update", "delete", "forget"})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def sniff(path: str, content: bytes) -> bool:
    """True for plan JSON, and for the three things people commit in its place.

    These are the JSON of a state, the log lines of `plan -json`, and plan JSON in UTF-16 (what a
    redirect in Windows PowerShell writes). All three end in a message that says what to do.
    """
    if content.startswith(_UTF16):
        content = content.replace(b"\0", b"")[2:]
    start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"{"):
        return False
    if b'"format_version"' in content:
        if b'"resource_changes"' in content or b'"planned_values"' in content:
            return True
        return b'"terraform_version"' in content and b'"values"' in content
    return b'"@module":"terraform.ui"' in content[:1024] or b'"@module":"tofu.ui"' in content[:1024]


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """Both sides from a plan of the head; nothing from one of the base, which is out of date.

    The unit is `unit` where one is configured, else the folder of the file. Raises `InputProblem` for
    a plan that failed, is incomplete or is not plan JSON at all.
    """
    if side is Side.BASE:
        return Reading()
    document, entries = _entries(file)
    reader = _Reader(document, unit or posixpath.dirname(file.path), key_of(file.text))
    head: list[Subject] = []
    base: list[Subject] = []
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        for subject in reader.subjects(index, entry, seen):
            (head if subject.side is Side.HEAD else base).append(subject)
    return Reading(subjects=tuple(head), counterparts=tuple(base))


def _entries(file: SourceFile) -> tuple[Document, list[Any]]:
    """The document and its `resource_changes`; [] for a plan of a configuration without resources."""
    document = file.documents[0] if file.documents else None
    plan = document.value if document else None
    if document is None or not isinstance(plan, dict) or "@module" in plan or len(file.documents) > 1:
        raise InputProblem(
            "these are log lines of a plan, not the plan" if _is_log(plan) else "this is not one JSON object",
            path=file.path, line=1, column=1, why=WHY, remedy=SHOW,
        )  # fmt: skip
    if "resource_changes" not in plan and "planned_values" not in plan:
        raise _problem(document, ("values",), "this is a state, not a plan", key=True)
    version = plan.get("format_version")
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise InputProblem(
            f"plan format {version if isinstance(version, str) else '(none)'} is not supported (1.x is)",
            path=file.path, line=(span := document.locate(("format_version",))).start_line,
            column=span.start_column, why=WHY,
            remedy="Make the plan with Terraform 1.1 or later, or with OpenTofu.",
        )  # fmt: skip
    if plan.get("errored") is True:
        raise _problem(document, ("errored",), "the plan failed and holds only a part", key=True)
    if plan.get("complete") is False:
        raise _problem(
            document, ("complete",), "the plan leaves changes out (-target, or deferred ones)", key=True
        )
    changes = plan.get("resource_changes", [])
    if not isinstance(changes, list):
        raise _problem(document, ("resource_changes",), "`resource_changes` is not a list")
    if not changes and _plans_resources(plan.get("planned_values")):
        raise _problem(
            document, ("planned_values",), "the plan has resources but no `resource_changes`", key=True
        )
    return document, changes


def _is_log(plan: Any) -> bool:
    return isinstance(plan, dict) and "@module" in plan


def _plans_resources(planned: Any) -> bool:
    root = planned.get("root_module") if isinstance(planned, dict) else None
    return isinstance(root, dict) and bool(root.get("resources") or root.get("child_modules"))


def _problem(document: Document, route: Route, cause: str, *, key: bool = False) -> InputProblem:
    span = document.locate(route, key=key)
    return InputProblem(
        cause, path=document.path, line=span.start_line, column=span.start_column, why=WHY, remedy=SHOW
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the entries of one plan."""

    document: Document
    unit: str
    key: bytes

    def subjects(self, index: int, entry: Any, seen: set[str]) -> Iterator[Subject]:
        """Subjects of one entry of `resource_changes`; `seen` grows by its address."""
        route: Route = ("resource_changes", index)
        entry = self._checked(entry, route)
        if entry["mode"] != "managed" or entry["change"]["actions"] == ["read"]:
            return
        address = self._address(entry, route, seen)
        change = entry["change"]
        before, after = sides(change, address, self.key)
        if not entry.get("deposed"):  # a deposed object is a leftover beside the resource's own one
            kind = f"terraform/{entry['type']}"
            for side, data in ((Side.BASE, before), (Side.HEAD, after)):
                if data is not None:
                    at = (*route, "change", "before" if side is Side.BASE else "after")
                    yield self._subject(kind, address, side, data, {"": at})
        if change["actions"] == ["no-op"] and not (
            entry.get("previous_address") or change.get("importing") is not None
        ):
            return
        origins = {"": route, **{f: (*route, "change", f) for f in ("before", "after", "actions")}}
        origins |= {"replace_paths": (*route, "change", "replace_paths")}
        data = _resource_change(entry, address, before, after)
        yield self._subject(RESOURCE_CHANGE, address, Side.HEAD, data, origins)

    def _subject(
        self, kind: str, address: str, side: Side, data: Mapping[str, Any], origins: Mapping[str, Route]
    ) -> Subject:
        return Subject(
            identity=Identity(self.unit, kind, address),
            side=side,
            data=data,
            origins={name: (Origin(self.document, route),) for name, route in origins.items()},
        )

    def _checked(self, entry: Any, route: Route) -> Mapping[str, Any]:
        """The entry, of which everything that is read further on has its type."""
        if not isinstance(entry, dict):
            raise _problem(self.document, route, "an entry of `resource_changes` is not an object")
        for name in ("address", "mode", "type", "name"):
            if not isinstance(entry.get(name), str) or not entry[name]:
                raise _problem(self.document, route, f"an entry of `resource_changes` has no `{name}`")
        if entry["type"] == RESOURCE_CHANGE.partition("/")[2]:
            # Its subjects would be taken for the entries themselves.
            raise _problem(self.document, (*route, "type"), "`resource_change` is no resource type")
        change = entry.get("change")
        actions = change.get("actions") if isinstance(change, dict) else None
        if not isinstance(change, dict) or not isinstance(actions, list) or not actions:
            raise _problem(self.document, route, f"the change of {entry['address']} has no `actions`")
        strange = [a for a in actions if not isinstance(a, str) or a not in _ACTIONS]
        if strange:
            raise _problem(
                self.document,
                (*route, "change", "actions"),
                f"the action {json.dumps(strange[0])} of {entry['address']} is not known",
            )
        self._check_sides(entry, change, frozenset(actions), route)
        return entry

    def _check_sides(
        self, entry: Mapping[str, Any], change: Mapping[str, Any], actions: frozenset[str], route: Route
    ) -> None:
        # Only managed entries: data sources are left out, whatever they hold.
        if entry["mode"] != "managed":
            return
        needs = {
            "before": actions & {"no-op", "update", "delete", "forget"},
            "after": actions & {"no-op", "update", "create"},
        }
        for name, why in needs.items():
            value = change.get(name)
            if not isinstance(value, dict) and (value is not None or why):
                raise _problem(
                    self.document,
                    (*route, "change", name),
                    f"the change of {entry['address']} has no `{name}`",
                )

    def _address(self, entry: Mapping[str, Any], route: Route, seen: set[str]) -> str:
        address = str(entry["address"])
        if deposed := entry.get("deposed"):
            address = f"{address} (deposed {deposed})"
        if address in seen:
            raise _problem(
                self.document, (*route, "address"), f"{address} stands twice in `resource_changes`"
            )
        seen.add(address)
        return address


def _resource_change(entry: Mapping[str, Any], address: str, before: Any, after: Any) -> dict[str, Any]:
    change = entry["change"]
    paths = change.get("replace_paths")
    return {
        "address": address,
        "previous_address": _text(entry.get("previous_address")),
        "type": entry["type"],
        "name": entry["name"],
        "module": _text(entry.get("module_address")),
        "provider": _text(entry.get("provider_name")),
        "actions": list(change["actions"]),
        "before": before,
        "after": after,
        "replace_paths": [
            ".".join(map(str, path))
            for path in (paths if isinstance(paths, list) else [])
            if isinstance(path, list)
        ],
        "action_reason": _text(entry.get("action_reason")),
        "importing": change.get("importing") is not None,
        "generated": bool(change.get("generated_config")),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
