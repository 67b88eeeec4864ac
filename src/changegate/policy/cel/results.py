"""What type an expression comes to, as far as its outermost part shows."""

from __future__ import annotations

from changegate.policy.cel.parse import Call, Collection, Constant, Node

_BOOL = {"_&&_", "_||_", "!_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_in_"} | {
    "has", "all", "exists", "exists_one", "contains", "startsWith", "endsWith", "matches",
}  # fmt: skip
_LISTS = ("map", "filter", "find")


def result_of(node: Node) -> str:
    """bool, list, dynamic (a value of the data: any type) or other."""
    if isinstance(node, Constant):
        return "bool" if isinstance(node.value, bool) else "other"
    if isinstance(node, Collection):
        return "other" if node.is_map else "list"
    return _called(node) if isinstance(node, Call) else "dynamic"


def _called(node: Call) -> str:
    if node.name == "_?_:_":
        kinds = {result_of(part) for part in node.args[1:]}
        if len(kinds) == 1:
            return kinds.pop()
        return "dynamic" if kinds <= {"list", "dynamic"} else "other"
    if node.name in _BOOL:
        return "bool"
    if node.name == "_+_":
        kinds = {result_of(part) for part in node.args}
        return "list" if "list" in kinds else "dynamic" if kinds == {"dynamic"} else "other"
    if node.name in _LISTS:
        return "list"
    return "dynamic" if node.name in ("dig", "dyn") else "other"
