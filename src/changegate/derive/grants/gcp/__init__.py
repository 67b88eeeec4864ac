"""Grants of Google Cloud in Terraform code and plans.

Read are the members of policies on whatever takes one (`google_*_iam_member`, `_binding` and `_policy`),
access lists of buckets and data sets, deny policies, and providers of workload identity pools. A custom
role that nobody is given is a `definition`.

A `_member` adds to a policy, a `_binding` owns a role of it and a `_policy` all of it: what else was given
there is taken away (https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/google_project_iam).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from changegate.derive.grants.clouds import delta
from changegate.derive.grants.clouds.access import Access
from changegate.derive.grants.clouds.gathering import Gathering, Given, Place
from changegate.derive.grants.gcp import acl
from changegate.derive.grants.gcp.members import Member, member, provider
from changegate.derive.grants.gcp.places import owner, parent, place, stem_of, text
from changegate.derive.grants.held import Held, binding_on_head, misformed, refuse
from changegate.derive.terraform_code import PREFIX, steps_of
from changegate.knowledge import clouds
from changegate.knowledge.clouds import CloudRole
from changegate.model.change import Change
from changegate.model.grant import Principal, Role, Scope
from changegate.model.subject import Index, Subject, Unknown

_CUSTOM: Final = {
    "google_project_iam_custom_role": ("project", "project"),
    "google_organization_iam_custom_role": ("organization", "org_id"),
}
_FIELDS: Final = ("actions", "principal", "resources", "conditions")


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of grants between the two states of a folder's code or plan."""
    return delta.compare(grants(base), grants(head), clouds.gcp())


def grants(index: Index) -> list[Held[Access]]:
    """The grants of one side. Raises InputProblem for a policy that is none, when the change proposes it."""
    if not any(kind.startswith(f"{PREFIX}google_") for kind in index.by_kind):
        return []
    return _Reading(index).grants()


class _Reading:
    def __init__(self, index: Index) -> None:
        self._index = index
        self._found = Gathering(index, "gcp", clouds.gcp())
        self._customs: dict[tuple[str, str], Subject] = {}
        self._given: set[tuple[str, str]] = set()
        for type_ in _CUSTOM:
            for custom in index.of(PREFIX + type_):
                self._customs[custom.identity.unit, custom.identity.address] = custom

    def grants(self) -> list[Held[Access]]:
        for kind, subjects in self._index.by_kind.items():
            type_ = kind.removeprefix(PREFIX)
            stem = stem_of(type_) if kind.startswith(PREFIX) else ""
            for subject in subjects if stem else ():
                self._policy(subject, stem, type_.rpartition("_")[2])
        for subject in self._index.of(f"{PREFIX}google_iam_deny_policy"):
            self._denials(subject)
        for subject in self._index.of(f"{PREFIX}google_iam_workload_identity_pool_provider"):
            self._provider(subject)
        for subject, given, places in acl.entries(self._index):
            self._found.add(subject, given, places)
        for (unit, address), custom in self._customs.items():
            if (unit, address) not in self._given:
                self._definition(custom)
        return self._found.finished()

    def _policy(self, subject: Subject, stem: str, form: str) -> None:
        where, data = place(subject, stem), subject.data
        if form == "member":
            self._binding(subject, where, data, "", "additive")
        elif form == "binding":
            self._binding(subject, where, data, "", "role_authoritative")
        else:
            for at, binding in _bindings(subject):
                self._binding(subject, where, binding, at, "resource_authoritative")

    def _binding(self, subject: Subject, where: Place, data: Any, at: str, authority: str) -> None:
        """One role given to one or several members; `at`: where the binding stands in the subject."""
        prefix = f"{at}." if at else ""
        if not isinstance(data, Mapping):
            data = {"role": data, "members": data}
        role, content = self._role(subject, data.get("role"))
        guards = _guards(data.get("condition"))
        key = "member" if "member" in data else "members"
        named = data.get(key)
        several = isinstance(named, list)
        for number, one in enumerate(named if isinstance(named, list) else [named]):
            who = member(one, f"{subject.identity.address}.{prefix}{key}")
            dotted = f"{prefix}{key}.{number}" if several else f"{prefix}{key}"
            places = {
                "": at,
                "actions": f"{prefix}role",
                "principal": dotted if isinstance(data, Mapping) else at,
                "conditions": f"{prefix}condition",
            }
            self._found.add(subject, _given(who, where, role, content, authority, guards), places)

    def _role(self, subject: Subject, value: Any) -> tuple[Role, CloudRole | Unknown]:
        if isinstance(value, str):
            name = value.removeprefix("roles/")
            known = clouds.gcp().roles.get(name) if value.startswith("roles/") else None
            if known is not None:
                return Role(name=value, builtin=True), known
            if custom := self._named(subject, value):
                return Role(name=value), self._content(custom)
            return Role(name=value, builtin=value.startswith("roles/")), Unknown(f"permissions of {value}")
        if not isinstance(value, Unknown):
            value = misformed(value, "a role that is no text")
        address = value.text.removeprefix("${").removesuffix("}").rpartition(".")[0]
        unit = subject.identity.unit
        found = self._customs.get((unit, address)) or self._customs.get((unit, ".".join(steps_of(address))))
        if found is None:
            return Role(name=value), Unknown(f"permissions of {value.text}")
        return Role(name=found.identity.address), self._content(found)

    def _named(self, subject: Subject, name: str) -> Subject | None:
        """The custom role of a full name, `projects/p/roles/r`."""
        last = name.rpartition("/roles/")[2]
        found = [
            custom
            for (unit, _), custom in self._customs.items()
            if unit == subject.identity.unit and custom.data.get("role_id") == last
        ]
        return found[0] if len(found) == 1 and "/roles/" in name else None

    def _content(self, custom: Subject) -> CloudRole | Unknown:
        self._given.add((custom.identity.unit, custom.identity.address))
        return _permissions(custom)

    def _definition(self, custom: Subject) -> None:
        kind, attribute = _CUSTOM[custom.kind.removeprefix(PREFIX)]
        address = custom.identity.address
        who = Member(Principal(type="any", id=address, name=address))
        given = _given(
            who,
            owner(kind, custom.data.get(attribute)),
            Role(name=address),
            _permissions(custom),
            kind="definition",
        )
        self._found.add(custom, given, {"": "", "actions": "permissions"})

    def _denials(self, subject: Subject) -> None:
        where = parent(subject.data.get("parent"))
        for at, rule in _blocks(subject.data.get("rules"), "rules"):
            for inner, denied in _blocks(rule.get("deny_rule"), f"{at}.deny_rule"):
                content = _denied(denied)
                guards = _exceptions(denied) + _guards(denied.get("denial_condition"))
                named = denied.get("denied_principals")
                for number, one in enumerate(named if isinstance(named, list) else [named]):
                    who = member(one, f"{subject.identity.address}.{inner}.denied_principals")
                    given = _given(who, where, Role(), content, guards=guards, effect="deny")
                    dotted = f"{inner}.denied_principals"
                    principal = f"{dotted}.{number}" if isinstance(named, list) else dotted
                    places = {"": inner, "actions": f"{inner}.denied_permissions", "principal": principal}
                    self._found.add(subject, given, places)

    def _provider(self, subject: Subject) -> None:
        data, address = subject.data, subject.identity.address
        for at, oidc in _blocks(data.get("oidc"), "oidc"):
            who = provider(oidc.get("issuer_uri"), data.get("attribute_condition") or None)
            if who is None:
                continue
            host, field = str(who.principal.name), "attribute_condition"
            pool = Place(Scope(type="resource", id=address), (address, host), 3, "pool", address)
            guards = () if who.missing_conditions else ((field, text(data.get(field))),)
            given = _given(who, pool, Role(), CloudRole("", ("federate",)), guards=guards, kind="trust")
            given = replace(given, holder=address)
            written = field if data.get(field) else f"{at}.issuer_uri"
            self._found.add(subject, given, {"": "", "actions": written, "principal": f"{at}.issuer_uri"})


def _given(
    who: Member,
    where: Place,
    role: Role,
    content: CloudRole | Unknown,
    authority: str = "additive",
    guards: tuple[tuple[str, str], ...] = (),
    kind: str = "identity",
    effect: str = "allow",
) -> Given:
    return Given(
        principal=who.principal,
        place=where,
        role=role,
        content=content,
        kind=kind,
        effect=effect,
        authority=authority,
        guards=guards,
        flags=who.flags,
        missing_conditions=who.missing_conditions,
    )


def _permissions(custom: Subject) -> CloudRole | Unknown:
    listed = custom.data.get("permissions")
    if isinstance(listed, list) and all(isinstance(one, str) for one in listed):
        return CloudRole(custom.identity.address, tuple(listed))
    return Unknown(f"permissions of {custom.identity.address}: {text(listed)}")


def _denied(rule: Mapping[str, Any]) -> CloudRole | Unknown:
    lists = [rule.get("denied_permissions"), rule.get("exception_permissions") or []]
    if all(isinstance(one, list) and all(isinstance(text, str) for text in one) for one in lists):
        denied, excepted = (tuple(one or ()) for one in lists)
        return CloudRole("", denied, excepted)
    return Unknown(f"denied permissions {', '.join(text(one) for one in lists)}")


def _exceptions(rule: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    named = rule.get("exception_principals") or []
    listed = sorted(map(text, named)) if isinstance(named, list) else [text(named)]
    return (("exception_principals", ", ".join(listed)),) if listed else ()


def _guards(blocks: Any) -> tuple[tuple[str, str], ...]:
    """Conditions are expressions, which are told apart by their text only."""
    if isinstance(blocks, Mapping):
        blocks = [blocks]
    if isinstance(blocks, Unknown):
        return ((blocks.text, blocks.text),)
    found = []
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Mapping):
            found.append((text(block.get("title")) or "condition", text(block.get("expression"))))
        else:
            found.append((text(block), text(block)))
    return tuple(found)


def _bindings(subject: Subject) -> Iterator[tuple[str, Any]]:
    """Bindings of a whole policy, with where they stand."""
    policy = subject.data.get("policy_data")
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except (ValueError, RecursionError):
            policy = None
        listed = policy.get("bindings", []) if isinstance(policy, Mapping) else None
        if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
            if binding_on_head(subject):
                refuse(subject, "policy_data", "this is no policy", "Make it with `data.google_iam_policy`.")
            listed = [misformed(subject.data["policy_data"])]
        yield from (("policy_data", one) for one in listed)
    elif isinstance(policy, Mapping):
        yield from ((f"policy_data.bindings.{at}", one) for at, one in enumerate(policy.get("bindings", [])))
    elif policy is not None:
        yield "policy_data", policy if isinstance(policy, Unknown) else misformed(policy)


def _blocks(value: Any, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Nested blocks that are known, with where they stand."""
    for at, block in enumerate(value if isinstance(value, list) else [value]):
        if isinstance(block, Mapping):
            yield f"{name}.{at}" if isinstance(value, list) else name, block
