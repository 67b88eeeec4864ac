"""Makes the subject of one artifact."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from changegate.derive.artifacts.references import Reference, parse_image, unknown_reference
from changegate.model.artifact import KIND, Artifact, Usage
from changegate.model.document import Route
from changegate.model.schema import to_data
from changegate.model.subject import Identity, Origin, Subject, Unknown

_FIELDS = tuple(field.name for field in fields(Artifact))


def artifact(
    user: Subject, slot: str, type_: str, reference: Reference, usage: Usage, route: Route
) -> Subject:
    """The artifact that `user` names at `route` below itself.

    `slot` tells it from other artifacts of the same user; the reference is not part of who it is.
    Every field stands in the text of the reference, only the usage is where the user is.
    """
    written, used = user.origins_at(route)[:1], user.origins_at(route[:-1])[:1]
    return artifact_at(user, slot, type_, reference, usage, written, used)


def artifact_at(
    user: Subject,
    slot: str,
    type_: str,
    reference: Reference,
    usage: Usage,
    written: tuple[Origin, ...],
    used: tuple[Origin, ...] = (),
) -> Subject:
    """The same for a reference that does not stand below its user, or in several parts."""
    address = f"{user.identity.address} {slot}".rstrip()
    return Subject(
        Identity(user.identity.unit, KIND, address),
        user.side,
        {**_data(type_, reference), "usage": {"by": usage.by, "role": usage.role}},
        {"": written, **dict.fromkeys(_FIELDS, written), "usage": used or user.origins[""]},
        context=user.context,
        confidence=user.confidence,
    )


@lru_cache(maxsize=4096)
def _data(type_: str, reference: Reference) -> dict[str, Any]:
    """The artifact as data, all but its usage: a repository names the same few references many times."""
    return to_data(  # type: ignore[no-any-return]
        Artifact(
            type=type_,
            raw=reference.raw,
            registry=reference.registry,
            repository=reference.repository,
            path=reference.path,
            version=reference.version,
            digest=reference.digest,
            pin=reference.pin,
            immutable=reference.immutable,
            first_party=reference.first_party,
            usage=Usage(by="", role=""),
        )
    )


def image_reference(value: Any) -> Reference:
    """The reference in an `image` field.

    An Unknown is read by its expression: parts of it may be known. What is not text names no image
    that a runtime would accept, and so nothing is known of it.
    """
    if isinstance(value, Unknown):
        value = value.text
    elif not isinstance(value, str):
        return unknown_reference(Unknown(str(value), "not a text"))
    return parse_image(value)
