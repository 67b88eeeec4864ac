"""The environments that the configuration names: one root module, with other files of values for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from changegate.errors import InputProblem
from changegate.kinds.terraform.module import File, values_of
from changegate.model.settings import Environment, Settings
from changegate.model.subject import Index
from changegate.syntax.hcl_ast import Expression

FILE: Final = "terraform_code/file"
_WHY: Final = "What this environment would become cannot be known, so it was not judged."
_REMEDY: Final = "Restore what it names, or correct `environments` in .changegate/config.yaml first."


class Environments:
    """Those of one side, and their files of values that are there."""

    def __init__(self, index: Index, settings: Settings) -> None:
        self._listed = settings.environments
        named = settings.named_files
        self._files = {
            subject.path: File(
                subject.path, tuple(origin.document for origin in subject.origins[""]), subject.context
            )
            for subject in index.of(FILE)
            if subject.path in named
        }

    def of(self, folder: str) -> list[Environment]:
        """The environments of a folder, in the order of the configuration."""
        return [one for one in self._listed if one.folder == folder]

    def files_of(self, folder: str) -> list[File]:
        """The files of values of all environments of a folder."""
        paths = {path: None for one in self.of(folder) for path in one.var_files}
        return [self._files[path] for path in paths if path in self._files]

    def values(self, environment: Environment) -> dict[str, Expression] | None:
        """What the environment gives to variables; later files win. None when one of its files is not there.
        Raises `InputProblem` for what is no file of values.
        """
        if not self._files.keys() >= set(environment.var_files):
            return None
        documents = [one for path in environment.var_files for one in self._files[path].documents]
        return {name: value for one in documents for name, value in values_of(one).items()}

    def problems(self, folders: set[str]) -> Iterator[InputProblem]:
        """Environments that lack a file, and changed files of values that are for no code. `folders` have
        code, and are part of the change or depend on it."""
        for one in self._listed:
            for path in one.var_files:
                file = self._files.get(path)
                if file is None and one.folder in folders:
                    cause = (
                        f'the environment "{one.name}" takes its values from this file, which is not there'
                    )
                elif file is not None and not file.context and one.folder not in folders:
                    cause = f'the environment "{one.name}" has no Terraform code in {one.folder or "."}'
                else:
                    continue
                yield InputProblem(cause, path=path, why=_WHY, remedy=_REMEDY)
