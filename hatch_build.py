"""Build hook: an index of the shipped rules in the wheel, so that no rule file is parsed at run time."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RuleIndex(BuildHookInterface):  # type: ignore[type-arg]
    """Makes `_rules/index.json`. A rule that is not sound fails the build."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from changegate.policy.pack import build_index, load_rules, read_folder

        files = list(read_folder(root / "rules"))
        self._folder = tempfile.TemporaryDirectory()
        index = Path(self._folder.name) / "index.json"
        index.write_bytes(build_index(load_rules(files, shipped=True, folder="rules/"), files))
        build_data["force_include"][str(index)] = "changegate/_rules/index.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._folder.cleanup()
