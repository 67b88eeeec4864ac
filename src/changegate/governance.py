"""Whose rules judge, and what a change does to them.

Policy (rules, configuration, waivers) is read from the policy revision. The proposal's own policy is
parsed, compiled and its cases are run, but it never judges the change that brings it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from changegate.config import CONFIG, FOLDER, RULES, WAIVERS, check_rule_names, load_settings
from changegate.errors import UsageProblem
from changegate.model.finding import Waiver
from changegate.model.proposal import Reader, Side
from changegate.model.rule import Level, Rule
from changegate.model.settings import Settings
from changegate.policy.pack import load_rules, shipped_rules
from changegate.policy.waivers import load_waivers

CaseRunner = Callable[[Sequence[Rule]], None]
"""Runs the cases of rules; raises `UsageProblem` for the first that does not hold."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that judges. `rules` are those in force; `own` are the repository's among them."""

    rules: tuple[Rule, ...]
    own: tuple[Rule, ...]
    settings: Settings
    waivers: tuple[Waiver, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Governance:
    """The policy in force, and how the proposal changes it (`weakened`: what it no longer guards)."""

    policy: Policy
    changed: bool = False
    weakened: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def establish(reader: Reader, run_cases: CaseRunner, *, two_sided: bool) -> Governance:
    """The policy of the base, and what the head makes of it. Raises `UsageProblem`.

    A broken base policy is an error, unless the head repairs it: then the shipped defaults judge
    whatever else the change holds.
    """
    base_files = dict(reader.policy_files(Side.BASE))
    if not two_sided:
        return Governance(load_policy(base_files))
    head_files = dict(reader.policy_files(Side.HEAD))
    if head_files == base_files:
        return Governance(load_policy(base_files))
    proposed = load_policy(head_files)
    run_cases(proposed.own)
    try:
        current = load_policy(base_files)
    except UsageProblem as problem:
        notice = (
            f"the policy of the base is broken ({problem.where}: {problem.cause}); this change repairs it"
        )
        return Governance(load_policy({}), changed=True, notices=(notice,))
    notices: tuple[str, ...] = ()
    if not base_files:
        notices = ("the configuration is new: it was checked, and takes effect once it is merged",)
    return Governance(current, True, tuple(weakenings(current, proposed)), notices)


def load_policy(files: Mapping[str, bytes]) -> Policy:
    """Read a policy from the files of `.changegate/`, by path. Raises `UsageProblem`."""
    _refuse_strangers(files)
    settings = load_settings(files.get(CONFIG))
    own_files = [
        (path.removeprefix(RULES), content)
        for path, content in sorted(files.items())
        if path.startswith(RULES)
    ]
    own = load_rules(own_files, shipped=False, folder=RULES) if own_files else ()
    everything = (*(shipped_rules() if settings.shipped_rules else ()), *own)
    _refuse_twins(everything)
    check_rule_names(settings, [rule.id for rule in everything])
    rules = tuple(rule for rule in everything if settings.of(rule.id).enabled)
    if not rules:
        raise UsageProblem(
            "no rule is in force",
            path=CONFIG,
            why="Without a rule, everything would pass.",
            remedy="Set `shipped_rules: true`, or add rules below .changegate/rules/.",
        )
    waivers = load_waivers(WAIVERS, files[WAIVERS]) if WAIVERS in files else ()
    return Policy(rules, own, settings, tuple(waivers), _digest(rules, files))


def _refuse_strangers(files: Iterable[str]) -> None:
    for path in files:
        known = path in (CONFIG, WAIVERS) or path.startswith(RULES) or path.endswith("README.md")
        if not known:
            raise UsageProblem(
                f"{path.removeprefix(FOLDER)} is no part of a policy",
                path=path,
                why="A file that nothing reads may be meant as a rule or a waiver.",
                remedy="The folder holds config.yaml, waivers.yaml, rules/ and README.md.",
            )


def _refuse_twins(rules: Iterable[Rule]) -> None:
    seen: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in seen:
            raise UsageProblem(
                f"the rule {rule.id} exists twice, one of them in {seen[rule.id].path}",
                path=rule.path,
                remedy="Give your rule a name of its own, and disable the shipped one in config.yaml.",
            )
        seen[rule.id] = rule


def _digest(rules: Iterable[Rule], files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for rule in rules:
        digest.update(repr((rule.id, _meaning(rule), rule.severity, rule.message)).encode())
    for path, content in sorted(files.items()):
        digest.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)
    return "sha256:" + digest.hexdigest()


def _meaning(rule: Rule) -> tuple[object, ...]:
    """What decides when a rule fires, without its words."""
    params = tuple(sorted((name, repr(param.default)) for name, param in rule.params.items()))
    evidence = rule.evidence.source if rule.evidence else ""
    return (rule.mode, rule.judges, rule.deny.source, evidence, rule.undecided, params)


def weakenings(current: Policy, proposed: Policy) -> Iterable[str]:
    """What `proposed` may guard less than `current`, a clause each.

    A changed expression of a gating rule counts: whether it guards less cannot be decided.
    """
    after = {rule.id: rule for rule in proposed.rules}
    for rule in current.rules:
        if _level(rule, current.settings) is Level.GATE:
            yield from _weakened_rule(rule, after.get(rule.id), current.settings, proposed.settings)
    yield from _weakened_settings(current.settings, proposed.settings)
    known = {(w.rule, w.identity, w.evidence, w.expires) for w in current.waivers}
    for waiver in proposed.waivers:
        if (waiver.rule, waiver.identity, waiver.evidence, waiver.expires) not in known:
            yield f"a waiver for {waiver.rule} on {waiver.identity.address} is added"


def _level(rule: Rule, settings: Settings) -> Level:
    return settings.of(rule.id).level or rule.level


def _weakened_rule(rule: Rule, after: Rule | None, before_s: Settings, after_s: Settings) -> Iterable[str]:
    if after is None:
        yield f"the rule {rule.id} no longer runs"
        return
    if _level(after, after_s) is not Level.GATE:
        yield f"the rule {rule.id} no longer gates"
    if _meaning(rule) != _meaning(after):
        yield f"the rule {rule.id} decides otherwise"
    if before_s.of(rule.id).params != after_s.of(rule.id).params:
        yield f"the parameters of {rule.id} change"
    if after_s.of(rule.id).enforce_after > before_s.of(rule.id).enforce_after:
        yield f"the rule {rule.id} gates only after {after_s.of(rule.id).enforce_after}"


def _weakened_settings(before: Settings, after: Settings) -> Iterable[str]:
    if set(after.exclude) - set(before.exclude):
        yield "more files are excluded"
    if after.include and set(before.include) != set(after.include):
        yield "other files are included"
    if set(before.environments) - set(after.environments):
        yield "an environment is left out, or gets other values"
    if before.helm is not None and before.helm != after.helm:
        yield "charts are rendered otherwise, or no longer"
    for name in ("on_opaque", "undecided"):
        if getattr(before, name) == "fail" and getattr(after, name) != "fail":
            yield f"`{name}` no longer fails the change"
