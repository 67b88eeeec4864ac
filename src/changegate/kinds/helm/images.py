"""Images that values name, in the shapes that charts commonly give them.

- a map with `repository` and any of `registry`, `tag`, `digest` or `sha` (hex digits of a sha256), or under a
  key that ends in `image`; with `image` or `name` beside it, that is the last part of the name, and with
  `image` the tag may be called `version`;
- a map with the text `image` and `tag` or `imageTag` beside it (and `registry` or `hub`);
- a text under `image` or a key that ends so (`sidecarImage: example/proxy:1.2`).

A name without tag and digest leaves the tag to the chart: most take their `appVersion`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from changegate.model.document import Route
from changegate.model.subject import Unknown

_HEX: Final = re.compile(r"[0-9a-f]{64}\Z")
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*\Z")
_TAGS: Final = ("tag", "imageTag")
_DIGESTS: Final = ("digest", "sha")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One image. `at`: where in the values, dotted (`controller.image`); `route`: the node that decides which
    version it is. `name` has the registry in it where one is written; `tag` and `digest` are "" when absent.
    """

    at: str
    route: Route
    name: str
    tag: str = ""
    digest: str = ""

    def data(self) -> dict[str, str]:
        """As a subject: `{at, name, tag, digest, reference}`; `reference` is all of it in one text."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        parts = {"at": self.at, "name": self.name, "tag": self.tag, "digest": self.digest}
        return {**parts, "reference": f"{self.name}{tag}{digest}"}


def images_in(values: Any) -> Iterator[Named]:
    """Images in a tree of values, in order of writing. Items of a list go by their `name`, if any."""
    waiting: list[tuple[Route, Route, Any]] = [((), (), values)]
    while waiting:
        at, route, value = waiting.pop()
        if isinstance(value, dict):
            yield from _named(value, at, route)
            waiting += reversed([((*at, key), (*route, key), item) for key, item in value.items()])
        elif isinstance(value, list):
            waiting += reversed([((*at, _label(item, i)), (*route, i), item) for i, item in enumerate(value)])


def _label(item: Any, index: int) -> str | int:
    """What an item of a list is called, so that one before it can come and go."""
    return (_text(item.get("name")) if isinstance(item, dict) else "") or index


def _named(values: dict[str, Any], at: Route, route: Route) -> Iterator[Named]:
    name = _name(values, route)
    if name:
        yield _split(values, at, route, *name)
    for key, value in values.items():
        if _is_image_key(key) and not (name and key == "image"):
            whole = _whole(_text(value), certain=key == "image")
            if whole:
                yield Named(at=_dotted((*at, key)), route=(*route, key), name=whole)


def _name(values: dict[str, Any], route: Route) -> tuple[str, str] | None:
    """Name of the image that a map describes in parts, and the key it stands under."""
    repository, image = _text(values.get("repository")), _text(values.get("image"))
    called = isinstance(route[-1], str) and _is_image_key(route[-1]) if route else False
    registry = _text(values.get("registry")) or _text(values.get("hub"))
    told = any(key in values for key in ("registry", *_TAGS, *_DIGESTS)) or (image and "version" in values)
    if repository and (called or told):
        last = image or (_text(values.get("name")) if called else "")
        key, parts = "repository", [registry, repository, last]
    elif image and any(_text(values.get(key)) for key in (*_TAGS, *_DIGESTS)) and not _tagged(image):
        key, parts = "image", [registry, image]
    elif called and registry and _text(values.get("name")):
        key, parts = "name", [registry, _text(values["name"])]
    else:
        return None
    whole = "/".join(part.strip("/") for part in parts if part)
    return None if "://" in whole or not _whole(f"{whole}:0", certain=True) else (whole, key)


def _split(values: dict[str, Any], at: Route, route: Route, name: str, key: str) -> Named:
    """The version of an image in parts."""
    tag_key = next((one for one in _TAGS if _text(values.get(one))), "")
    # Charts that call the last part of the name `image` call the tag `version`.
    if not tag_key and key == "repository" and _text(values.get("image")) and _text(values.get("version")):
        tag_key = "version"
    digest_key = next((one for one in _DIGESTS if _text(values.get(one))), "")
    digest = _text(values.get(digest_key))
    if _HEX.match(digest):
        digest = f"sha256:{digest}"
    written = digest_key or tag_key or ("tag" if "tag" in values else key)
    tag = _text(values.get(tag_key))
    return Named(at=_dotted(at) or key, route=(*route, written), name=name, tag=tag, digest=digest)


def _whole(text: str, *, certain: bool) -> str:
    """The text when it names an image; "" otherwise. Not `certain`: other things are called images too."""
    if "{{" in text:
        return text
    if _PLAIN.match(text) is None or "//" in text or text.endswith(("/", ":")):
        return ""
    return text if _tagged(text) or (certain and "/" in text) else ""


def _tagged(text: str) -> bool:
    return "@" in text or ":" in text.rpartition("/")[2]


def _is_image_key(key: str) -> bool:
    return key.lower().endswith("image")


def _text(value: Any) -> str:
    """Numbers as Helm writes them: `tag: 1.10` is the number 1.1 to it as well."""
    if isinstance(value, Unknown):
        return value.text
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _dotted(route: Route) -> str:
    return ".".join(str(step) for step in route)
