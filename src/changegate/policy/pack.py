"""Packs of rules: a folder of rule files, or the index of the shipped ones.

Reading twelve rule files costs some 200 ms (a YAML parser, a schema validator, two compilations a
rule). The wheel therefore carries an index, made when it is built, which holds the digest of the
files it was made from: an index that does not fit its files is not used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from changegate.errors import UsageProblem
from changegate.limits import RULES
from changegate.model.rule import Expression, Level, Param, Rule, RuleMode, Severity
from changegate.model.span import Span

INDEX = "index.json"
_SUFFIX = ".yaml"
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def load_rules(files: Iterable[tuple[str, bytes]], *, shipped: bool, folder: str = "") -> tuple[Rule, ...]:
    """Rules from the files of a pack: (path below the pack, content); README.md may stand among them.

    `folder` is where the pack stands, for messages. Raises `UsageProblem` for a file that is not a
    rule, a rule that is not sound, two rules of one id, or no rule at all.
    """
    from changegate.policy.rulefile import read_rule

    rules: dict[str, Rule] = {}
    for path, content in files:
        if path.rsplit("/", 1)[-1] == "README.md":
            continue
        rule_id = _id(path, folder)
        if rule_id in rules:
            raise UsageProblem(
                f"the rule {rule_id} is there twice", path=folder + path, remedy="Delete one of them."
            )
        rules[rule_id] = read_rule(folder + path, content, rule_id, shipped=shipped)
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
    if not cases:
        index = root / INDEX
        rules = load_index(index.read_bytes(), files) if index.is_file() else None
        if rules is not None:
            return rules
    return load_rules(files, shipped=True, folder="rules/")


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


def _digest(files: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for path, content in sorted(files):
        digest.update(f"{len(path)} {path} {len(content)} ".encode() + content)
    return digest.hexdigest()


def build_index(rules: Iterable[Rule], files: Iterable[tuple[str, bytes]] | None = None) -> bytes:
    """An index of the rules, without their cases. `files` are those they were read from; without
    them, the shipped ones."""
    digest = _digest(read_folder(_root()) if files is None else files)
    stated = [{**asdict(rule), "cases": ()} for rule in rules]
    return json.dumps({"digest": digest, "rules": stated}, separators=(",", ":")).encode()


def load_index(index: bytes, files: Iterable[tuple[str, bytes]]) -> tuple[Rule, ...] | None:
    """Rules from an index; None when it was not made from these files."""
    stated: dict[str, Any] = json.loads(index)
    if stated["digest"] != _digest(files):
        return None
    return tuple(_revived(value) for value in stated["rules"])


def _revived(value: Mapping[str, Any]) -> Rule:
    fields: dict[str, Any] = dict(value)
    fields["severity"] = Severity(value["severity"])
    fields["level"] = Level(value["level"])
    fields["mode"] = RuleMode(value["mode"])
    fields["deny"] = _expression(value["deny"])
    fields["evidence"] = _expression(value["evidence"]) if value["evidence"] else None
    fields["params"] = {name: Param(**param) for name, param in value["params"].items()}
    for name in ("judges", "references", "cases"):
        fields[name] = tuple(value[name])
    return Rule(**fields)


def _expression(value: Mapping[str, Any]) -> Expression:
    return Expression(value["source"], Span(*value["span"]), tuple((a, b, c) for a, b, c in value["runs"]))
