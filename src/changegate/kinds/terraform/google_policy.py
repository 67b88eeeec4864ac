"""`data.google_iam_policy`, rendered as the policy it stands for.

Source: the data source's reference (registry.terraform.io/providers/hashicorp/google).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from changegate.kinds.terraform.blocks import body_data
from changegate.kinds.terraform.pieces import Piece
from changegate.kinds.terraform.trace import Mark
from changegate.model.subject import Unknown

if TYPE_CHECKING:
    from changegate.kinds.terraform.scope import Scope


def render(scope: Scope, piece: Piece, env: Mapping[str, Any]) -> Any:
    """The policy as a map, `{"bindings": [{"role", "members", "condition"}]}`."""
    data = body_data(scope, piece.block.body, env)
    bindings: list[Any] = []
    written = data.get("binding", [])
    for index, block in enumerate(written if isinstance(written, list) else [written]):
        if isinstance(block, Unknown):
            bindings.append(block)
            continue
        binding = {key: block[key] for key in ("role", "members", "condition") if block.get(key) is not None}
        document = piece.origin_of("binding").document
        fields = {key: ("binding", index, key) for key in binding}
        scope.trace.marks[id(binding)] = Mark(binding, document, ("binding", index), fields)
        bindings.append(binding)
    return {"bindings": bindings}
