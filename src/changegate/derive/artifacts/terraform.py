"""Modules and providers that Terraform code brings in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from changegate.derive.artifacts.module_source import constraint_pin, parse_module, provider_name
from changegate.derive.artifacts.references import Reference, unknown_reference
from changegate.derive.artifacts.subjects import artifact
from changegate.derive.terraform_code import code
from changegate.model.artifact import KIND, Digest, Text, Usage
from changegate.model.document import Route
from changegate.model.subject import Identity, Index, Subject, Unknown


def artifacts(index: Index) -> Iterator[Subject]:
    """What `module` blocks call, and the providers a folder needs.

    A provider is what the lock file says of it; without one, what the code asks for.
    """
    for call in code(index, "module_call"):
        yield _module(call)
    locked = set()
    for lock in index.of("terraform/provider_lock"):
        host, name = provider_name(lock.data["source"])
        locked.add((lock.identity.unit, host, name))
        yield _locked(lock, host, name)
    for needed in code(index, "required_provider"):
        source = needed.data["source"] or needed.data["name"]
        if isinstance(source, Unknown):
            continue  # Terraform takes literal text only
        host, name = provider_name(source)
        if (needed.identity.unit, host, name) not in locked:
            yield _needed(needed, host, name)


def _module(call: Subject) -> Subject:
    source, version = call.data["source"], call.data["version"]
    reference = unknown_reference(source) if isinstance(source, Unknown) else parse_module(source, version)
    usage = Usage(by=call.identity.address, role="dependency")
    return artifact(call, "", "module", reference, usage, ("source",))


def _locked(lock: Subject, host: str, name: str) -> Subject:
    """Terraform takes a package when one of the hashes fits; the first stands for all."""
    version, hashes = lock.data["version"], lock.data["hashes"]
    known = sorted(h for h in hashes if isinstance(h, str)) if isinstance(hashes, list) else []
    first = (known or [""])[-1].partition(":")  # `zh` sorts after `h1`: sha256 of the package as published
    digest = Digest(algorithm=first[0], value=first[2])
    pin = "digest" if known else "version"
    return _provider(lock, host, name, version, pin, digest, ("hashes",) if known else ())


def _needed(needed: Subject, host: str, name: str) -> Subject:
    version = needed.data["version"]
    return _provider(needed, host, name, version, constraint_pin(version), Digest(), ("version",))


def _provider(
    user: Subject,
    host: str,
    name: str,
    version: Text,
    pin: str | Unknown,
    digest: Digest,
    at: Route,
) -> Subject:
    raw = f"{name} {version}" if version and not isinstance(version, Unknown) else name
    reference = Reference(raw=raw, registry=host, repository=name, version=version, digest=digest, pin=pin)
    usage = Usage(by=f"folder {user.identity.unit or '.'}", role="dependency")
    made = artifact(user, "", "provider", reference, usage, at)
    # One identity for what is asked for and for what is locked, so that a lock that goes is seen.
    return replace(made, identity=Identity(user.identity.unit, KIND, f"provider {host}/{name}"))
