"""What a misspelt word was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str:
    """`, did you mean "NAME"?`, or nothing when no known name is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f', did you mean "{near[0]}"?' if near else ""


def suggestion_or_all(name: str, known: Iterable[str]) -> str:
    """A suggestion, or else what there is to choose from."""
    names = sorted(known)
    return suggestion(name, names) or (f" (known: {', '.join(names)})" if names else "")
