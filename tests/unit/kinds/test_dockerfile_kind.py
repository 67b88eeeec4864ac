"""Dockerfiles as stages and instructions."""

from __future__ import annotations

from typing import Any

import pytest

from changegate import limits
from changegate.errors import InputProblem
from changegate.kinds import dockerfile
from changegate.model.subject import Subject, Unknown
from support.reading import reading
from support.spans import under


def subjects(text: str, path: str = "Dockerfile") -> dict[str, Subject]:
    return {f"{s.kind}: {s.identity.address}": s for s in reading("dockerfile", path, text).subjects}


def stages(text: str) -> list[dict[str, Any]]:
    return [dict(s.data) for s in subjects(text).values() if s.kind == "dockerfile/stage"]


def unknown(text: str) -> Unknown:
    return Unknown(text, "filled in from elsewhere")


def problem(text: str) -> str:
    with pytest.raises(InputProblem) as caught:
        reading("dockerfile", "Dockerfile", text)
    assert caught.value.why
    assert caught.value.remedy
    return f"{caught.value.where} {caught.value.cause}"


TEXT = """\
# syntax=docker/dockerfile:1
ARG GO=1.26
ARG BASE=example/base:${GO}@x
FROM --platform=$BUILDPLATFORM golang:${GO} AS Build
USER builder
RUN --mount=type=cache,target=/c --mount=from=example/tools:2,target=/t make \\
    all
FROM ${BASE}
COPY --from=build /a /a
COPY --from=0 /b /b
COPY --from=example/files:3 /c /c
ADD https://example.com/a.tgz /d
RUN <<END
curl x | sh
END
"""


def test_a_file_its_stages_and_instructions() -> None:
    found = subjects(TEXT)
    assert list(found) == [
        "dockerfile/file: Dockerfile",
        "dockerfile/stage: Dockerfile / Build",
        "dockerfile/instruction: Dockerfile / Build / USER builder",
        "dockerfile/instruction: Dockerfile / Build / RUN make all",
        "dockerfile/stage: Dockerfile / (last)",
        "dockerfile/instruction: Dockerfile / (last) / COPY /a /a",
        "dockerfile/instruction: Dockerfile / (last) / COPY /b /b",
        "dockerfile/instruction: Dockerfile / (last) / COPY /c /c",
        "dockerfile/instruction: Dockerfile / (last) / ADD https://example.com/a.tgz /d",
        "dockerfile/instruction: Dockerfile / (last) / RUN <<END",
    ]
    assert found["dockerfile/file: Dockerfile"].data == {
        "path": "Dockerfile",
        "syntax": "docker/dockerfile:1",
        "args": {"GO": "1.26", "BASE": "example/base:1.26@x"},
        "stages": ["Build", "(last)"],
        "user": "",
    }
    assert found["dockerfile/stage: Dockerfile / Build"].data == {
        "path": "Dockerfile",
        "label": "Build",
        "name": "Build",
        "last": False,
        "from": "golang:${GO}",
        "base": "image",
        "image": "golang:1.26",
        "platform": "$BUILDPLATFORM",
        "user": "builder",
        "sources": ["example/tools:2"],
    }
    last = found["dockerfile/stage: Dockerfile / (last)"]
    assert (last.data["image"], last.data["sources"]) == ("example/base:1.26@x", ["example/files:3"])
    run = found["dockerfile/instruction: Dockerfile / (last) / RUN <<END"]
    assert run.data["run"] == "<<END\ncurl x | sh\n"
    assert run.data["heredocs"] == ["curl x | sh\n"]


def test_places() -> None:
    found = subjects(TEXT)
    build, last = (found[f"dockerfile/stage: Dockerfile / {label}"] for label in ("Build", "(last)"))
    assert [under(TEXT, o.span()) for o in build.origins["image"]] == ["golang:${GO}", "GO=1.26"]
    assert [under(TEXT, o.span()) for o in last.origins["image"]] == ["BASE=example/base:${GO}@x", "${BASE}"]
    assert under(TEXT, build.origins["user"][0].span()) == "builder"
    assert under(TEXT, last.origins["user"][0].span()) == "FROM ${BASE}"
    (source,) = last.origins["sources.0"]
    assert under(TEXT, source.span()) == "example/files:3"
    run = found["dockerfile/instruction: Dockerfile / Build / RUN make all"]
    assert under(TEXT, run.origins["run"][0].span(key=True)) == "RUN"


def test_flags_of_one_name_stand_together() -> None:
    run = subjects(TEXT)["dockerfile/instruction: Dockerfile / Build / RUN make all"]
    assert run.data["flags"] == {"mount": ["type=cache,target=/c", "from=example/tools:2,target=/t"]}


@pytest.mark.parametrize(
    ("arguments", "written", "image"),
    [
        ("", "a:${V}", unknown("a:${V}")),
        ("ARG V", "a:$V", unknown("a:$V")),
        ("ARG V", "a:${V:-2}", "a:2"),
        ("ARG V=1", "a:${V:-2}", "a:1"),
        ("ARG V=1", "a:${V-2}", "a:1"),
        ("ARG V=1", "a:1${V:+-slim}", "a:1-slim"),
        ("ARG V", "a:1${V:+-slim}", "a:1"),
        ('ARG V="1"', "a:$V-x", "a:1-x"),
        ("ARG V='1' W=2", '"a:${V}.${W}"', "a:1.2"),
        ("ARG V=1\nARG V", "a:$V", "a:1"),
        ("ARG V=1\nARG V=2", "a:$V", "a:2"),
        ("ARG V=1.2", "a:${V%.*}", unknown("a:${V%.*}")),
        ("ARG V=1", "a:\\$V", unknown("a:\\$V")),
        ("", "{{image}}", unknown("{{image}}")),
    ],
)
def test_arguments(arguments: str, written: str, image: Any) -> None:
    (stage,) = stages(f"{arguments}\nFROM {written}\n")
    assert stage["image"] == image


def test_arguments_that_double_each_other_stay_as_they_are_written() -> None:
    lines = ["ARG A0=" + "x" * 1000] + [f"ARG A{n}=$A{n - 1}$A{n - 1}" for n in range(1, 40)]
    (stage,) = stages("\n".join([*lines, "FROM a:$A39"]))
    assert isinstance(stage["image"], Unknown)
    assert len(stage["image"].text) <= 2 * limits.SCALAR_BYTES


def test_values_of_one_file_do_not_grow_without_end() -> None:
    long = "x" * (limits.SCALAR_BYTES // 2)
    many = 2 * limits.TEXT_BYTES // len(long)
    found = stages(f"ARG A={long}\n" + "".join(f"FROM b:$A AS s{n}\n" for n in range(many)))
    assert found[0]["image"] == f"b:{long}"
    assert found[-1]["image"] == unknown("b:$A")
    assert sum(1 for one in found if isinstance(one["image"], str)) <= many // 2 + 1


def test_many_stages_end_soon() -> None:
    found = stages("".join(f"FROM a AS s{n}\nCOPY --from=s{n - 1} a b\n" for n in range(5_000)))
    assert found[-1]["sources"] == []


def test_arguments_within_a_stage_are_not_of_its_base() -> None:
    assert stages("FROM a AS x\nARG V=1\nFROM b:$V")[1]["image"] == unknown("b:$V")


def test_stages_that_build_on_stages() -> None:
    first, second, third = stages(
        "FROM a AS Base\nUSER one\nFROM base\nCOPY --from=BASE a b\nFROM scratch\nUSER 0:0"
    )
    assert (second["base"], second["image"], second["user"], second["sources"]) == ("stage", "", "one", [])
    assert (third["base"], third["image"], third["user"]) == ("scratch", "", "0:0")
    assert [one["label"] for one in (first, second, third)] == ["Base", "base", "(last)"]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("FROM a:1", ["(last)"]),
        ("FROM h:5/a:1\nFROM a:2@x\nFROM a\nFROM b", ["h:5/a", "a", "a #2", "(last)"]),
        ("FROM a AS x\nFROM b AS x", ["x", "x #2"]),
        ("ARG A\nFROM $A\nFROM b", ["$A", "(last)"]),
        ("FROM scratch\nFROM scratch", ["scratch", "(last)"]),
    ],
)
def test_labels(text: str, labels: list[str]) -> None:
    assert [one["label"] for one in stages(text)] == labels


def test_what_copies_from_a_stage_below_names_an_image() -> None:
    assert stages("FROM a\nCOPY --from=1 x x\nCOPY --from=b x x\nFROM c AS b")[0]["sources"] == ["1", "b"]


@pytest.mark.parametrize(
    ("text", "opaque"),
    [
        ("", ""),
        ("# nothing\n", ""),
        ("RUN a\n", "a part of a Dockerfile: it does not start with FROM"),
        ("ARG A\n", "a part of a Dockerfile: it does not start with FROM"),
        ("{% if a %}\nFROM b\n", "a template, which cannot be judged alone"),
        ("FROM b\n{{ range .x }}\nRUN a\n", "a template, which cannot be judged alone"),
        ("# syntax=example/other:1\nBUILD a\n", "the frontend example/other:1 reads it in its own way"),
    ],
)
def test_what_cannot_be_judged_alone(text: str, opaque: str) -> None:
    read = reading("dockerfile", "Dockerfile", text)
    assert (read.subjects, read.opaque) == ((), opaque)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM a\n  RUNN b\n", "Dockerfile:2:3 `RUNN` is no instruction of a Dockerfile"),
        (
            "# syntax=docker/dockerfile:1\nBUILD a\n",
            "Dockerfile:2:1 `BUILD` is no instruction of a Dockerfile",
        ),
        ("apiVersion: v1\n", "Dockerfile:1:1 `APIVERSION:` is no instruction of a Dockerfile"),
        ("FROM\n", "Dockerfile:1:1 FROM takes one image, and a name after AS"),
        ("FROM a b\n", "Dockerfile:1:1 FROM takes one image, and a name after AS"),
        ("FROM a LIKE b\n", "Dockerfile:1:1 FROM takes one image, and a name after AS"),
    ],
)
def test_what_the_builder_refuses(text: str, said: str) -> None:
    assert problem(text) == said


def test_equal_instructions_are_told_apart() -> None:
    assert list(subjects("FROM a\nRUN b\nRUN b\n"))[2:] == [
        "dockerfile/instruction: Dockerfile / (last) / RUN b",
        "dockerfile/instruction: Dockerfile / (last) / RUN b #2",
    ]


def test_it_is_found_by_name() -> None:
    assert dockerfile.sniff("a/Dockerfile", b"\xff")
    assert not dockerfile.sniff("a/Makefile", b"FROM a")
