"""Packs of rules: a folder of rule files, or the index of the shipped ones.

Reading a hundred rule files costs a second (a YAML parser, a schema validator, two compilations a
rule). An index of what they say therefore stands beside them, written by `scripts/generate.py`. It holds
the digest of every file it was made from: a rule whose file is another one is read from its file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from changegate.errors import UsageProblem
from changegate.limits import RULES
from changegate.model.rule import Expression, Level, Param, Rule, RuleMode, Severity
from changegate.model.span import Span

INDEX = "index.json"
_SUFFIX = ".yaml"
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def load_rules(
    files: Iterable[tuple[str, bytes]],
    *,
    shipped: bool,
    folder: str = "",
    known: Mapping[str, Rule] = MappingProxyType({}),
) -> tuple[Rule, ...]:
    """Rules from the files of a pack: (path below the pack, content); README.md may stand among them, and
    the index.

    `folder` is where the pack stands, for messages; `known` are rules that need not be read, by path.
    Raises `UsageProblem` for a file that is not a rule, a rule that is not sound, two rules of one id, or
    no rule at all.
    """
    rules: dict[str, Rule] = {}
    for path, content in files:
        if path == INDEX or path.rsplit("/", 1)[-1] == "README.md":
            continue
        rule_id = _id(path, folder)
        if rule_id in rules:
            raise UsageProblem(
                f"the rule {rule_id} is there twice", path=folder + path, remedy="Delete one of them."
            )
        rules[rule_id] = known.get(path) or _read(folder + path, content, rule_id, shipped)
        if len(rules) > RULES:
            raise UsageProblem(f"the pack has more than {RULES:,} rules", path=folder or path)
    if not rules:
        raise UsageProblem(
            "there is no rule here",
            path=folder.rstrip("/"),
            why="Without a rule, everything would pass.",
            remedy="Point to a folder of rule files, such as .changegate/rules.",
        )
    return tuple(rules[rule_id] for rule_id in sorted(rules))


def _read(path: str, content: bytes, rule_id: str, shipped: bool) -> Rule:
    # Imported here: rules that come from the index need neither a YAML parser nor a schema.
    from changegate.policy.rulefile import read_rule

    return read_rule(path, content, rule_id, shipped=shipped)


def _id(path: str, folder: str) -> str:
    rule_id = path.removesuffix(_SUFFIX)
    if rule_id == path or not all(part and set(part) <= _NAME for part in rule_id.split("/")):
        raise UsageProblem(
            "this is not a rule file",
            path=folder + path,
            why="A file that nothing reads may be meant as a rule.",
            remedy="Name a rule as in least-privilege/no-star.yaml; README.md may stand there too.",
        )
    return rule_id


def check_id(rule_id: str) -> None:
    """Raises `UsageProblem` for what cannot be a rule's id: a group and a name, of plain letters."""
    parts = rule_id.split("/")
    if len(parts) < 2 or not all(part and set(part) <= _NAME for part in parts):
        raise UsageProblem(
            f'"{rule_id}" cannot be the name of a rule',
            why="The name becomes the path of its file, and its id in every report.",
            remedy="Give a group and a name of a-z, 0-9, - and _, as in least-privilege/no-wildcard-verbs.",
        )


def shipped_rules(*, cases: bool = False) -> tuple[Rule, ...]:
    """The rules that come with changegate; with `cases`, as their files state them."""
    return _shipped(cases)


@cache
def _shipped(cases: bool) -> tuple[Rule, ...]:
    root = _root()
    files = list(read_folder(root))
    index = root / INDEX
    known = load_index(index.read_bytes(), files) if not cases and index.is_file() else {}
    return load_rules(files, shipped=True, folder="rules/", known=known)


def _root() -> Path:
    """The pack inside the installed package, else the one at the top of a source checkout."""
    here = Path(__file__).resolve()  # importlib.resources would say the same, 17 ms later
    packaged = here.parents[1] / "_rules"
    return packaged if packaged.is_dir() else here.parents[3] / "rules"


def read_folder(folder: Path, below: str = "") -> Iterator[tuple[str, bytes]]:
    """Path below the folder and content of every file in it, but for an index, in order of path."""
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from read_folder(entry, f"{below}{entry.name}/")
        elif below + entry.name != INDEX:
            yield below + entry.name, entry.read_bytes()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def build_index(rules: Iterable[Rule], files: Iterable[tuple[str, bytes]] | None = None) -> bytes:
    """An index of the rules, without their cases; one line each, so that changes of it can be merged.
    `files` are those they were read from; without them, the shipped ones."""
    digests = {path: _digest(content) for path, content in (files or read_folder(_root()))}
    lines = []
    for rule in rules:
        path = rule.id + _SUFFIX
        entry = {"digest": digests[path], "rule": {**asdict(rule), "cases": ()}}
        lines.append(f"{json.dumps(path)}: {json.dumps(entry, separators=(',', ':'))}")
    listed = ",\n".join(lines)
    return f'{{"shape": {json.dumps(_shape())},\n"rules": {{\n{listed}\n}}}}\n'.encode()


def load_index(index: bytes, files: Iterable[tuple[str, bytes]]) -> dict[str, Rule]:
    """Rules from an index by the path of their file: of those files that they were read from. None of an
    index that is damaged, or tells of rules what they no longer are."""
    try:
        stated: dict[str, Any] = json.loads(index)
    except ValueError:
        return {}
    if stated["shape"] != _shape():
        return {}
    entries = stated["rules"]
    return {
        path: _revived(entries[path]["rule"])
        for path, content in files
        if path in entries and entries[path]["digest"] == _digest(content)
    }


def _shape() -> list[list[str]]:
    """What is told of a rule."""
    return [[field.name for field in fields(part)] for part in (Rule, Expression, Param)]


def _revived(value: Mapping[str, Any]) -> Rule:
    told: dict[str, Any] = dict(value)
    told["severity"] = Severity(value["severity"])
    told["level"] = Level(value["level"])
    told["mode"] = RuleMode(value["mode"])
    told["deny"] = _expression(value["deny"])
    told["evidence"] = _expression(value["evidence"]) if value["evidence"] else None
    told["params"] = {name: Param(**param) for name, param in value["params"].items()}
    for name in ("judges", "references", "cases"):
        told[name] = tuple(value[name])
    return Rule(**told)


def _expression(value: Mapping[str, Any]) -> Expression:
    return Expression(value["source"], Span(*value["span"]), tuple((a, b, c) for a, b, c in value["runs"]))
