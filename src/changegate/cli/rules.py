"""`changegate rules`: what the gate looks for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from changegate.cli.terminal import Terminal
from changegate.errors import UsageProblem
from changegate.model.rule import Rule


@click.group()
def command() -> None:
    """List the rules that come with changegate (and your own), show one, or begin one."""


@command.command("list")
@click.option("--pack", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Your own rules.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def list_rules(pack: Path | None, as_json: bool) -> None:
    """List the rules: id, severity, level, title."""
    rules = _rules(pack)
    if as_json:
        from changegate.policy.listing import listed

        click.echo(json.dumps([listed(rule) for rule in rules], indent=2))
        return
    wide = max(len(rule.id) for rule in rules)
    for rule in rules:
        click.echo(f"{rule.id:<{wide}}  {rule.severity:<8}  {rule.level:<6}  {rule.title}")


@command.command("show")
@click.argument("rule_id", metavar="RULE")
@click.option("--pack", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Your own rules.")
def show_rule(rule_id: str, pack: Path | None) -> None:
    """Show one rule: what it looks for, why, and what to do instead."""
    import sys

    from changegate.model.suggest import suggestion

    rules = {rule.id: rule for rule in _rules(pack)}
    if rule_id not in rules:
        raise UsageProblem(
            f'there is no rule "{rule_id}"{suggestion(rule_id, rules)}',
            remedy="`changegate rules list` shows all of them.",
        )
    click.echo(_page(rules[rule_id], min(Terminal.of(sys.stdout).width, 100)))


@command.command("new")
@click.argument("name", metavar="GROUP/NAME")
@click.option(
    "--judges", "kind", metavar="KIND", required=True, help="grant, artifact, kubernetes/Service ..."
)
@click.option("--mode", type=click.Choice(["state", "transition"]), help="Default: what suits the kind.")
@click.option(
    "--folder",
    default=".changegate/rules",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The pack to write to.",
)
def new_rule(name: str, kind: str, mode: str | None, folder: Path) -> None:
    """Begin a rule: a file that runs, with a case that fires and one that stays silent.

    \b
    changegate rules new least-privilege/no-wildcard-verbs --judges grant
    changegate rules new house/owner-missing --judges kubernetes/Service --mode transition
    """
    from changegate.cli.begin import write_new
    from changegate.model.rule import RuleMode
    from changegate.policy.pack import check_id
    from changegate.policy.skeleton import draft

    check_id(name)
    path = folder / f"{name}.yaml"
    write_new(path, draft(name, kind, RuleMode(mode) if mode else None))
    click.echo(f"wrote  {path}")
    click.echo(f"Next: make it yours, then changegate test {folder}")


def _rules(pack: Path | None) -> Sequence[Rule]:
    from changegate.policy.pack import shipped_rules

    return shipped_rules() if pack is None else own_rules(pack)


def own_rules(pack: Path) -> Sequence[Rule]:
    """The rules of a folder, with their cases. Raises `UsageProblem`."""
    from changegate.policy.pack import load_rules
    from changegate.rulecases import pack_files

    return load_rules(pack_files(pack), shipped=False, folder=pack.as_posix() + "/")


def _page(rule: Rule, width: int) -> str:
    import textwrap

    def block(name: str, text: str) -> str:
        paragraphs = text.strip().split("\n\n")
        lead = f"  {name:<9}"
        return "\n\n".join(
            textwrap.fill(
                " ".join(paragraph.split()),
                width,
                initial_indent=lead if index == 0 else " " * len(lead),
                subsequent_indent=" " * len(lead),
            )
            for index, paragraph in enumerate(paragraphs)
        )

    lines = [
        f"{rule.id}",
        f"{rule.title}  ({rule.severity}, {rule.level}, {rule.mode})",
        "",
        block("why", rule.why),
        block("fix", rule.fix),
        block("judges", ", ".join(rule.judges)),
        block("deny", rule.deny.source),
    ]
    lines += [
        block("param", f"{name} ({p.type}, default {p.default}): {p.description}")
        for name, p in rule.params.items()
    ]
    if rule.references:
        lines.append(block("see", ", ".join(rule.references)))
    return "\n".join(lines)
