"""A small stand-in for the runner of GitHub Actions: runs the steps of a composite action with bash.

It knows what action.yml uses and refuses everything else, so that an expression it cannot evaluate fails a
test. Facts: docs.github.com, "Metadata syntax", "Variables reference" and "Workflow commands".
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_COMMAND = re.compile(r"\s*::([A-Za-z-]+)(?:\s(.*?))?::(.*)")


@dataclass
class Step:
    """What one step came to; None as code means that it did not run."""

    code: int | None
    log: str
    outputs: dict[str, str]


@dataclass
class Outcome:
    """What the action came to. `summary` is the Markdown of all steps."""

    steps: dict[str, Step] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    @property
    def code(self) -> int:
        return next((step.code for step in self.steps.values() if step.code), 0)

    @property
    def log(self) -> str:
        return "".join(step.log for step in self.steps.values())

    @property
    def commands(self) -> list[tuple[str, str, str]]:
        return commands(self.log)


def run_action(
    action: Path,
    workspace: Path,
    scratch: Path,
    *,
    event: str,
    payload: Mapping[str, Any],
    variables: Mapping[str, str],
    inputs: Mapping[str, str] | None = None,
    done: Mapping[str, Mapping[str, str]] | None = None,
) -> Outcome:
    """Run the steps of `action`/action.yml in `workspace`.

    `variables` are added to the environment, `done` has the outputs of steps that are not to be run.
    """
    definition = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "event.json").write_text(json.dumps(payload), encoding="utf-8")
    environment = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(action),
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(scratch / "event.json"),
        "GITHUB_WORKSPACE": str(workspace),
        "RUNNER_TEMP": str(scratch),
        **variables,
    }
    known = {"inputs": _inputs(definition["inputs"], inputs or {}), "steps": dict(done or {})}
    outcome = Outcome()
    for step in definition["runs"]["steps"]:
        _run_step(step, workspace, scratch, environment, known, outcome)
    outcome.outputs = {
        name: evaluate(output["value"], known) for name, output in definition["outputs"].items()
    }
    return outcome


def _inputs(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    unknown = set(given) - set(declared)
    assert not unknown, f"action.yml declares no input {unknown}"
    return {name: given.get(name, str(spec.get("default", ""))) for name, spec in declared.items()}


def _run_step(
    step: Mapping[str, Any],
    workspace: Path,
    scratch: Path,
    environment: Mapping[str, str],
    known: dict[str, Any],
    outcome: Outcome,
) -> None:
    assert set(step) <= {"name", "id", "shell", "env", "run"}, f"a step uses {set(step)}"
    assert step["shell"] == "bash"
    id_ = step["id"]
    if id_ in known["steps"] or outcome.code:
        outcome.steps[id_] = Step(None, "", {})
        return
    files = {
        name: scratch / f"{id_}-{name}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")
    }
    for file in files.values():
        file.touch()
    script = scratch / f"{id_}.sh"
    script.write_text(step["run"], encoding="utf-8")
    ran = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        cwd=workspace,
        env={
            **environment,
            **{name: str(file) for name, file in files.items()},
            **{name: evaluate(str(value), known) for name, value in step.get("env", {}).items()},
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    outputs = read_outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))
    known["steps"][id_] = outputs
    outcome.steps[id_] = Step(ran.returncode, ran.stdout.decode("utf-8", "replace"), outputs)
    outcome.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")


def evaluate(text: str, known: Mapping[str, Any]) -> str:
    """`text` with `${{ inputs.x }}` and `${{ steps.x.outputs.y }}` replaced."""

    def value(found: re.Match[str]) -> str:
        match found[1].strip().split("."):
            case ["inputs", name]:
                return str(known["inputs"][name])
            case ["steps", id_, "outputs", name]:
                return str(known["steps"].get(id_, {}).get(name, ""))
        raise AssertionError(f"the stand-in does not know the expression {found[0]}")

    return _EXPRESSION.sub(value, text)


def read_outputs(text: str) -> dict[str, str]:
    """GITHUB_OUTPUT as the runner reads it: `name=value`, or `name<<delimiter`, lines, delimiter."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, heredoc, delimiter = line.partition("<<")
        if heredoc and "=" not in name:
            value = []
            while (found := next(lines)) != delimiter:
                value.append(found)
            outputs[name] = "\n".join(value)
        elif line:
            name, equals, one_line = line.partition("=")
            assert equals, f"the runner would refuse the line {line!r}"
            outputs[name] = one_line
    return outputs


def commands(log: str) -> list[tuple[str, str, str]]:
    """Workflow commands (name, properties, text) that a runner would take from a log."""
    found: list[tuple[str, str, str]] = []
    stopped = ""
    for line in re.split(r"\r\n|\r|\n", log):
        match = _COMMAND.match(line)
        if stopped:
            if line.strip() == f"::{stopped}::":
                stopped = ""
        elif match and match[1] == "stop-commands":
            stopped = match[3]
        elif match:
            found.append((match[1], match[2] or "", match[3]))
        elif "##[" in line:
            found.append(("##", "", line))
    assert not stopped, "the log does not take commands again"
    return found
