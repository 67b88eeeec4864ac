"""What forges let people do: protections as denials, access as permissions, and their changes."""

# ruff: noqa: E501 (a case is read best on one line)

from __future__ import annotations

import pytest

from changegate.derive.grants.forges.owners import takes
from changegate.model.result import Result
from support.gating import gate, gating

WEAKENED = "least-privilege/branch-protection-weakened"
OWNERLESS = "least-privilege/owner-of-policy-removed"
GONE = "least-privilege/denial-removed"
PASSES = "least-privilege/protection-passed-over"
CONTROLS = "least-privilege/repository-controlled"


def block(words: str, *parts: str, label: str = "x") -> str:
    """A resource: its type and arguments in short (`github_team name=web`), then arguments and blocks in full."""
    type, *given = words.split()
    lines = [f"  {key} = {_value(value)}" for key, _, value in (word.partition("=") for word in given)]
    lines += [f"  {part}" for part in parts]
    return "\n".join([f'resource "{type}" "{label}" {{', *lines, "}", ""])


def _value(text: str) -> str:
    plain = (
        text in ("true", "false") or text.isdigit() or text.startswith(("var.", "local.", "data.", "github_"))
    )
    return text if plain or text.startswith("[") else f'"{text}"'


def terraform(base: str, head: str) -> Result:
    return gate({"main.tf": base} if base else {}, {"main.tf": head})


def denied(result: Result) -> set[tuple[str, str]]:
    """Action and place of every denial of the head."""
    return {
        (row.may.removeprefix("not "), row.on)
        for row in result.grants
        if row.effect == "deny" and row.change != "removed"
    }


def allowed(result: Result) -> set[tuple[str, str, str]]:
    return {(row.who, row.may, row.on) for row in result.newly_allowed if row.effect == "allow"}


def rules(result: Result) -> list[str]:
    return sorted({finding.rule for finding in result.findings})


def lost(result: Result) -> set[str]:
    """What is no longer denied, by the messages of the gating rule."""
    return {
        finding.message.partition("may now ")[2] for finding in result.findings if finding.rule == WEAKENED
    }


MAIN = "github_branch_protection repository_id=app pattern=main"
REVIEWS = "required_pull_request_reviews {\n required_approving_review_count = %d\n }"
CHECKS = "required_status_checks {\n contexts = [%s]\n }"
TEAM = block("github_team description=web")


def test_a_branch_protection_denies() -> None:
    head = block(
        f"{MAIN} enforce_admins=true require_signed_commits=true required_linear_history=false",
        "required_pull_request_reviews {\n required_approving_review_count = 2\n require_code_owner_reviews = true\n}",
        'required_status_checks {\n strict = true\n contexts = ["build"]\n }',
    )
    result = terraform("", head)
    assert denied(result) == {
        (action, "branch main of app")
        for action in (
            "rewrite history", "delete", "pass over it as an administrator", "push unsigned commits",
            "change without a pull request", "merge with 0 approvals", "merge with 1 approval",
            "merge without a code owner's approval", "merge without check build", "merge without any check",
        )
    }  # fmt: skip
    assert result.findings == ()


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("enforce_admins = true", "", {"pass over it as an administrator"}),
        ("", "allows_force_pushes = true", {"rewrite history"}),
        ("", "allows_deletions = true", {"delete"}),
        (REVIEWS % 3, REVIEWS % 1, {"merge with 1 approval", "merge with 2 approvals"}),
        ("required_pull_request_reviews { }", "", {"change without a pull request"}),
        (CHECKS % '"a", "b"', "", {"merge without any check"}),
        (CHECKS % '"a", "b"', CHECKS % '"b"', set()),
        ("require_signed_commits = true", "", set()),
    ],
)
def test_what_is_lost_of_a_protection(before: str, after: str, what: set[str]) -> None:
    result = terraform(block(MAIN, before), block(MAIN, after))
    assert lost(result) == what
    assert (WEAKENED if what else GONE) in rules(result)
    assert terraform(block(MAIN, after), block(MAIN, before)).findings == ()


def test_a_protection_that_is_removed() -> None:
    assert gating(terraform(block(MAIN), TEAM)) == [(WEAKENED, "main.tf", 1), (WEAKENED, "main.tf", 1)]


def test_a_protection_goes_with_its_repository() -> None:
    repository = block("github_repository name=app")
    protection = block("github_branch_protection repository_id=github_repository.x.node_id pattern=main")
    assert terraform(repository + protection, TEAM).findings == ()
    assert lost(terraform(repository + protection, repository)) == {"rewrite history", "delete"}


def test_a_protection_that_terraform_lets_go_of() -> None:
    head = "removed {\n  from = github_branch_protection.x\n  lifecycle {\n    destroy = false\n  }\n}\n"
    assert WEAKENED not in rules(terraform(block(MAIN), head))


@pytest.mark.parametrize(
    "head",
    [
        block(MAIN, label="y"),
        block("github_branch_protection repository_id=app pattern=*"),
        block("github_branch_protection_v3 repository=example/app branch=main"),
        block("github_branch_protection repository_id=app pattern=var.branch"),
        block("github_branch_protection repository_id=local.repository pattern=main"),
        block(f"{MAIN} allows_deletions=var.a allows_force_pushes=var.b"),
        block(f"{MAIN} allows_deletions=true allows_force_pushes=true")
        + block("github_branch_protection repository_id=app pattern=ma*", label="y"),
    ],
)
def test_a_protection_that_is_written_otherwise_is_not_lost(head: str) -> None:
    variables = (
        'variable "branch" {}\nvariable "a" {}\nvariable "b" {}\nlocals {\n repository = var.branch\n}\n'
    )
    assert gating(terraform(block(MAIN), head + variables)) == []


def test_repositories_are_known_by_reference() -> None:
    def of(name: str) -> str:
        where = f"data.github_repository.{name}.node_id"
        return block(f"github_branch_protection repository_id={where} pattern=main")

    assert lost(terraform(of("x"), of("y"))) == {"rewrite history", "delete"}


def ruleset(
    enforcement: str = "active", rules: str = "deletion = true", include: str = "~ALL", more: str = ""
) -> str:
    condition = f'conditions {{\n ref_name {{\n include = ["{include}"]\n exclude = []\n }}\n }}'
    return (
        f'resource "github_repository_ruleset" "x" {{\n name = "r"\n repository = "app"\n target = "branch"\n'
        f' enforcement = "{enforcement}"\n {condition}\n {more}\n rules {{\n {rules}\n }}\n}}\n'
    )


@pytest.mark.parametrize("enforcement", ["disabled", "evaluate"])
def test_a_ruleset_that_is_not_enforced(enforcement: str) -> None:
    result = terraform(ruleset(), ruleset(enforcement))
    assert gating(result) == [(WEAKENED, "main.tf", 14)]
    assert terraform(ruleset(enforcement), ruleset()).findings == ()


def test_a_ruleset_that_covers_a_branch_protection() -> None:
    rules = "deletion = true\n non_fast_forward = true"
    for include in ("~ALL", "~DEFAULT_BRANCH", "refs/heads/main", "refs/heads/ma*"):
        assert gating(terraform(block(MAIN), ruleset(rules=rules, include=include))) == []
    other = terraform(block(MAIN), ruleset(rules=rules, include="refs/heads/dev"))
    assert lost(other) == {"rewrite history", "delete"}


def test_who_may_pass_over() -> None:
    actors = 'bypass_actors {\n actor_id = 5\n actor_type = "Team"\n }'
    result = terraform(ruleset(), ruleset(more=actors))
    assert allowed(result) == {("group Team 5", "pass over ruleset r", "app")}
    assert rules(result) == [PASSES]
    protection = block(
        MAIN,
        'required_pull_request_reviews {\n pull_request_bypassers = ["/bot"]\n }',
        'restrict_pushes {\n push_allowances = ["example/core"]\n }',
        'force_push_bypassers = ["someone"]',
    )
    assert allowed(terraform("", protection)) == {
        ("user /bot", "change without a pull request", "branch main of app"),
        ("group example/core", "push", "branch main of app"),
        ("user someone", "rewrite history", "branch main of app"),
    }


def test_access_to_repositories() -> None:
    def team(permission: str) -> str:
        return block(f"github_team_repository team_id=web repository=app permission={permission}")

    assert allowed(terraform(team("push"), team("admin"))) == {("group web", "admin", "app")}
    assert rules(terraform(team("push"), team("admin"))) == [CONTROLS]
    assert [finding.status.value for finding in terraform(team("admin"), team("push")).findings] == ["absent"]
    assert terraform(team("push"), team("triage")).newly_allowed == ()
    (row,) = terraform(team("push"), team("var.p") + 'variable "p" {}\n').newly_allowed
    assert row.confidence == "exact"
    assert "var.p" in row.may


@pytest.mark.parametrize(
    ("resource", "row", "rule"),
    [
        ("github_membership username=a role=admin", "user a: own the organisation on the organisation", [CONTROLS]),
        ("github_membership username=a role=member", "", []),
        ("github_repository_collaborator repository=app username=a", "user a: push on app", []),
        ("github_repository_deploy_key repository=app title=k read_only=false", "service deploy key k: push on app",
         [CONTROLS]),
        ("github_workflow_repository_permissions repository=app default_workflow_permissions=write",
         "token tokens of all workflows: write by default on app", [CONTROLS]),
        ("github_app_installation_repository repository=app installation_id=7",
         "service app installation 7: reach on app", []),
        ('github_app_installation_repositories selected_repositories=["app"] installation_id=7',
         "service app installation 7: reach on repository app of the organisation", []),
        ("gitlab_project_membership project=app user_id=7 access_level=maintainer", "user 7: maintainer on app",
         [CONTROLS]),
        ("gitlab_deploy_key project=app title=k can_push=true", "service deploy key k: push on app", [CONTROLS]),
        ("gitlab_project_job_token_scope project=app enabled=false",
         "token tokens of jobs of every project: use the project's API on app", [CONTROLS]),
        ("gitlab_project name=app ci_push_repository_for_job_token_allowed=true",
         "token tokens of all jobs: push on app", [CONTROLS]),
    ],
)  # fmt: skip
def test_permissions(resource: str, row: str, rule: list[str]) -> None:
    result = terraform("", block(resource))
    assert {f"{who}: {may} on {on}" for who, may, on in allowed(result)} == ({row} if row else set())
    assert rules(result) == rule


def test_permissions_in_blocks() -> None:
    collaborators = block(
        "github_repository_collaborators repository=app",
        'user {\n username = "a"\n permission = "admin"\n }',
        'team {\n team_id = "t"\n }',
    )
    assert allowed(terraform("", collaborators)) == {("user a", "admin", "app"), ("group t", "push", "app")}
    branch = block("gitlab_branch_protection project=app branch=main", "allowed_to_push {\n user_id = 7\n }")
    assert allowed(terraform("", branch)) == {("user 7", "push", "branch main of app")}


ENVIRONMENT = "github_repository_environment repository=app environment=prod"
REVIEWERS = "reviewers {\n users = [1]\n }"
PROTECTED = "deployment_branch_policy {\n protected_branches = true\n custom_branch_policies = false\n }"
MANY = "wait_timer=5 can_admins_bypass=false prevent_self_review=true"


@pytest.mark.parametrize(
    ("before", "after", "what", "gates"),
    [
        (block("github_repository name=app visibility=private"), block("github_repository name=app visibility=public"),
         "read without being a member", False),
        (block("github_actions_repository_permissions repository=app allowed_actions=selected"),
         block("github_actions_repository_permissions repository=app allowed_actions=all"),
         "run any action in workflows", False),
        (block("github_actions_organization_permissions sha_pinning_required=true"),
         block("github_actions_organization_permissions sha_pinning_required=false"),
         "run actions that are not pinned", False),
        (block(ENVIRONMENT, REVIEWERS), block(ENVIRONMENT), "deploy without a reviewer", True),
        (block(f"{ENVIRONMENT} {MANY}", PROTECTED), block(f"{ENVIRONMENT} {MANY}"), "deploy from any branch", True),
        (block("gitlab_project name=app only_allow_merge_if_pipeline_succeeds=true"), block("gitlab_project name=app"),
         "merge without any check", True),
        (block("gitlab_project name=app", "push_rules {\n prevent_secrets = true\n }"),
         block("gitlab_project name=app"), "push files that hold secrets", False),
        (block("gitlab_project name=app visibility_level=private"),
         block("gitlab_project name=app visibility_level=internal"), "read without being a member", False),
        (block('gitlab_branch_protection project=app branch=main', 'push_access_level = "no one"'),
         block("gitlab_branch_protection project=app branch=main push_access_level=developer"),
         "change without a merge request", True),
        (block("gitlab_branch_protection project=app branch=main"),
         block("gitlab_branch_protection project=app branch=main allow_force_push=true"), "rewrite history", True),
        (block("gitlab_project_variable project=app key=K protected=true masked=true"),
         block("gitlab_project_variable project=app key=K masked=true"),
         "read in pipelines of unprotected branches", False),
        (block("gitlab_project_approval_rule project=app approvals_required=1"),
         block("gitlab_project_approval_rule project=app approvals_required=0"), "merge with 0 approvals", True),
        (block("gitlab_project_protected_environment project=app environment=prod required_approval_count=1"),
         block("gitlab_project_protected_environment project=app environment=prod"), "deploy without a reviewer", True),
    ],
)  # fmt: skip
def test_settings_that_are_weakened(before: str, after: str, what: str, gates: bool) -> None:
    result = terraform(before, after)
    told = [one.message for one in result.findings if one.rule == GONE]
    assert [f"was denied {what} on" in message for message in told] == ([] if gates else [True])
    assert lost(result) == ({what} if gates else set())
    assert terraform(after, before).findings == ()


def test_values_that_are_not_known_are_not_lost() -> None:
    variables = 'variable "v" {}\n'
    for before, after in (
        (block(ENVIRONMENT, REVIEWERS), block(ENVIRONMENT, "reviewers {\n users = var.v\n }")),
        (block(MAIN, REVIEWS % 2), block(MAIN, "required_pull_request_reviews {\n"
                                         " required_approving_review_count = var.v\n }")),
        (block(MAIN, CHECKS % '"a"'), block(MAIN, "required_status_checks {\n contexts = var.v\n }")),
        (block(MAIN, "enforce_admins = true"), block(MAIN, "enforce_admins = var.v")),
        (ruleset(), ruleset().replace('"active"', "var.v")),
        (block("gitlab_branch_protection project=app branch=main"),
         block("gitlab_branch_protection project=app branch=main allow_force_push=var.v")),
        (block("gitlab_branch_protection project=app branch=main", 'push_access_level = "no one"'),
         block("gitlab_branch_protection project=app branch=main push_access_level=var.v")),
    ):  # fmt: skip
        assert gating(terraform(before, after + variables)) == []


def test_what_is_gone_altogether_is_not_weakened() -> None:
    assert rules(terraform(block(ENVIRONMENT, REVIEWERS), TEAM)) == [GONE]


SETTINGS = """\
repository: {private: true}
branches:
  - name: main
    protection:
      required_pull_request_reviews: {required_approving_review_count: 1, dismiss_stale_reviews: true,
        bypass_pull_request_allowances: {users: [], teams: [core], apps: [bot]}}
      required_status_checks: {strict: true, contexts: [ci], checks: [{context: lint}]}
      restrictions: {users: [a], teams: [], apps: []}
environments:
  - {name: prod, reviewers: [{type: Team, id: 1}], deployment_branch_policy: null}
rulesets:
  - name: r
    target: branch
    enforcement: active
    conditions: {ref_name: {include: [refs/heads/release/*, refs/heads/x], exclude: [refs/heads/x]}}
    rules:
      - {type: deletion}
      - {type: pull_request, parameters: {required_approving_review_count: 1}}
      - {type: required_status_checks, parameters: {required_status_checks: [{context: ci}]}}
collaborators: [{username: a, permission: maintain}]
teams: [{name: ops, permission: admin}]
"""


def settings(base: str, head: str) -> Result:
    return gate(
        {".github/settings.yml": base} if base else {}, {".github/settings.yml": head} if head else {"a": "b"}
    )


def test_the_settings_app() -> None:
    result = settings("", SETTINGS)
    main, release = "branch main of this repository", "branch release/* of this repository"
    assert denied(result) == {
        ("read without being a member", "this repository"),
        *((what, main) for what in (
            "rewrite history", "delete", "change without a pull request", "merge with 0 approvals",
            "merge what changed after its approval", "merge without check ci", "merge without check lint",
            "merge without any check", "push without being named")),
        *((what, release) for what in (
            "delete", "change without a pull request", "merge with 0 approvals", "merge without check ci",
            "merge without any check")),
        ("deploy without a reviewer", "environment prod of this repository"),
    }  # fmt: skip
    assert allowed(result) == {
        ("group core", "change without a pull request", main),
        ("service bot", "change without a pull request", main),
        ("user a", "push", main),
        ("user a", "maintain", "this repository"),
        ("group ops", "admin", "this repository"),
    }


def test_what_the_settings_app_is_not_told_of_stays() -> None:
    assert gating(settings(SETTINGS, "")) == []
    assert gating(settings(SETTINGS, "repository: {private: true}\n")) == []
    assert lost(
        settings(SETTINGS, SETTINGS.replace("reviewers: [{type: Team, id: 1}]", "reviewers: []"))
    ) == {"deploy without a reviewer"}


@pytest.mark.parametrize("text", ["branches: {main: {}}\n", "- a\n", "teams: [a]\n"])
def test_settings_that_no_app_reads_block(text: str) -> None:
    (entry,) = settings("", text).ledger
    assert entry.state.value == "blocked"


@pytest.mark.parametrize(
    ("pattern", "path", "taken"),
    [
        ("*", "a/b/c", True),
        ("*.js", "a/b.js", True),
        ("docs", "a/docs/b", True),
        ("docs/", "a/docs/b/c", True),
        ("/docs/", "a/docs/b", False),
        ("/docs", "docs/b/c", True),
        ("docs/*", "docs/a", True),
        ("docs/*", "docs/a/b", False),
        ("/*", "a", True),
        ("/*", "a/b", False),
        ("**/logs", "a/logs/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a b", "a b", True),
    ],
)
def test_which_paths_a_pattern_takes(pattern: str, path: str, taken: bool) -> None:
    assert takes(pattern, path) is taken


def owners(base: str, head: str, path: str = ".github/CODEOWNERS") -> Result:
    return gate({".github/CODEOWNERS": base}, {path: head})


def gone(result: Result) -> set[str]:
    return {
        f.message.partition("denied ")[2].partition(", and")[0] for f in result.findings if f.rule == GONE
    }


def test_lines_that_take_ownership_away() -> None:
    base = "* @a\n/docs/ @b # the writers\n"
    assert gone(owners(base, f"{base}*.md\n")) == {
        "change without an owner's approval on path *.md of this repository"
    }
    assert owners(base, "* @a\n").findings == ()
    assert owners(base, f"# more\n\n{base}/src/ @c\n").findings == ()


def test_workflows_that_lose_their_owner_gate() -> None:
    base = "/.github/ @sec\n/src/ @a\n"
    assert gating(owners(base, "/src/ @a\n")) == [
        (OWNERLESS, ".github/CODEOWNERS", 1),
        (OWNERLESS, ".github/CODEOWNERS", 1),
    ]
    assert len(gating(gate({".github/CODEOWNERS": base}, {"README": ""}))) == 2


def test_workflows_that_lose_an_owner_of_their_own() -> None:
    base = "* @a\n/.github/ @sec\n"
    result = owners(base, "* @a\n")
    assert gating(result) == []
    assert gone(result) == {
        "change without the approval of its own owner on path .github/workflows/ of this repository",
        "change without the approval of its own owner on path .github/CODEOWNERS of this repository",
    }


def test_only_one_file_of_owners_counts() -> None:
    both = {".github/CODEOWNERS": "* @a\n", "docs/CODEOWNERS": "* @a\n"}
    assert gate(both, both | {"docs/CODEOWNERS": "/docs/ @a\n"}).findings == ()
    assert owners("* @a\n", "* @a\n", "docs/CODEOWNERS").findings == ()


def test_sections_of_gitlab() -> None:
    base = "[Base] @a\n*\n[Security][2] @sec\n.gitlab-ci.yml\n"
    assert (
        len(gating(gate({"CODEOWNERS": base}, {"CODEOWNERS": base.replace("[Base] @a", "^[Base] @a")}))) == 2
    )
    assert (
        gating(gate({"CODEOWNERS": base}, {"CODEOWNERS": base.replace(".gitlab-ci.yml", "!.gitlab-ci.yml")}))
        == []
    )


def test_owners_that_change_all_at_once_block() -> None:
    base, head = ("".join(f"/{name}{at}/ @a\n" for at in range(1500)) for name in "ab")
    (problem,) = owners(base, head).problems
    assert problem.cause == "too many lines of owners change at once"


def test_a_file_of_owners_that_cannot_be_read_blocks() -> None:
    (entry,) = gate({}, {"CODEOWNERS": b"* @a\xff\n"}).ledger
    assert entry.state.value == "blocked"


def test_a_file_of_owners_over_the_limit_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("changegate.limits.NODES", 10)
    assert gate({}, {"CODEOWNERS": "a @a\nb @b\n"}).ledger[0].state.value == "judged"
    (entry,) = gate({}, {"CODEOWNERS": "a @a\nb @b\nc @c\n"}).ledger
    assert (entry.state.value, entry.line) == ("blocked", 3)


def test_owners_in_odd_spellings() -> None:
    text = "\\#a @a\nb\\ c @b # why\n[x @c\n! \n"
    assert denied(gate({"CODEOWNERS": "/z @a\n"}, {"CODEOWNERS": text})) == {
        ("change without an owner's approval", f"path {path} of this repository")
        for path in ("#a", "b c", "[x")
    }


def test_modules_and_their_repositories() -> None:
    module = block("github_repository name=app") + block(
        "github_branch_protection repository_id=github_repository.x.node_id pattern=main"
    )
    call = 'module "m" {\n  source = "./m"\n}\n'
    result = gate({}, {"main.tf": call, "m/main.tf": module})
    several = call.replace('./m"', './m"\n  for_each = toset([1])')
    assert denied(gate({}, {"main.tf": several, "m/main.tf": module})) == denied(result)
    assert denied(result) == {("rewrite history", "branch main of app"), ("delete", "branch main of app")}


def test_what_no_reader_expects_says_nothing() -> None:
    odd = "branches: [{name: 1, protection: {required_status_checks: 5, restrictions: 5}}]\nrepository: 5\n"
    assert {action for action, _ in denied(settings("", odd))} == {"rewrite history", "delete"}
    rules = "rulesets: [{name: r, enforcement: active, rules: [1, {type: creation}], bypass_actors: [{actor_type: Team}]}]\n"
    assert allowed(settings("", rules)) == {("group Team", "pass over ruleset r", "this repository")}
    flags = "rulesets: [{enforcement: active, rules: [{type: required_signatures}, {type: update}]}]\n"
    assert denied(settings("", flags)) == {("push unsigned commits", "branch ~ALL of this repository")}
    vague = "rulesets: [{name: r, enforcement: active, bypass_actors: [{actor_id: 1}], rules: [{type: deletion}]}]\n"
    assert allowed(settings("", vague)) == {("group 1", "pass over ruleset r", "this repository")}
    tags = "rulesets: [{enforcement: active, target: tag, conditions: {ref_name: {include: [refs/tags/v*]}}, rules: [{type: deletion}]}]\n"
    assert denied(settings("", tags)) == {("delete", "tag v* of this repository")}


def test_settings_without_anything() -> None:
    assert settings("", "# nothing\n").findings == ()
    assert gate({}, {"CODEOWNERS": "# nothing\n"}).findings == ()


def test_the_settings_app_switches_a_protection_off() -> None:
    base = "branches: [{name: main, protection: {enforce_admins: true}}]\n"
    off = settings(base, "branches: [{name: main, protection: null}]\n")
    assert lost(off) == {"rewrite history", "delete", "pass over it as an administrator"}
    assert gating(settings(base, "branches: [{name: main}]\n")) == []


def test_selected_repositories_that_are_not_known() -> None:
    head = block("github_app_installation_repositories installation_id=7 selected_repositories=var.v")
    assert allowed(terraform("", head + 'variable "v" {}\n')) == set()


def test_actions_that_may_run_are_not_known() -> None:
    def of(value: str) -> str:
        return block(f"github_actions_repository_permissions repository=app allowed_actions={value}")

    assert rules(terraform(of("selected"), of("var.v") + 'variable "v" {}\n')) == [GONE]
