"""Terraform and OpenTofu code: `.tf`, `.tofu`, their `.json` forms, `.tfvars` and `.terraform.lock.hcl`.

Terraform reads all files of a folder together, and a module is only what its caller makes of it. So
`read` gives one raw subject a file (`terraform_code/file`, which no rule judges), and `assemble`, once all
files are there, gives the subjects. The unit is the folder of the root module (or the configured unit).
A folder that no module block calls is a root module; a called one is judged where it is called, as
`module.NAME.TYPE.NAME`.

Subjects, on both sides:

- `terraform/<type>` (`terraform/aws_db_instance`), address as in a plan (`aws_db_instance.main`,
  `module.db["a"].aws_db_instance.main[0]`). `data` has the shape of a plan: attributes by name, nested
  blocks as lists of maps (also single ones). Absent attributes are absent; an argument set to `null` is
  None. `count`, `for_each` and `depends_on` are left out. Beside what a plan has: `lifecycle` (a list of
  one map; `ignore_changes` and `replace_triggered_by` are lists of texts, `all` is `["all"]`),
  `provider` (the text `aws.west`) and `provisioner` (maps with their label as `type`), where written.
  JSON text made by `jsonencode` or `data.aws_iam_policy_document` stands *decoded* (a map or list, with
  Unknown where a part is not known), and so does literal JSON with interpolations in it; JSON text without
  any stays text. The keys of a policy document are those of IAM (`Version`, `Statement`, `Action` ...),
  its `Action`, `Resource`, principals and condition values are lists.
- `terraform/module_call`, `module.NAME`: `{name, source, version, local}`; the texts are "" when absent.
- `terraform/required_provider`, NAME: `{name, source, version}`.
- `terraform/provider_lock`, SOURCE: `{source, version, constraints, hashes}`.
- `terraform/provider`, `provider.NAME[.ALIAS]`: `{name, alias, config}`.
- `terraform/backend`, `backend`: `{type, config}`; `type` is `cloud` for a `cloud` block.
- `terraform/moved`, FROM: `{from, to}`; `terraform/removed`, FROM: `{from, destroy}`;
  `terraform/import`, TO: `{to, id}`. Addresses are texts.

Values: literals, locals, and variables with what is handed to them. A default and an automatically loaded
`.tfvars` count as known, and make the subject's confidence `over`: another value may be given at run time. A
subject of which there is none by such values is there nevertheless, with the confidence `unknown`.
The values that a configured environment names with `var_files` are known; its root module is assembled once
for each environment, as the unit `FOLDER@NAME`.
Any reference to another resource is an `Unknown` whose text is that reference in full
(`aws_kms_key.x.arn`, within a module `module.m.aws_kms_key.x.arn`). An expression of which only a part is
known is an Unknown whose text has the known parts filled in, so that equal texts are equal values. A
`dynamic` block over something unknown is an Unknown in the list of its blocks.

`count = 0` that is written (not assumed) makes a resource absent; a known count or known keys of `for_each`
make one subject each; otherwise one subject stands for all, under the address without an index.

Origins: the block of the resource; a dotted field leads to the attribute or nested block. When a plan of
the same unit is part of the proposal, its subjects stand in place of those of the code, and lead to the
code first and to the plan second.
"""

from __future__ import annotations

from changegate.kinds.terraform.assemble import assemble
from changegate.kinds.terraform.environments import FILE
from changegate.kinds.terraform.files import CODE_SUFFIXES, LOCK, NAMED_VALUES, Role, role_of
from changegate.kinds.terraform.module import File, blocks_of
from changegate.kinds.terraform.needs import needs
from changegate.kinds.terraform.scope import local_source
from changegate.limits import FILE_BYTES
from changegate.model.document import SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

__all__ = ["MAX_BYTES", "NAME", "TEMPLATED", "assemble", "needs", "read", "sniff"]

NAME = "terraform"
TEMPLATED = False
MAX_BYTES = FILE_BYTES


def sniff(path: str, content: bytes) -> bool:
    """By name alone: Terraform too goes by nothing else."""
    return role_of(path) is not None


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """The file as one raw subject, for `assemble`. Raises `InputProblem` for what is no block."""
    role = role_of(file.path)
    assert role is not None
    if not file.documents:
        return Reading()
    raw = Subject(
        identity=Identity(unit, FILE, file.path),
        side=side,
        data={"path": file.path, "role": role.name},
        origins={"": tuple(Origin(document) for document in file.documents)},
    )
    if role.name == NAMED_VALUES:
        opaque = "values for -var-file: which run uses them is not written anywhere"
        return Reading(opaque=opaque, if_named=(raw,))
    return Reading((raw,), opaque="; ".join(_external(role, file)))


def _external(role: Role, file: SourceFile) -> list[str]:
    """Modules that are not in the repository: what they do cannot be judged from here."""
    if role.name == LOCK or not file.path.endswith(CODE_SUFFIXES):
        return []
    calls = (
        block for block, _ in blocks_of(File(file.path, file.documents, False)) if block.type == "module"
    )
    return [
        f"module {'.'.join(call.labels)} is not in this repository"
        for call in calls
        if local_source(role.folder, call.body) is None
    ]
