"""Who the `Principal` of an AWS policy names, and what its conditions leave of it.

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from changegate.derive.grants.aws import oidc, places
from changegate.derive.grants.aws.conditions import LIMITS, MFA, SOURCES, fence, keeps_out
from changegate.derive.grants.aws.policy import OPEN, Atom, PolicyError, Statement, spelled
from changegate.model.grant import Principal
from changegate.model.subject import Unknown

ELEMENTS: Final = frozenset({"Principal", "NotPrincipal"})

_TYPES: Final = {"aws": "account", "service": "service", "federated": "federated", "canonicaluser": "user"}
_ARN: Final = 6
_ACCOUNT_DIGITS: Final = 12

# Identity providers of everybody: a claim must say for which application a token was made.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
_APPLICATIONS: Final = {
    "cognito-identity.amazonaws.com": ("aud", "sub"),
    "accounts.google.com": ("aud", "azp", "oaud", "sub"),
    "graph.facebook.com": ("app_id", "id"),
    "www.amazon.com": ("app_id", "user_id"),
}


@dataclass(slots=True)
class Whom:
    """One principal. missing: condition keys that should stand beside it and do not."""

    principal: Principal
    flags: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a statement: what its policy denies to everybody, and whether it is the trust of a
    role. issuers: URLs of identity providers by the addresses of their resources; private: only what has a
    network of the owner's can reach the resource at all; signed: who is anyone signs in with some account."""

    denials: tuple[Statement, ...] = ()
    trust: bool = False
    issuers: Mapping[str, str] = field(default_factory=dict)
    private: bool = False
    signed: bool = False


def principals(statement: Mapping[str, Any], read: Statement, setting: Setting) -> Iterator[Whom]:
    """Everyone a statement names. Raises PolicyError."""
    if "NotPrincipal" in statement:
        yield _anyone(read, setting, "anyone but those named")
        return
    named = statement.get("Principal")
    if named is None:
        raise PolicyError("a statement of the policy has no Principal")
    for kind, value in named.items() if isinstance(named, Mapping) else [("AWS", named)]:
        type_ = _TYPES.get(str(kind).lower())
        if str(kind) == "*":
            type_ = "account"
        if type_ is None:
            raise PolicyError(f"the policy has a principal of the kind {kind!r}")
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, (str, Unknown)):
                raise PolicyError("the policy has something else than text where a principal belongs")
            yield _whom(type_, one, read, setting)


def denials(statements: Iterable[Mapping[str, Any]], read: Iterable[Statement]) -> tuple[Statement, ...]:
    """The denials of a policy that are for everybody."""
    return tuple(
        one
        for raw, one in zip(statements, read, strict=True)
        if one.effect == "deny" and raw.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]}, {"*": ["*"]})
    )


def _whom(type_: str, value: str | Unknown, read: Statement, setting: Setting) -> Whom:
    text = spelled(value) if isinstance(value, Unknown) else value
    if type_ == "account" and text == "*":
        return _anyone(read, setting, "anyone")
    if type_ == "federated":
        return _federated(value, text, read.conditions, setting)
    if type_ == "service":
        found = Whom(Principal(type=type_, id=value, name=value))
        if not setting.trust and not any(keeps_out(atom, SOURCES) for atom in read.conditions):
            found.flags.add("missing_condition")
            found.missing.add("aws:SourceArn")
        return found
    parts = text.split(":", _ARN - 1)
    if type_ == "account" and len(parts) == _ARN:
        kind = parts[5].partition("/")[0]
        type_ = {"role": "role", "user": "user", "assumed-role": "role"}.get(kind, "account")
    account = parts[4] if len(parts) == _ARN else text
    external = _is_account(account) and account not in places.OF_AWS
    found = Whom(Principal(type=type_, id=value, name=value, external=external))
    if external and type_ == "account" and setting.trust and not _guarded(read.conditions):
        found.missing.add("sts:ExternalId")
    return found


def _is_account(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) == _ACCOUNT_DIGITS


def _guarded(atoms: Iterable[Atom]) -> bool:
    """Whether anything but the principal is asked of who assumes a role."""
    return any(
        atom.operator == OPEN
        or (not atom.vacuous and (atom.key in MFA or atom.key.startswith("aws:principaltag/")))
        or keeps_out(atom)
        for atom in atoms
    )


def _anyone(read: Statement, setting: Setting, words: str) -> Whom:
    limits = sorted({atom.key for atom in read.conditions if keeps_out(atom)})
    limits = limits or sorted({key for denial in setting.denials for key in fence(denial, read)})
    if not limits and setting.private:
        limits = ["the networks that reach it"]
    if limits:
        return Whom(Principal(type="any", id=f"{words} within {', '.join(limits)}", name="*"))
    if unknown := _unknown(read.conditions):
        return Whom(Principal(type="any", id=f"{words}, conditions not known", name="*", public=unknown))
    public = "authenticated" if setting.signed else "anyone"
    words += " with an AWS account" if setting.signed else ""
    whom = Whom(Principal(type="any", id=words, name="*", public=public), {"public"})
    if any(atom.key in LIMITS for atom in read.conditions):
        whom.flags.add("vacuous_condition")
    return whom


def _federated(value: str | Unknown, text: str, atoms: frozenset[Atom], setting: Setting) -> Whom:
    """Tokens of an issuer that serves everyone are told apart by their claims only."""
    whom = Whom(Principal(type="federated", id=text, name=value, external=True), {"external_federation"})
    if ":saml-provider/" in text or "aws_iam_saml_provider." in text:
        if not any(atom.key in ("saml:aud", "saml:iss", "saml:namequalifier") for atom in atoms):
            whom.missing.add("SAML:aud")
        return whom
    texts = [_resolved(text, setting), *(atom.key for atom in atoms)]
    for host, claims in _APPLICATIONS.items():
        if any(host in one for one in texts):
            return _application(whom, host, claims, atoms)
    issuer = next((i for i in oidc.ISSUERS if any(i.host in one for one in texts)), None)
    _note_claims(whom, issuer, texts[0], atoms)
    if issuer is None:
        return whom
    own = [a for a in atoms if issuer.host in a.key or ":sub" in a.key]
    return _on_rung(whom, issuer, own, atoms)


def _resolved(text: str, setting: Setting) -> str:
    """The address of the provider that a reference stands for; the text itself when nothing tells it."""
    name = text[2:-1] if text.startswith("${") else ""
    return setting.issuers.get(name) or setting.issuers.get(name.rpartition(".")[0]) or text


def _on_rung(whom: Whom, issuer: oidc.Issuer, whose: list[Atom], atoms: frozenset[Atom]) -> Whom:
    name = whom.principal.name
    host = issuer.host if issuer.stranger else whom.principal.name
    shown = host.text if isinstance(host, Unknown) else host
    told = {"sub", *oidc.OWNERS, *oidc.THINGS}
    subjects = sorted({v for atom in whose for v in atom.values if atom.key.rpartition(":")[2] in told})
    id_ = f"{shown} {', '.join(subjects)}" if subjects else f"everyone at {shown}"
    found = oidc.rung(issuer, whose)
    if any(oidc.dead(atom) for atom in whose):
        whom.flags.add("ineffective")
        found = oidc.Rung(oidc.PINNED)
    if found is None or (found.rank == oidc.EVERYONE and _unknown(atoms)):
        holes = [Unknown(v) for v in subjects if "${" in v or v.startswith('{"')]
        unknown = _unknown(atoms) or next(iter(holes), Unknown(f"conditions of {shown}"))
        whom.principal = Principal(type="federated", id=f"{shown}, conditions not known", name=name,
                                   external=True, public=unknown)  # fmt: skip
        return whom
    if found.words and subjects:
        id_ += f" ({found.words})"
    public = "authenticated" if found.rank == oidc.EVERYONE else "none"
    if found.rank == oidc.EVERYONE:
        whom.flags.add("missing_condition")
    elif found.rank != oidc.PINNED and not _unknown(atoms):
        whom.flags.add("broad_trust")
    whom.principal = Principal(type="federated", id=id_, name=name, external=True, public=public)
    return whom


def _note_claims(whom: Whom, issuer: oidc.Issuer | None, text: str, atoms: frozenset[Atom]) -> None:
    """Web identity needs an audience and a subject; what a key of unknown name holds may be either."""
    asked = {atom.key.rpartition(":")[2] for atom in atoms}
    if _unknown(atoms) or any("${" in claim or not claim for claim in asked):
        return
    host = issuer.host if issuer and issuer.stranger else text.partition("oidc-provider/")[2] or text
    for claim in ("aud", "sub"):
        if claim not in asked and not (claim == "sub" and asked - {"aud"}):
            whom.missing.add(f"{host}:{claim}")


def _application(whom: Whom, host: str, claims: tuple[str, ...], atoms: frozenset[Atom]) -> Whom:
    asked = {a.key.rpartition(":")[2] for a in atoms if not a.vacuous and a.key.startswith(host)}
    if asked & set(claims):
        return whom
    unknown = _unknown(atoms)
    public: str | Unknown = unknown or "authenticated"
    words = f"everyone at {host}" if unknown is None else f"{host}, conditions not known"
    whom.principal = Principal(
        type="federated", id=words, name=whom.principal.name, external=True, public=public
    )
    if unknown is None:
        whom.flags.add("missing_condition")
        whom.missing.add(f"{host}:{claims[0]}")
    return whom


def _unknown(atoms: Iterable[Atom]) -> Unknown | None:
    """A condition of which nothing is known: it may keep everybody out, or nobody."""
    return next((Unknown(atom.key) for atom in sorted(atoms) if atom.operator == OPEN), None)
