"""Shapes of credentials that their issuers document, as RE2 patterns."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

TOKENS: Final = (
    # AWS access key ids and the prefixes of temporary and role ids.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    r"\bgh[pousr]_[A-Za-z0-9]{36,}\b",
    r"\bgithub_pat_[A-Za-z0-9_]{22,}\b",
    r"\bglpat-[A-Za-z0-9_-]{20,}",  # GitLab
    r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"\bAIza[A-Za-z0-9_-]{35}",  # Google
    r"\bya29\.[A-Za-z0-9_-]{20,}",  # Google OAuth
    r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}\b",  # Stripe
    r"\bnpm_[A-Za-z0-9]{36}\b",
    r"\bpypi-[A-Za-z0-9_-]{16,}",
    r"\bhvs\.[A-Za-z0-9_-]{20,}",  # Vault
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.?[A-Za-z0-9_-]*",  # JSON Web Token
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]+(?:-----END [A-Z ]*PRIVATE KEY-----)?)?",
)

# Words that a variable's name ends in when its value is a credential. `_FILE`, `_PATH` and `_NAME` behind
# them tell where it is instead, and so do not match.
_NAMES: Final = (
    r"(?i)(?:^|[_.-])(?:password|passwd|passphrase|secret|token|api_?key|access_?key|private_?key|"
    r"secret_?key|encryption_?key|credentials?)$"
)
_SHORTEST: Final = 15  # of all tokens
_USERINFO: Final = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*:[^\s/@$]+@"
_EXAMPLES: Final = r"(?i)example|placeholder|changeme|change-me|redacted|your[-_]|<[^>]*>|x{6}|\*{3}"


@cache
def _compiled() -> tuple[Any, Any, Any, Any]:
    import re2

    return (
        re2.compile("|".join(TOKENS)),
        re2.compile(_NAMES),
        re2.compile(_USERINFO),
        re2.compile(_EXAMPLES),
    )


def is_token(value: str) -> bool:
    """Whether a text holds a credential of a known shape. Those that call themselves examples do not."""
    if len(value) < _SHORTEST:
        return False
    tokens, _, _, examples = _compiled()
    return bool(tokens.search(value)) and not examples.search(value)


def names_secret(name: str, value: str) -> bool:
    """Whether a literal value is a credential by its variable's name, or holds a password in a URL."""
    _, names, userinfo, examples = _compiled()
    if not (names.search(name) or ("://" in value and userinfo.match(value))):
        return False
    if not value.strip() or value.lower() in ("true", "false") or value.isdigit() or examples.search(value):
        return False
    # A reference, or where the secret is.
    return not value.startswith(("$", "/", "vault:", "ref+", "arn:", "file:", "{{"))
