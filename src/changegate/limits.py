"""Every limit of the program, in one table. Each is tested at the limit and one past it.

A limit that is reached makes its input *blocked* (exit 3) with a message that names the limit;
nothing is ever cut short in silence.
"""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# Input files.
FILE_BYTES: Final = 10 * MIB  # one governed file
PLAN_BYTES: Final = 64 * MIB  # one Terraform plan: JSON repeats every attribute several times
RUN_BYTES: Final = 512 * MIB  # all governed files of one run
TREE_ENTRIES: Final = 500_000  # paths in one tree
SEARCH_BYTES: Final = 64 * MIB  # unchanged files kept in memory between searches for joins
AHEAD_BYTES: Final = 1 * MIB  # files that the judging process fetches with one question
AHEAD_BLOBS: Final = 64
MANY: Final = 2_000  # files or changes that are worth a process beside the judging one
REFS_BYTES: Final = 256 * MIB  # one file of a git directory (index, packed refs)

# Parsed documents.
DEPTH: Final = 100  # the CEL runtime crashes near 6,000 levels; no real file passes 40
NODES: Final = 1_000_000  # per file, aliases expanded
DOCUMENTS: Final = 1_000  # per YAML file
ALIASES: Final = 1_000  # per YAML file
DIRECTIVES: Final = 100  # %TAG lines per YAML file: libyaml compares each with all before it
EXPANSION: Final = 50  # nodes after aliases / nodes written
SCALAR_BYTES: Final = 64 * KIB  # one key or plain value; block text is held by TEXT_BYTES
TEXT_BYTES: Final = 1 * MIB  # one string value (policy text in a ConfigMap, a heredoc)
INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1

# Grants.
GRANTS: Final = 100_000  # of one side
RULE_CELLS: Final = 100_000  # verbs x resources x names of one rule or statement

# Comparing what policies allow. One that passes these is told as new, and that it may be too much.
PATTERN_CHARS: Final = 2 * KIB  # what AWS allows in the name of a resource
WALK_STEPS: Final = 50_000  # steps of pattern machines for one grant
WALKS_STEPS: Final = 1_500_000  # and for all grants of one side
CONDITION_ATOMS: Final = (
    8  # independent conditions of one principal: their truths are gone through one by one
)

# Kustomize builds: one that passes these is opaque.
BUILD_DEPTH: Final = 20  # kustomizations that include each other
BUILD_STEPS: Final = 1_000  # kustomizations that one build goes through

# Rendering charts with helm.
RENDERS: Final = 100  # releases, base and head counted apart
RENDER_SECONDS: Final = 30  # of one release on one side
RENDER_MEMORY_BYTES: Final = 4096 * MIB  # where the system counts it (Linux)
RENDER_BYTES: Final = 16 * MIB  # what one release renders to
CHART_BYTES: Final = 64 * MIB  # all files of one chart
CHART_FILES: Final = 5_000

# Rules.
RULE_BYTES: Final = 256 * KIB
EXPRESSION_BYTES: Final = 8 * KIB
EXPRESSION_DEPTH: Final = 30  # nesting both CEL engines accept
RULES: Final = 5_000
WAIVERS: Final = 10_000

# The judging process.
MEMORY_BYTES: Final = 2048 * MIB
CPU_SECONDS: Final = 120
WALL_SECONDS: Final = 120
CONTEXT_ROUNDS: Final = 3

# Outputs.
SARIF_RESULTS: Final = 5_000  # GitHub keeps the first 5,000 results of a run
SARIF_BYTES: Final = 10 * MIB  # GitHub's bound for the compressed upload; ours is before compression
SARIF_LOCATIONS: Final = 100  # related locations of one result
SARIF_TAGS: Final = 20
SARIF_NOTIFICATIONS: Final = 1_000
SUMMARY_BYTES: Final = 1 * MIB  # GitHub drops a larger job summary of a step whole
EVENT_BYTES: Final = 32 * MIB  # the event of a CI run; GitHub caps its own at 25 MB
MESSAGE_CHARS: Final = 1_000
EXCERPT_CHARS: Final = 200
