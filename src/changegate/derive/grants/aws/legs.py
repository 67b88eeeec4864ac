"""What one statement gives of an AWS escalation path: which actions, on whom, and how freely."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, NamedTuple

from changegate import limits
from changegate.derive.grants.aws.policy import Atom, Patterns, Statement
from changegate.derive.grants.cover import arn_includes, arn_overlaps, includes, overlaps
from changegate.derive.grants.globs import ARN_PARTS
from changegate.knowledge import aws_escalation
from changegate.knowledge.aws_escalation import Path
from changegate.knowledge.names import Names
from changegate.model.grant import Principal
from changegate.model.subject import Unknown

NOTHING: Final = 0
LIMITED: Final = 1
"""Given, but held by a condition or by names, so that it is not known how far it leads."""
FREE: Final = 2
INDIRECT: Final = ":indirect"
"""How the id of a path ends that is not open at once."""

_HOLE: Final = re.compile(r"\$\{([^{}]*)\}")
_RESOURCE: Final = re.compile(r"\baws_iam_(role|user|group|policy)\b")
_RUNS: Final = re.compile(r"\*{2,}")
_SERVICES_OWN: Final = "role/aws-service-role/"  # roles that only AWS's services take and change
_SELF: Final = ("aws:username", "aws:userid")  # a policy variable: whoever asks

# Keys that say where, when or how somebody asks: a holder who wants to can meet them.
_CIRCUMSTANCE: Final = frozenset(
    {
        "aws:currenttime", "aws:epochtime", "aws:multifactorauthage", "aws:multifactorauthpresent",
        "aws:requestedregion", "aws:securetransport", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce",
        "aws:useragent", "aws:viaawsservice", "aws:vpcsourceip",
    }
)  # fmt: skip
# Keys that every request has. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_EVER_PRESENT: Final = frozenset(
    {"aws:currenttime", "aws:epochtime", "aws:principalaccount", "aws:principalarn", "aws:principaltype",
     "aws:requestedregion", "aws:securetransport", "aws:useragent", "aws:userid"}
)  # fmt: skip
_PASSED_TO: Final = "iam:passedtoservice"
_PASSING: Final = "iam:passrole"
_ASSUMING: Final = "sts:assumerole"
_MIGHTY: Final = re.compile("admin|power-?user|superuser|root|full-?access|owner", re.IGNORECASE)
_FAR: Final = "2100"  # no access is planned to end that late


@cache
def interesting() -> Mapping[str, int]:
    """Every action of a path, with its bit."""
    actions = sorted({action for path in aws_escalation.table().paths.values() for action in path.actions})
    return {action: 1 << at for at, action in enumerate(actions)}


def bits(actions: Iterable[str]) -> int:
    """The set of some actions of paths."""
    known = interesting()
    return sum(known[action] for action in set(actions))


def given(actions: Patterns) -> int:
    """Which actions of paths a statement is about."""
    found = 0
    for text in actions.texts:
        found |= _matched(text)
    return found ^ (1 << len(interesting())) - 1 if actions.negated else found


@lru_cache(maxsize=4096)
def _matched(text: str) -> int:
    known = interesting()
    if "*" not in text and "?" not in text:
        return known.get(text, 0)
    if len(text) - text.count("*") > max(map(len, known)):
        return 0  # longer than any action, and maybe long enough to be slow
    names = _names()
    matched = names.matching(_RUNS.sub("*", text))  # equal, and short enough to be looked at
    return sum(bit for bit, end in zip(known.values(), names.ends, strict=True) if end & matched)


@cache
def _names() -> Names:
    return Names(list(interesting()))


# Conditions.


def freedom(atoms: Iterable[Atom], action: str) -> int:
    """How freely conditions let an action be used."""
    left = [atom for atom in atoms if not _certain(atom) and not (action == _PASSING and _to_any(atom))]
    if any(_bounds(atom, action) for atom in left):
        return NOTHING
    return LIMITED if left else FREE


def passes_to(atoms: Iterable[Atom], services: frozenset[str]) -> bool:
    """Whether a role may be passed to one of some services; () for any."""
    if not services:
        return True
    named = [atom for atom in atoms if atom.key == _PASSED_TO and "not" not in atom.operator]
    return all(any(overlaps(v, s) or "${" in v for v in a.values for s in services) for a in named)


def _to_any(atom: Atom) -> bool:
    """A condition on what a role is passed to, which every passing tells, that takes anything."""
    taken = any(value and value.strip("*") == "" for value in atom.values)
    return atom.key == _PASSED_TO and atom.operator.startswith("stringlike") and taken


def named_matters(path: Path, action: str, text: str, atoms: Iterable[Atom]) -> bool:
    """Whether an action may lead to more rights although it names one role, user, group or policy of
    somebody else: what that one may do often stands elsewhere.

    To take a role by its name is what most pipelines do, and to pass one to the service that it is for what
    all have to; so there a name has to say that it stands for more, or the service has to be left open.
    """
    if action == _ASSUMING:
        return _MIGHTY.search(text.rpartition("/")[2]) is not None
    if action == _PASSING:
        return not path.fallback and not any(atom.key == _PASSED_TO and not _to_any(atom) for atom in atoms)
    return True


def _certain(atom: Atom) -> bool:
    """A condition that time has met, or that whoever wants to can meet."""
    if atom.qualifier == "forallvalues" and atom.key == "aws:tagkeys":
        return True  # a request without tags
    if atom.operator == "boolifexists" and atom.key == "aws:multifactorauthpresent":
        return True  # an access key knows of no second factor
    return (atom.key == "aws:securetransport" and atom.values == ("true",)) or _inevitable(atom)


def _inevitable(atom: Atom) -> bool:
    if atom.operator.startswith("date") and atom.key in _EVER_PRESENT:
        return _timeless(atom)
    if atom.operator.startswith(("stringlike", "arnlike")) and "*" in atom.values:
        return atom.key in _EVER_PRESENT
    return atom.operator == "ipaddress" and bool({"0.0.0.0/0", "::/0"} & set(atom.values))


def _timeless(atom: Atom) -> bool:
    if atom.operator.startswith("dategreaterthan"):
        return all(value[:1].isdigit() and value < aws_escalation.table().retrieved for value in atom.values)
    return atom.operator.startswith("datelessthan") and all(value[:4] > _FAR for value in atom.values)


def _bounds(atom: Atom, action: str) -> bool:
    """Whether a condition takes the danger from an action: it needs the key, and names what is harmless."""
    if atom.vacuous or atom.operator == "null" or not _takes_danger(atom.key, action):
        return False
    if atom.key == "iam:policyarn":
        return not any(_is_wide_policy(value) for value in atom.values)
    return not any(value.strip("*") == "" for value in atom.values)


def _takes_danger(key: str, action: str) -> bool:
    return action in aws_escalation.table().bounds.get(key, ())


def _is_wide_policy(value: str) -> bool:
    name = value.rpartition("/")[2]
    return "*" in value or name in ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")


# Whom it is about.


class Target(NamedTuple):
    """What a resource pattern holds of one kind of identity: `all`, `some` (a wildcard), or `one`; and
    whether its holder is among them."""

    width: str
    own: bool


@dataclass(frozen=True, slots=True)
class Me:
    """A holder, in the ways that resource patterns may mean it: by reference (`aws_iam_role.ci`) and by
    name (`role/ci`, `policy/ci`), the latter with marks for what is not known. kind: what it is itself."""

    kind: str
    references: frozenset[str]
    names: frozenset[str]

    @staticmethod
    def of(principal: Principal, policies: Iterable[str | Unknown] = ()) -> Me:
        """`policies` are the names of those it holds."""
        references = (principal.id, principal.name)
        named = [(principal.type, principal.name), *(("policy", name) for name in policies)]
        texts = ((kind, n.text if isinstance(n, Unknown) else n) for kind, n in named)
        return Me(
            principal.type,
            frozenset(r for r in references if isinstance(r, str) and r),
            frozenset(f"{kind}/{_marked(text)}" for kind, text in texts if text),
        )

    def holds(self, reference: str) -> bool:
        head = reference.rpartition(".")[0]
        return reference in (*_SELF, *self.references) or head in self.references


def target(text: str, kind: str, me: Me) -> Target | None:
    """What a resource pattern means for actions about roles, users, groups or policies; None for nothing."""
    if text == "*":
        return Target("all", True)
    mine = any(me.holds(name) for name in _HOLE.findall(text))
    pattern = _marked(text)
    if not text.startswith(("arn:", "*")) and text[:2] == "${":
        # The name of something by reference.
        of_kind = _RESOURCE.search(text)
        if (of_kind[1] if of_kind else me.kind if mine else kind) != kind:
            return None
        return Target("some" if "*" in pattern or "?" in pattern else "one", mine)
    parts = pattern.split(":", ARN_PARTS - 1)
    parts += ["*"] * (ARN_PARTS - len(parts))
    service, name = parts[2], parts[5]
    if includes(name, f"{kind}/?*") and overlaps(service, "iam"):
        return Target("all", True)
    fits = overlaps(service, "iam") and (_is_mark(name[:1]) or overlaps(name, f"{kind}/*"))
    if not fits or name.startswith(_SERVICES_OWN):
        return None
    own = mine or any(own.startswith(f"{kind}/") and overlaps(name, own) for own in me.names)
    # Names are unique whatever their path.
    last = name.rpartition("/")[2] if mine else name
    return Target("some" if "*" in last or "?" in last else "one", own)


def _marked(text: str) -> str:
    """A text with one letter for each expression in it, the same for the same expression."""
    return _HOLE.sub(lambda hole: chr(0xF0000 + zlib.crc32(hole[1].encode()) % 0xFFFD), text)


def _is_mark(letter: str) -> bool:
    return letter > "\uffff"


# What denials leave.


def remaining(allow: Statement, denials: Sequence[Statement], action: str) -> tuple[int, frozenset[str]]:
    """How freely a statement gives an action, and on which resources, once denials are taken off.

    Where there are too many of them to be taken off, all is left.
    """
    free = freedom(allow.conditions, action)
    left = frozenset({"*"}) if allow.resources.negated else allow.resources.texts
    cost = sum(len(denial.resources.texts) for denial in denials) * len(left)
    for denial in denials if cost <= limits.RULE_CELLS else ():
        strict = [atom for atom in denial.conditions if not _inevitable(atom)]
        if not strict:
            left = _without(left, denial.resources)
        elif not all(atom.key in _CIRCUMSTANCE for atom in strict) and _touch(left, denial.resources):
            only = len(strict) == 1 and "not" in strict[0].operator and strict[0].operator != "null"
            whole = not _without(left, denial.resources)
            demands = only and whole and _takes_danger(strict[0].key, action)
            free = min(free, NOTHING if demands else LIMITED)
    return free, left


def _without(texts: frozenset[str], denied: Patterns) -> frozenset[str]:
    if not denied.negated:
        return frozenset(t for t in texts if not any(arn_includes(d, t) for d in denied.texts))
    inside = {t for t in texts if any(arn_includes(d, t) for d in denied.texts)}
    around = {d for d in denied.texts for t in texts - inside if arn_overlaps(d, t)}
    return frozenset(inside | around)


def _touch(texts: frozenset[str], denied: Patterns) -> bool:
    if denied.negated:
        return bool(texts - _without(texts, denied))
    return any(arn_overlaps(d, t) for d in denied.texts for t in texts)
