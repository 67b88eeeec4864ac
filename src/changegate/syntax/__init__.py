"""Bytes to documents. Parsers are imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from changegate.errors import InputProblem
from changegate.model.document import Document, SourceFile
from changegate.model.pathnames import name_of, suffix_of
from changegate.syntax.dockerfile import is_dockerfile
from changegate.syntax.json_comments import takes_comments
from changegate.syntax.text import decode, looks_templated

__all__ = ["SYNTAXES", "is_dockerfile", "looks_templated", "read_file", "syntax_of"]


def _yaml(path: str, text: str, tags: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.yaml import parse_yaml

    return parse_yaml(path, text, tags)


def _yaml_with_repeats(path: str, text: str, tags: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.yaml import parse_yaml

    return parse_yaml(path, text, tags, repeats=True)


def _json(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.json import parse_json

    return parse_json(path, text)


def _json_lines(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.json import parse_json_lines

    return parse_json_lines(path, text)


def _json_with_comments(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.json import parse_json_with_comments

    return parse_json_with_comments(path, text)


def _json_with_holes(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.json import parse_json_with_holes

    return parse_json_with_holes(path, text)


def _toml(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.toml import parse_toml

    return parse_toml(path, text)


def _dockerfile(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.dockerfile import parse_dockerfile

    return parse_dockerfile(path, text)


def _hcl(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.hcl import parse_hcl

    return parse_hcl(path, text)


def _text(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    """A language that is recognised and not read."""
    return ()


def _codeowners(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.codeowners import parse_codeowners

    return parse_codeowners(path, text)


def _sql(path: str, text: str, _: Mapping[str, str]) -> tuple[Document, ...]:
    from changegate.syntax.sql import parse_sql

    return parse_sql(path, text)


SYNTAXES: Final[dict[str, Callable[[str, str, Mapping[str, str]], tuple[Document, ...]]]] = {
    "yaml": _yaml,
    "json": _json,
    "jsonl": _json_lines,
    "jsonc": _json_with_comments,
    "json with holes": _json_with_holes,
    "yaml with repeats": _yaml_with_repeats,
    "toml": _toml,
    "dockerfile": _dockerfile,
    "hcl": _hcl,
    "text": _text,
    "codeowners": _codeowners,
    "sql": _sql,
}
_SUFFIXES: Final = {
    **{".yaml": "yaml", ".yml": "yaml", ".json": "json", ".jsonl": "jsonl", ".toml": "toml"},
    ".bicep": "text",
    **dict.fromkeys((".tf", ".tofu", ".tfvars", ".hcl"), "hcl"),
    **dict.fromkeys((".sql", ".psql", ".pgsql", ".mysql"), "sql"),
}


def syntax_of(path: str, text: str) -> str:
    """The name in `SYNTAXES` of a file's syntax: by its name, else JSON by its first character, else YAML."""
    if takes_comments(path, text):
        return "jsonc"
    if name_of(path) == "CODEOWNERS":
        return "codeowners"
    by_suffix = _SUFFIXES.get(suffix_of(path))
    if by_suffix or is_dockerfile(path):
        return by_suffix or "dockerfile"
    return "json" if text.lstrip()[:1] in ("{", "[") else "yaml"


def read_file(
    path: str,
    content: bytes,
    tags: Mapping[str, str] | None = None,
    *,
    holes: bool = False,
    repeats: bool = False,
) -> SourceFile:
    """Read one file. Raises `InputProblem`, and nothing else, whatever the bytes are.

    `tags` are YAML's local tags that may occur, as in `yaml.parse_yaml`. With `holes`, a JSON file may be a
    template as in `json_holes`; with `repeats`, the last of two equal keys of a YAML map holds.
    """
    text = decode(path, content)
    name = syntax_of(path, text)
    if holes and name == "json":
        name = "json with holes"
    if repeats and name == "yaml":
        name = "yaml with repeats"
    try:
        documents = SYNTAXES[name](path, text, tags or {})
    except InputProblem:
        raise
    except Exception as error:
        # Parsers raise more than they document (PyYAML alone: ValueError, KeyError, AttributeError,
        # IndexError on hostile text). Whatever it was, the file was not read.
        raise InputProblem(
            f"the {name.upper()} reader failed on this file",
            path=path,
            why="What cannot be read cannot be judged.",
            remedy="Simplify the file; if it is in order, please report this as a defect of changegate.",
        ) from error
    return SourceFile(path, text, documents)
