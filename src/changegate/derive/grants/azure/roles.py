"""What Azure roles give: the built-in ones that are known, and definitions that the change makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from changegate.derive.grants.azure.places import split
from changegate.derive.grants.clouds.gathering import Given, Place
from changegate.knowledge import clouds
from changegate.knowledge.clouds import CloudRole
from changegate.model.grant import Principal, Role
from changegate.model.subject import Unknown

Content = CloudRole | Unknown
KINDS: Final = ("secret", "key", "certificate", "storage")
"""What a key vault holds."""

_FIELDS: Final = ("actions", "not_actions", "data_actions", "not_data_actions")


def builtin(name: str) -> tuple[Role, Content]:
    """A built-in role by its name, its id, or the path that ends in its id."""
    key = name.rpartition("/")[2].lower()
    known = clouds.azure().roles.get(key)
    if known is not None:
        return Role(name=known.name, builtin=True), known
    return Role(name=name, builtin=True), Unknown(f"actions of {name}")


def defined(name: str, blocks: Any, fields: Iterable[str] = _FIELDS) -> Content:
    """What a definition says: a list of maps, the union of which holds."""
    lists: list[list[str]] = []
    blocks = blocks if isinstance(blocks, list) else [blocks]
    for field in fields:
        found: list[str] = []
        for block in blocks:
            value = (block.get(field) or []) if isinstance(block, Mapping) else block
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                shown = value.text if isinstance(value, Unknown) else field
                return Unknown(f"actions of {name}: {shown}")
            found += value
        lists.append(found)
    if len(blocks) > 1 and (lists[1] or lists[3]):
        # What one part leaves out another may give: taken together, more is reported, never less.
        lists[1] = lists[3] = []
    actions, excluded, data_actions, data_excluded = map(tuple, lists)
    return CloudRole(name, actions, excluded, data_actions, data_excluded)


def guid(text: str) -> str:
    """The id in a path of a role definition, or the text itself."""
    steps = split(text)
    return steps[-1] if steps else text.lower()


def access_policy(who: Principal, vault: Place, listed: Mapping[str, Any]) -> Given:
    """What an access policy of a vault gives somebody: lists of actions by the kind of what it holds."""
    actions: list[str] = []
    for kind, words in listed.items():
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            content: Content = Unknown(f"access policy: {words.text if isinstance(words, Unknown) else kind}")
            return Given(principal=who, place=vault, content=content, kind="resource")
        actions += (f"{kind}s/{'*' if word.lower() == 'all' else word.lower()}" for word in words)
    return Given(principal=who, place=vault, content=CloudRole("", tuple(actions)), kind="resource")
