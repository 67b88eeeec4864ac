"""Files made to pass unseen, to be read in two ways, or to cost more than they should."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from changegate import limits
from changegate.errors import InputProblem
from changegate.syntax import read_file
from support.spans import read, refused

MANIFESTS = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: &l {app: web}}\nspec:\n  containers:\n"
    '  - name: web\n    image: "nginx:1.25"\n    args: [\'-c\', "a\\tb"]\n    securityContext:\n'
    "      privileged: false # no\n    env:\n    - {name: A, value: !!str 1}\n---\n<<: *l\n",
    "name: ci\non: {push: {branches: [main]}}\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n"
    "    - uses: actions/checkout@v4\n    - run: |\n        make\n        make test\n"
    "    - run: >-\n        a\n",
    '{"a": [1, 2.5e3, null, true, "x\\u00e9"], "b": {"c": "d"}, "e": []}',
)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2",
        'a: 1\n"a": 2',
        "a: 1\n'a': 2",
        "{a: 1, a: 2}",
        '{"a": 1, "a": 2}',
        "x:\n  y:\n    a: 1\n    a: 2",
        "- - a: 1\n    b: 2\n    a: 3",
        "[{a: 1, a: 2}]",
        "? a\n: 1\n? a\n: 2",
        "a: 1\n? |-\n  a\n: 2",
        "1: a\n'1': b",
        "1: a\n0x1: b",
        "1: a\n1.0: b",
        "true: a\n'true': b",
        "true: a\nTRUE: b",
        "on: a\n'on': b",
        "true: a\non: b",
        "yes: a\non: b",
        "!!str a: 1\na: 2",
        "&x a: 1\na: 2",
        "a: &x b\nb: 1\n*x : 2",
        "a: {<<: {b: 1}, <<: {c: 2}}",
        '"\\u0061": 1\na: 2',
        "a: 1\nb: {c: 1}\n\n---\nd: 1\nd: 2",
        "a:\na:\n",
    ],
)
def test_duplicate_keys(text: str) -> None:
    where, cause = refused(text)
    assert cause.startswith("duplicate key"), cause
    assert where != "1:1"


def cheaply(content: str, path: str = "file.yaml") -> str:
    """The cause of the refusal, which must cost little memory; exponential work would never end."""
    tracemalloc.start()
    try:
        _, cause = refused(content, path)
        assert tracemalloc.get_traced_memory()[1] < 100 * limits.MIB
    finally:
        tracemalloc.stop()
    return cause


def levels(first: str, line: str, count: int) -> str:
    return f"a0: &a0 {first}\n" + "".join(
        f"a{n}: &a{n} {line.replace('@', f'*a{n - 1}')}\n" for n in range(1, count)
    )


def test_alias_bombs() -> None:
    assert "aliases expanded" in cheaply(levels("[x, x, x]", "[@, @, @, @, @, @, @, @, @]", 10))
    assert "aliases expand" in cheaply(levels("[x, x, x]", "[@, @, @, @, @]", 7))


def test_merge_bombs() -> None:
    assert "aliases expanded" in cheaply(levels("{k: v}", "{<<: [@, @]}", 60))
    assert "aliases expanded" in cheaply(levels("{k: v}", "{<<: [@, {<<: @}, {x: @}]}", 60))


def test_deep_merge_chain_is_read() -> None:
    document = read(levels("{k: v}", "{<<: @}", 60)).documents[0]
    assert document.value["a59"] == {"k": "v"}
    assert document.locate(("a59", "k"), key=True).start_line == 1
    assert "nested deeper" in cheaply(levels("{k: v}", "{<<: @}", 200))


@pytest.mark.parametrize("text", ["&a [*a]", "a: &a {b: [*a]}", "&a {<<: *a}", "&a {? x : *a}"])
def test_cycles(text: str) -> None:
    assert "stands inside of what it repeats" in refused(text)[1]


def test_aliases_at_the_limit() -> None:
    text = "- &a x\n" + "- *a\n" * limits.ALIASES
    assert len(read(text).documents[0].value) == limits.ALIASES + 1
    assert refused(text + "- *a\n") == (
        f"{limits.ALIASES + 2}:3",
        f"more than {limits.ALIASES} aliases in one file",
    )


@pytest.mark.parametrize("path", ["file.yaml", "file.json"])
def test_depth_at_the_limit(path: str) -> None:
    at = "[" * limits.DEPTH + "]" * limits.DEPTH
    assert read(at, path).documents
    assert refused(f"[{at}]", path) == (f"1:{limits.DEPTH + 1}", f"nested deeper than {limits.DEPTH} levels")
    objects = '{"a":' * limits.DEPTH + "1" + "}" * limits.DEPTH
    assert read(objects, path).documents
    assert refused(f"[{objects}]", path)[1] == f"nested deeper than {limits.DEPTH} levels"
    assert "nested deeper" in cheaply("[" * 100_000, path)
    assert "nested deeper" in cheaply("[" * 100_000 + "]" * 100_000, path)
    assert "nested deeper" in cheaply('["x\\"[", ' * 100_000, path)


def test_depth_counts_aliases_and_blocks() -> None:
    half = "&a " + "[" * 60 + "]" * 60
    assert "nested deeper" in refused(f"a: {half}\nb: {'[' * 40}*a{']' * 40}\n")[1]
    assert "nested deeper" in cheaply("- " * 100_000)
    assert "as a map key" in cheaply("? " * 100_000 + "a")


def test_numbers_of_many_digits() -> None:
    assert "does not fit" in cheaply("a: " + "9" * 5_000)
    assert "does not fit" in cheaply("a: 0x" + "f" * 60_000)
    assert "bytes" in cheaply("a: 0x" + "f" * 1_000_000)
    assert "does not fit" in cheaply("[" + "9" * 1_000_000 + "]", "file.json")
    assert "range" in cheaply("a: 1" + "0" * 60_000 + ".0")


@pytest.mark.parametrize(
    ("text", "bound", "what"),
    [
        ("a: @", limits.SCALAR_BYTES, "a key or plain value"),
        ("? '@'\n: 1", limits.SCALAR_BYTES, "a key or plain value"),
        ("? @\n: 1", limits.SCALAR_BYTES, "a key or plain value"),
        ("a: '@'", limits.TEXT_BYTES, "a text"),
        ("a: &x '@'", limits.TEXT_BYTES, "a text"),
        ("a: |-\n  @\n", limits.TEXT_BYTES, "a text"),
    ],
)
def test_text_sizes(text: str, bound: int, what: str) -> None:
    assert read(text.replace("@", "é" + "x" * (bound - 2))).documents
    assert refused(text.replace("@", "é" + "x" * (bound - 1)))[1] == f"{what} of more than {bound} bytes"


def test_text_sizes_in_json() -> None:
    for text, bound, what in (
        ('["@"]', limits.TEXT_BYTES, "a text"),
        ('{"@": 1}', limits.SCALAR_BYTES, "a name"),
    ):
        assert read(text.replace("@", "é" + "x" * (bound - 2)), "a.json").documents
        refusal = refused(text.replace("@", "é" + "x" * (bound - 1)), "a.json")
        assert refusal[1] == f"{what} of more than {bound} bytes"


def test_documents_at_the_limit() -> None:
    text = "---\na: 1\n" * (limits.DOCUMENTS - 1) + "---\nlast: yes\n"
    documents = read(text).documents
    assert documents[-1].value == {"last": "yes"}
    assert documents[-1].index == limits.DOCUMENTS - 1
    assert documents[-1].locator.value(("last",)) is not None
    cause = f"more than {limits.DOCUMENTS} documents in one file"
    assert refused(text + "---\nb: 1\n") == (f"{2 * limits.DOCUMENTS + 1}:1", cause)
    assert refused("---\n" * (limits.DOCUMENTS + 1))[1] == cause
    assert len(read("{}\n" * limits.DOCUMENTS, "a.jsonl").documents) == limits.DOCUMENTS
    assert refused("{}\n" * (limits.DOCUMENTS + 1), "a.jsonl")[1] == cause


def test_nodes_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NODES", 20)
    for path in ("a.yaml", "a.json"):
        assert read("[" + ",".join("1" * 19) + "]", path).documents
        assert "more than 20 nodes" in refused("[" + ",".join("1" * 20) + "]", path)[1]
    assert read("[&a [1, 2, 3, 4, 5, 6, 7, 8], *a]").documents
    assert "more than 20 nodes" in refused("[&a [1, 2, 3, 4, 5, 6, 7, 8, 9], *a]")[1]


def test_expansion_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPANSION", 2)
    # Written: the root, the outer list's two, the first inner list's four, and the aliases. Each alias adds
    # the four members it repeats.
    assert read("[&a [1, 2, 3, 4], [*a, *a]]").documents
    where, cause = refused("[&a [1, 2, 3, 4], [*a, *a, *a]]")
    assert (where, cause) == ("1:20", "aliases expand 10 nodes to 22, more than 2 times")


def test_directives_at_the_limit() -> None:
    lines = "".join(f"%TAG !t{n}! tag:example.com,{n}:\n" for n in range(limits.DIRECTIVES))
    assert read(f"{lines}---\na: 1\n").documents[0].value == {"a": 1}
    assert refused(f"%YAML 1.1\n{lines}---\na: 1\n")[1] == f"more than {limits.DIRECTIVES} YAML directives"


def test_a_comment_cannot_hide_a_key() -> None:
    for odd in "\u2028\u2029\x85\r":
        assert refused(f"a: 1 # note{odd}b: 2\n")[0] == "1:12"


@pytest.mark.parametrize("text", MANIFESTS)
def test_mutations_end_in_documents_or_problems(text: str) -> None:
    source = random.Random(len(text))
    alphabet = "\0\t\n\r \"'#%&*,-.:<>?@[]{}|!~0123456789aefnoxyzEFNOY\\\x85\u2028\ufeffé😀"
    path = "a.json" if text.startswith("{") else "a.yaml"
    for _ in range(1_500):
        mutated = list(text)
        for _ in range(source.randint(1, 4)):
            at = source.randrange(len(mutated))
            action = source.randrange(4)
            if action == 0:
                mutated[at] = source.choice(alphabet)
            elif action == 1:
                mutated.insert(at, source.choice(alphabet))
            elif action == 2:
                del mutated[at]
            else:
                cut = source.randrange(len(mutated))
                mutated[at:at] = mutated[cut : cut + 20]
        try:
            file = read_file(path, "".join(mutated).encode())
        except InputProblem as problem:
            assert problem.__cause__ is None, repr("".join(mutated))
            continue
        for document in file.documents:
            assert document.locator.value(()) is not None
            for route in (*document.alternatives, *document.merged):
                assert document.locator.value(route) is not None, repr("".join(mutated))
