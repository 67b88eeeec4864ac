"""Which files may hold Kubernetes objects."""

from __future__ import annotations

import re

from changegate.model.pathnames import name_of, suffix_of

# Files of these names hold manifests or other data, and are parsed whenever they speak of both keys.
_DATA_SUFFIXES = frozenset({".yaml", ".yml", ".json"})

# Source code, prose and packed files only quote manifests. A file of any other name may hold one
# (`kubectl apply -f notes.txt` works).
_QUOTING = """
.adoc .asciidoc .bash .bat .bz2 .c .cc .cmd .cpp .cs .css .csv .cue .diff .dockerfile .erb .ex .exs .gif .go
.gotmpl .gz .h .hcl .hpp .htm .html .http .ico .ini .ipynb .j2 .java .jinja .jinja2 .jpeg .jpg .js .jsonl
.jsonnet .jsx .kt .kts .less .libsonnet .lock .log .lua .md .mdx .mjs .mk .mod .mustache .nix .org .patch
.pdf .php .pl .png .proto .ps1 .py .pyi .rb .rego .rs .rst .scala .scss .sh .sql .star .sum .svelte .svg
.swift .tar .tf .tfvars .tgz .tmpl .toml .tpl .ts .tsx .vue .wasm .xml .zip .zsh
"""
_QUOTING_SUFFIXES = frozenset(_QUOTING.split())

_KUSTOMIZATIONS = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# A key may spell `apiVersion` without containing it: with a letter written as an escape, which nobody
# does in earnest, or as an explicit key in quotes that goes over several lines.
_HIDDEN_KEY = re.compile(rb'\\(?:x|u00|U000000)[4-7][0-9A-Fa-f]|^[ \t-]*\?[ \t]+"', re.MULTILINE)
_API_VERSION = re.compile(rb"""^(?:-[ \t]+)?["']?apiVersion["']?[ \t]*:""", re.MULTILINE)
_KIND = re.compile(rb"""^[ \t-]*["']?kind["']?[ \t]*:""", re.MULTILINE)


def is_kustomization(path: str) -> bool:
    """Kustomize finds its instructions by these names, in files that need not say a kind."""
    return name_of(path) in _KUSTOMIZATIONS


def sniff(path: str, content: bytes) -> bool:
    """By content, in files of any name that is not source code or prose; not those that Kustomize reads
    by their names."""
    if is_kustomization(path):
        return False
    suffix = suffix_of(path)
    if suffix in _DATA_SUFFIXES:
        if content.startswith(_UTF16_MARKS):
            content = content.replace(b"\0", b"")
        return (b"apiVersion" in content and b"kind" in content) or bool(_HIDDEN_KEY.search(content))
    if suffix in _QUOTING_SUFFIXES or b"apiVersion" not in content:
        return False
    if content.lstrip()[:1] in {b"{", b"["}:
        return b"kind" in content
    return bool(_API_VERSION.search(content) and _KIND.search(content))
