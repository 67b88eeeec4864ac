"""The identities that the `aws-auth` ConfigMap of an EKS cluster maps to users and groups.

One subject an entry, `eks/mapping`, with `identity`, `username` and `groups`; each may be Unknown.
https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.errors import InputProblem
from changegate.model.document import Document
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject, Unknown
from changegate.syntax.yaml import parse_yaml

KIND: Final = "eks/mapping"
# What the cluster itself fills in for each caller; other braces are those of a template.
# https://github.com/kubernetes-sigs/aws-iam-authenticator#full-configuration-format
_OTHER_BRACES: Final = re.compile(
    r"\{\{(?!(?:AccountID|SessionName|SessionNameRaw|AccessKeyID|EC2PrivateDNSName)\}\})"
)
_LISTS: Final = {"mapRoles": "rolearn", "mapUsers": "userarn", "mapAccounts": ""}


def mappings(subject: Subject) -> Iterator[Subject]:
    """What an object maps; nothing for any other than `aws-auth`. Raises InputProblem for lists that cannot
    be read, when the change proposes them."""
    if subject.kind != "kubernetes/ConfigMap":
        return
    metadata, data = subject.data.get("metadata"), subject.data.get("data")
    if not isinstance(metadata, Mapping) or metadata.get("name") != "aws-auth" or data is None:
        return
    for field, key in _LISTS.items():
        text = data.get(field) if isinstance(data, Mapping) else data
        origin = Origin(subject.origins[""][0].document, (*subject.origins[""][0].route, "data", field))
        if isinstance(text, Unknown) and not _OTHER_BRACES.search(text.text):
            text = text.text
        if isinstance(text, Unknown):
            unknown = Unknown(f"{field} of aws-auth", text.reason)
            yield _mapping(subject, field, {"identity": unknown, "username": "", "groups": unknown}, origin)
        elif isinstance(text, str):
            yield from _entries(subject, key, text, origin)
        elif text is not None:
            _refuse(subject, origin, "it is not text")


def _entries(subject: Subject, key: str, text: str, origin: Origin) -> Iterator[Subject]:
    if not text.strip():
        return
    try:
        documents = parse_yaml(origin.path, text)
    except InputProblem as problem:
        _refuse(subject, origin, problem.cause)
        return
    lines = text.split("\n")
    for document in documents:
        if not isinstance(document.value, list):
            _refuse(subject, origin, "it is not a list")
            continue
        for at, entry in enumerate(document.value):
            found = entry if isinstance(entry, Mapping) else {"": entry}
            who, groups = found.get(key), found.get("groups") or []
            if not isinstance(who, str) or not isinstance(groups, list):
                _refuse(
                    subject, origin, f"entry {at + 1} of it has no {key or 'account'} or no list of groups"
                )
                continue
            data = {
                "identity": who,
                "username": found.get("username") or "",
                "groups": list(map(str, groups)),
            }
            yield _mapping(subject, who, data, _part(origin, document, at, lines))


def _mapping(subject: Subject, name: str, data: Mapping[str, Any], origin: Origin) -> Subject:
    identity = Identity(subject.identity.unit, KIND, f"{subject.identity.address} {name}")
    return Subject(identity, subject.side, data, {"": (origin,)})


def _part(origin: Origin, document: Document, at: int, lines: list[str]) -> Origin:
    """The place of an entry within the text that holds it."""
    span = document.locate((at,))
    start = sum(len(line) + 1 for line in lines[: span.start_line - 1]) + span.start_column - 1
    return Origin(
        origin.document,
        origin.route,
        (start, start + len(lines[span.start_line - 1][span.start_column - 1 :])),
    )


def _refuse(subject: Subject, origin: Origin, cause: str) -> None:
    """A fault of the base may be the very thing that is mended."""
    if subject.side is not Side.HEAD:
        return
    span = origin.span()
    raise InputProblem(
        f"{origin.route[-1]} of aws-auth cannot be read: {cause}",
        path=origin.path,
        line=span.start_line,
        column=span.start_column,
        why="Who becomes an administrator of the cluster by it cannot be told, so it was not judged.",
        remedy="Write a YAML list of maps with rolearn or userarn, username and groups.",
    )
