"""sarif-om objects as the JSON they stand for."""

from __future__ import annotations

from typing import Any, Final

# Properties whose absence does not mean what sarif-om takes for their default: a result without a level
# has the level of its rule (SARIF 2.1.0, 3.27.10). They are always written.
_WRITTEN: Final = frozenset({"level", "kind"})


def plain(value: Any) -> Any:
    """Dicts and lists in the words of the schema; properties that have their default are left out.

    sarif-om has the schema's name of a property in the metadata of its attribute.
    """
    import attr

    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if not attr.has(type(value)):
        return value
    members = {}
    for field in attr.fields(type(value)):
        name, member = field.metadata["schema_property_name"], getattr(value, field.name)
        default = field.default
        if isinstance(default, attr.Factory):  # type: ignore[arg-type]
            default = default.factory(value) if default.takes_self else default.factory()
        if member is not None and (name in _WRITTEN or member != default):
            members[name] = plain(member)
    return members
