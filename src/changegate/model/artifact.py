"""`artifact`: something the change brings in from elsewhere, and how firmly it is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from changegate.model.subject import Unknown

KIND = "artifact"

Text: TypeAlias = str | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A content digest as written; both "" when there is none."""

    algorithm: str = ""
    value: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Where the artifact is used.

    by: what uses it, in a reviewer's words (`Deployment prod/web`, `job build of ci.yml`)
    role: container | init_container | ephemeral_container | volume | step | job | service | runtime |
          base_image | copied (files are taken from it) | frontend (it reads the build file) | download |
          dependency
    """

    by: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One reference to an artifact.

    type: image | action | reusable_workflow | module | provider | chart | package | file
    raw: the reference as written
    registry: host (`docker.io`, `ghcr.io`, `github.com`); "" for local ones
    repository: name within the registry (`library/nginx`, `actions/checkout`)
    path: folder below the repository (`owner/repo/path@ref`); "" otherwise
    version: tag, ref or version as written; "" when there is none
    pin: digest (content hash) | commit (full commit id) | version (a tag or version that its owner
         can move) | mutable (a branch, `latest`, or no version at all) | local (from this repository)
    immutable: the reference cannot come to mean other bytes: digest, commit and local ones
    first_party: same owner as the repository, or the platform's own (`actions/*`, `github/*`)
    signed: none | claimed | verified, from evidence in the proposal itself
    """

    type: str
    raw: Text
    registry: Text = ""
    repository: Text = ""
    path: Text = ""
    version: Text = ""
    digest: Digest = field(default_factory=Digest)
    pin: str | Unknown
    immutable: bool | Unknown
    first_party: bool | Unknown = False
    signed: str = "none"
    usage: Usage
