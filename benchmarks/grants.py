"""The delta of grants, measured within one process: typical and large changes, and hostile patterns.

    python benchmarks/grants.py

Nothing here is a test. Told is processor time, which other work on the machine changes little. Garbage is
not looked for, as in the process that judges.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from changegate.derive.grants import kubernetes
from changegate.derive.grants.aws import cover
from changegate.model.proposal import Side
from changegate.model.subject import Subject
from support.delta_worlds import held
from support.grant_subjects import binding, role, rule, sides

_SERVICES = ("s3", "sqs", "sns", "dynamodb", "logs", "kms", "ecr", "secretsmanager")
_VERBS = ("Get*", "List*", "PutItem", "Describe*", "SendMessage")
_HOSTILE = {
    "stars": "*a" * 900 + "b",
    "one of each": "?" * 1_000,
    "exponential": "*a" + "?" * 40,
    "alternation": "*a*b*c" * 300,
    "openings": "${" * 1_000,
    "holes": "${a}*" * 300,
}


def statement(number: int, *, action: str = "") -> dict[str, Any]:
    service = _SERVICES[number % len(_SERVICES)]
    verbs = [f"{service}:{verb}" for verb in _VERBS[: 1 + number % len(_VERBS)]]
    return {
        "Effect": "Deny" if number % 10 == 9 else "Allow",
        "Action": [*verbs, *([action] if action else [])],
        "Resource": [f"arn:aws:{service}:eu-west-1:123456789012:app-{number}/{part}*" for part in "abc"],
    }


def policies(count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A policy, and the same with three statements changed, one split and all in another order."""
    base = [statement(number) for number in range(count)]
    head = [statement(number, action="kms:Decrypt" if number % 13 == 0 else "") for number in range(count)]
    first = head[0]
    head[0] = {**first, "Resource": first["Resource"][:1]}
    return base, [*reversed(head), {**first, "Resource": first["Resource"][1:]}]


def compare(base: Sequence[dict[str, Any]], head: Sequence[dict[str, Any]]) -> Callable[[], object]:
    before, after = held(base, Side.BASE), held(head, Side.HEAD)
    return lambda: list(cover.compare(before, after))


def bound(count: int) -> Callable[[], object]:
    """Roles and bindings of which one in ten changes."""

    def side(more: str) -> list[Subject]:
        return [
            made
            for at in range(count)
            for made in (
                role(f"r{at}", rule(f"get list{more if at % 10 == 0 else ''}", "pods configmaps")),
                binding(f"b{at}", f"Role/r{at}", f"ServiceAccount prod/app-{at}"),
            )
        ]

    base, head = sides(side(""), side(" watch"))
    return lambda: list(kubernetes.derive(base, head))


def hostile(pattern: str) -> Callable[[], object]:
    def policy(*texts: str) -> list[dict[str, Any]]:
        return [{"Effect": "Allow", "Action": "s3:*", "Resource": list(texts)}]

    return compare(policy(*_HOSTILE.values(), f"b{pattern}"), policy(pattern, f"{pattern}*"))


def measure(name: str, work: Callable[[], object], runs: int = 5) -> None:
    seconds = []
    for _ in range(runs):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    print(f"{name:<44} {statistics.median(seconds) * 1000:8.1f} ms", flush=True)


def main() -> None:
    gc.disable()
    measure("AWS: 40 statements against 40", compare(*policies(40)))
    measure("AWS: 200 statements against 200", compare(*policies(200)))
    measure("Kubernetes: 1,000 roles and bindings", bound(1_000))
    names = ["*" + "*".join("egtrs"[at % n] for at in range(40)) for n in range(1, 6)]
    many = [
        {"Effect": "Allow", "Action": [f"ec2:{n}{at}" for at in range(600) for n in names], "Resource": "*"}
    ]
    measure("AWS: hostile, 3,000 patterns of actions", compare([], many), runs=1)
    for name, pattern in _HOSTILE.items():
        measure(f"AWS: hostile, {name}", hostile(pattern), runs=1)


if __name__ == "__main__":
    main()
