"""Grants of Google Cloud in Terraform code and plans."""

# ruff: noqa: E501 (a case is read best on one line)

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.derive.grants import gcp
from changegate.derive.grants.gcp.members import member, provider
from changegate.derive.grants.gcp.places import stem_of
from changegate.errors import InputProblem
from changegate.model.proposal import Side
from changegate.model.subject import Unknown
from support.clouds import changes, grant, grants, text, words
from support.grant_subjects import index
from support.tfcode import resource

POOL = "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci"


def member_of(
    role: str,
    who: str = "user:ann@example.com",
    type: str = "google_project_iam_member",
    more: str = 'project = "p"',
) -> str:
    return f'resource "{type}" "x" {{\n  role = "{role}"\n  member = "{who}"\n  {more}\n}}\n'


def binding(
    members: list[str],
    role: str = "roles/browser",
    more: str = 'project = "p"',
    type: str = "google_project_iam_binding",
) -> str:
    return f'resource "{type}" "x" {{\n  role = "{role}"\n  members = {json.dumps(members)}\n  {more}\n}}\n'


@pytest.mark.parametrize(
    ("who", "type", "id", "public", "external"),
    [
        ("user:ann@example.com", "user", "user:ann@example.com", "none", False),
        ("user:ann@gmail.com", "user", "user:ann@gmail.com", "none", True),
        ("group:g@example.com", "group", "group:g@example.com", "none", False),
        ("domain:example.com", "group", "domain:example.com", "none", False),
        ("allUsers", "any", "anyone", "anyone", False),
        ("allAuthenticatedUsers", "any", "anyone with a Google account", "authenticated", False),
        ("serviceAccount:a@p.iam.gserviceaccount.com", "service_account", "serviceAccount:a@p.iam.gserviceaccount.com", "none", False),
        ("serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com", "service", "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com", "none", False),
        (Unknown("serviceAccount:${google_service_account.ci.email}"), "service_account", "google_service_account.ci", "none", False),
        (Unknown('serviceAccount:${google_service_account.ci["a.b"].email}'), "service_account", 'google_service_account.ci["a.b"]', "none", False),
        (Unknown("serviceAccount:${google_project_service_identity.ps.email}"), "service", "google_project_service_identity.ps", "none", False),
        (Unknown("google_service_account.ci.member"), "service_account", "google_service_account.ci", "none", False),
        (Unknown("google_project_service_identity.ps.member"), "service", "google_project_service_identity.ps", "none", False),
        (Unknown("module.m.google_logging_project_sink.s[each.key].writer_identity"), "service", "module.m.google_logging_project_sink.s[each.key]", "none", False),
        (Unknown("module.m.writer_identity"), "any", "?module.m.writer_identity", "?module.m.writer_identity", False),
        (Unknown("group:${var.group}"), "group", "group:${var.group}", "none", False),
        (Unknown("var.who"), "any", "?var.who", "?var.who", False),
        (Unknown("google_project_iam_member.m.member"), "any", "?google_project_iam_member.m.member", "?google_project_iam_member.m.member", False),
        (Unknown("${var.kind}:x"), "any", "?${var.kind}:x", "?${var.kind}:x", False),
        ("someone", "any", "someone", "none", False),
        (7, "any", "?there", "?there", False),
        (f"principal://{POOL}/subject/s", "federated", f"principal://{POOL}/subject/s", "none", True),
    ],
)  # fmt: skip
def test_who_a_member_is(who: Any, type: str, id: str, public: str, external: bool) -> None:
    found = member(who, "there").principal
    assert (found.type, text(found.id), text(found.public), found.external) == (type, id, public, external)


def test_everyone_of_a_pool_is_not_narrowed() -> None:
    assert member(f"principalSet://{POOL}/*", "").missing_conditions == ("attribute",)
    assert member(f"principalSet://{POOL}/attribute.repository/example/app", "").missing_conditions == ()


@pytest.mark.parametrize(
    ("issuer", "condition", "public"),
    [
        ("https://token.actions.githubusercontent.com", None, "authenticated"),
        ("https://gitlab.com/", "", "authenticated"),
        ("https://app.terraform.io", "true", "authenticated"),
        ("https://token.actions.githubusercontent.com", "assertion.repository_owner == 'example'", "none"),
        ("https://token.actions.githubusercontent.com", Unknown("var.condition"), "?var.condition"),
    ],
)
def test_who_a_provider_lets_in(issuer: str, condition: Any, public: str) -> None:
    found = provider(issuer, condition)
    assert found is not None
    assert text(found.principal.public) == public
    assert ("missing_condition" in found.flags) is (public == "authenticated")


@pytest.mark.parametrize("issuer", ["https://gitlab.example.com", Unknown("var.issuer"), None])
def test_an_issuer_of_ones_own_lets_in_nobody_else(issuer: Any) -> None:
    assert provider(issuer, None) is None


@pytest.mark.parametrize(
    ("type", "more", "scope", "resources"),
    [
        ("google_project_iam_member", 'project = "p"', ("project", "p"), ["*"]),
        ("google_project_iam_member", "project = var.p", ("project", "?var.p"), ["*"]),
        ("google_project_iam_member", 'project = "projects/${var.p}"', ("project", "?var.p"), ["*"]),
        ("google_project_iam_member", "", ("project", ""), ["*"]),
        ("google_folder_iam_member", 'folder = "folders/1"', ("folder", "1"), ["*"]),
        ("google_organization_iam_member", 'org_id = "9"', ("organization", "9"), ["*"]),
        ("google_storage_bucket_iam_member", 'bucket = "b"', ("resource", "storage_bucket b"), ["storage_bucket b"]),
        ("google_pubsub_topic_iam_member", "topic = google_pubsub_topic.t.id", ("resource", "pubsub_topic google_pubsub_topic.t.id"), ["pubsub_topic google_pubsub_topic.t.id"]),
        ("google_cloud_run_service_iam_member", 'service = "s"', ("resource", "cloud_run_service s"), ["cloud_run_service s"]),
    ],
)  # fmt: skip
def test_where_a_role_is_given(type: str, more: str, scope: tuple[str, str], resources: list[str]) -> None:
    found = grant(gcp, 'variable "p" {}\n' + member_of("roles/browser", type=type, more=more))
    assert (found["scope"]["type"], text(found["scope"]["id"])) == scope
    assert found["resources"]["include"] == resources


def test_what_holds_a_policy() -> None:
    assert stem_of("google_kms_crypto_key_iam_binding") == "kms_crypto_key"
    assert stem_of("google_iam_policy") == ""
    assert stem_of("google_project_iam_custom_role") == ""
    assert stem_of("aws_iam_policy") == ""


@pytest.mark.parametrize(
    ("role", "flags", "some"),
    [
        ("roles/owner", ["admin"], "gcp-project-setiampolicy"),
        ("roles/editor", ["escalation_indirect", "impersonate"], "gcp-sa-keys-create"),
        ("roles/iam.serviceAccountTokenCreator", ["impersonate"], "gcp-sa-signjwt"),
        ("roles/resourcemanager.projectIamAdmin", ["escalation"], "gcp-project-setiampolicy"),
        ("roles/iam.serviceAccountUser", ["escalation_indirect"], "gcp-sa-actas:indirect"),
        ("roles/secretmanager.secretAccessor", ["escalation_indirect", "secrets_read"], "gcp-secret-access:indirect"),
        ("roles/pubsub.admin", ["escalation_indirect"], "gcp-any-setiampolicy:indirect"),
        ("roles/pubsub.publisher", [], ""),
        ("roles/run.invoker", ["published"], ""),
    ],
)  # fmt: skip
def test_what_a_role_leads_to_in_a_project(role: str, flags: list[str], some: str) -> None:
    found = grant(gcp, member_of(role))
    assert found["flags"] == flags
    assert some in found["escalations"] or not some
    assert found["role"] == {"name": role, "builtin": True, "resolved": True, "admin": flags == ["admin"]}
    assert found["dataset"] == "iam-dataset/2073fa52a"


def test_on_one_account_or_under_a_condition_a_role_leads_less_far() -> None:
    one = grant(
        gcp,
        member_of(
            "roles/iam.serviceAccountTokenCreator",
            type="google_service_account_iam_member",
            more='service_account_id = "projects/p/serviceAccounts/a"',
        ),
    )
    bounded = grant(
        gcp,
        member_of(
            "roles/iam.serviceAccountTokenCreator",
            more='condition {\n title = "now"\n expression = "true"\n }',
        ),
    )
    for found in (one, bounded):
        assert found["flags"] == ["escalation_indirect"]
        assert "gcp-sa-signjwt:indirect" in found["escalations"]
    assert bounded["conditions"][0]["key"] == "now"
    assert bounded["conditions"][0]["values"] == ["true"]


def test_googles_own_agents_are_not_flagged() -> None:
    agent = "serviceAccount:1@cloudservices.gserviceaccount.com"
    assert grant(gcp, member_of("roles/editor", agent))["flags"] == []


def test_an_unknown_role_is_not_harmless() -> None:
    found = grant(gcp, member_of("roles/example.nobodyKnows"))
    assert found["role"]["resolved"] is False
    assert text(found["actions"]["include"]) == "?permissions of roles/example.nobodyKnows"
    found = grant(gcp, 'variable "r" {}\n' + member_of("${var.r}"))
    assert text(found["role"]["name"]) == "?var.r"


def test_two_roles_make_a_way_together() -> None:
    custom = """
        resource "google_project_iam_custom_role" "%s" {
          role_id     = "%s"
          project     = "p"
          permissions = %s
        }
        resource "google_project_iam_member" "%s" {
          project = "p"
          role    = google_project_iam_custom_role.%s.id
          member  = "user:ann@example.com"
        }
        """
    one = custom % ("a", "a", '["iam.serviceAccounts.actAs"]', "a", "a")
    two = custom % (
        "b",
        "b",
        '["cloudfunctions.functions.sourceCodeSet", "cloudfunctions.functions.update"]',
        "b",
        "b",
    )
    base, head = one, one + two
    (new,) = [change for change in changes(gcp, head, base) if change.novel]
    assert new.subject.data["role"]["name"] == "google_project_iam_custom_role.b"
    assert new.subject.data["escalations"] == ["gcp-function-update:indirect"]
    (way,) = new.delta["escalations"]
    assert way["id"] == "gcp-function-update:indirect"
    assert way["legs"] == ["cloudfunctions.functions.sourcecodeset", "cloudfunctions.functions.update"]


def test_a_custom_role_by_its_full_name_and_one_that_nobody_has() -> None:
    role = 'resource "google_organization_iam_custom_role" "r" {\n org_id = "9"\n role_id = "r"\n permissions = ["iam.roles.update"]\n}\n'
    found = grant(gcp, role)
    assert (found["kind"], found["principal"]["id"], found["flags"]) == (
        "definition",
        "google_organization_iam_custom_role.r",
        ["escalation"],
    )
    found = grant(
        gcp,
        role
        + member_of("organizations/9/roles/r", type="google_organization_iam_member", more='org_id = "9"'),
    )
    assert (found["kind"], found["actions"]["include"]) == ("identity", ["iam.roles.update"])
    unknown = role.replace('["iam.roles.update"]', "var.all")
    assert grant(gcp, 'variable "all" {}\n' + unknown)["role"]["resolved"] is False


POLICY = """
    data "google_iam_policy" "all" {
      binding {
        role    = "roles/owner"
        members = ["user:ann@example.com", "allUsers"]
      }
      binding {
        role    = "roles/browser"
        members = ["user:bob@example.com"]
        condition {
          title      = "later"
          expression = "request.time > x"
        }
      }
    }
    resource "google_project_iam_policy" "all" {
      project     = "p"
      policy_data = data.google_iam_policy.all.policy_data
    }
    """


def test_a_policy_is_read_with_its_places() -> None:
    found = changes(gcp, POLICY)
    assert [(c.subject.data["principal"]["id"], c.subject.data["role"]["name"]) for c in found] == [
        ("user:ann@example.com", "roles/owner"), ("anyone", "roles/owner"), ("user:bob@example.com", "roles/browser"),
    ]  # fmt: skip
    assert {c.subject.data["authority"] for c in found} == {"resource_authoritative"}
    everyone = found[1].subject.origins
    assert everyone["actions"][0].span()[:2] == (3, 15)
    assert everyone["principal"][0].span()[:2] == (4, 40)
    assert found[2].subject.origins["conditions"][0].span()[:2] == (9, 5)


def test_a_policy_in_a_plan_is_text() -> None:
    given = {"role": "roles/owner", "members": ["allUsers"], "condition": {"title": "t", "expression": "e"}}
    data = {"folder": "folders/1", "policy_data": json.dumps({"bindings": [given]})}
    (held,) = gcp.grants(index(Side.HEAD, [resource("google_folder_iam_policy.p", data)]))
    assert (held.grant.principal.id, held.grant.scope.type) == ("anyone", "folder")
    assert held.subject.data["conditions"][0]["key"] == "t"


@pytest.mark.parametrize("data", ["{", "[]", '{"bindings": 1}', '{"bindings": [1]}'])
def test_text_that_is_no_policy_is_refused_where_it_is_proposed(data: str) -> None:
    policy = resource("google_project_iam_policy.p", {"project": "p", "policy_data": data})
    with pytest.raises(InputProblem) as caught:
        gcp.grants(index(Side.HEAD, [policy]))
    assert caught.value.cause == "this is no policy"
    (held,) = gcp.grants(index(Side.BASE, [policy]))
    assert held.grant.role.resolved is False


@pytest.mark.parametrize("data", [Unknown("var.policy"), 7])
def test_a_policy_that_is_not_known(data: Any) -> None:
    (held,) = gcp.grants(index(Side.HEAD, [resource("google_project_iam_policy.p", {"policy_data": data})]))
    assert held.grant.role.resolved is False
    assert isinstance(held.grant.principal.id, Unknown)


def test_a_policy_that_says_nothing() -> None:
    assert (
        gcp.grants(index(Side.HEAD, [resource("google_project_iam_policy.p", {"policy_data": None})])) == []
    )


def test_denials() -> None:
    deny = """
        resource "google_iam_deny_policy" "d" {
          parent = "cloudresourcemanager.googleapis.com%%2F%s"
          name   = "d"
          rules {
            deny_rule {
              denied_principals     = ["principalSet://goog/public:all"]
              denied_permissions    = ["cloudresourcemanager.googleapis.com/projects.delete"]
              exception_permissions = []
              exception_principals  = %s
              denial_condition {
                expression = "true"
              }
            }
          }
        }
        """
    found = grant(gcp, deny % ("projects%2Fp", '["user:ann@example.com"]'))
    assert (found["effect"], found["scope"]["type"], found["scope"]["id"]) == ("deny", "project", "p")
    assert found["actions"]["include"] == ["cloudresourcemanager.googleapis.com/projects.delete"]
    assert [c["key"] for c in found["conditions"]] == ["exception_principals", "condition"]
    assert grant(gcp, deny % ("nothing", "[]"))["scope"]["type"] == "unknown"
    before, after = deny % ("projects%2Fp", "[]"), deny % ("projects%2Fp", '["user:ann@example.com"]')
    # More are excepted: less is denied.
    (change,) = changes(gcp, after, before)
    assert change.novel
    (gone,) = changes(gcp, 'variable "x" {}', before)
    assert (gone.novel, gone.delta["change"]) == (True, "removed")


def test_what_is_denied_may_not_be_known() -> None:
    deny = 'variable "v" {}\nresource "google_iam_deny_policy" "d" {\n parent = var.v\n rules {\n deny_rule {\n denied_principals = var.v\n denied_permissions = var.v\n exception_principals = var.v\n }\n }\n}'
    found = grant(gcp, deny)
    assert found["scope"]["type"] == "unknown"
    assert isinstance(found["actions"]["include"], Unknown)


PROVIDER = """
    resource "google_iam_workload_identity_pool_provider" "gh" {
      workload_identity_pool_id = "ci"
      %s
      oidc {
        issuer_uri = "https://token.actions.githubusercontent.com"
      }
    }
    """


def test_a_provider_without_a_condition_and_one_that_gets_it() -> None:
    bare, bound = (
        PROVIDER % "",
        PROVIDER % "attribute_condition = \"assertion.repository_owner == 'example'\"",
    )
    found = grant(gcp, bare)
    assert (found["kind"], found["principal"]["public"], found["missing_conditions"]) == (
        "trust",
        "authenticated",
        ["attribute_condition"],
    )
    assert words(gcp, bound, bare) == [
        ("token.actions.githubusercontent.com if assertion.repository_owner == 'example'", "narrowed")
    ]
    (change,) = changes(gcp, bare, bound)
    assert change.novel
    assert change.delta["removed_conditions"] == [
        "attribute_condition: assertion.repository_owner == 'example'"
    ]
    assert grants(gcp, bare.replace("oidc", "aws")) == []
    assert grants(gcp, bare.replace("token.actions.githubusercontent.com", "gitlab.example.com")) == []


@pytest.mark.parametrize(
    ("code", "who", "action", "public"),
    [
        ('google_storage_bucket_access_control" "x" {\n bucket = "b"\n role = "READER"\n entity = "allUsers"', "anyone", "READER", "anyone"),
        ('google_storage_bucket_access_control" "x" {\n bucket = "b"\n role = "OWNER"\n entity = "user-ann@example.com"', "user:ann@example.com", "OWNER", "none"),
        ('google_storage_object_access_control" "x" {\n bucket = "b"\n role = "OWNER"\n entity = "project-owners-1"', "projectOwner:project-owners-1", "OWNER", "none"),
        ('google_storage_bucket_acl" "x" {\n bucket = "b"\n role_entity = ["WRITER:allAuthenticatedUsers"]', "anyone with a Google account", "WRITER", "authenticated"),
        ('google_storage_bucket_acl" "x" {\n bucket = "b"\n predefined_acl = "publicRead"', "anyone", "READER", "anyone"),
        ('google_bigquery_dataset" "x" {\n dataset_id = "d"\n access {\n role = "READER"\n special_group = "allAuthenticatedUsers"\n }', "anyone with a Google account", "READER", "authenticated"),
        ('google_bigquery_dataset_access" "x" {\n dataset_id = "d"\n role = "READER"\n iam_member = "allUsers"', "anyone", "READER", "anyone"),
    ],
)  # fmt: skip
def test_older_lists(code: str, who: str, action: str, public: str) -> None:
    found = grant(gcp, f'resource "{code}\n}}')
    assert (found["principal"]["id"], found["actions"]["include"], found["principal"]["public"]) == (
        who,
        [action],
        public,
    )


def test_lists_that_are_private_or_not_known() -> None:
    private = 'resource "google_storage_bucket_acl" "x" {\n bucket = "b"\n predefined_acl = "private"\n}'
    assert grants(gcp, private) == []
    unknown = 'variable "r" {}\nresource "google_storage_bucket_acl" "x" {\n bucket = "b"\n role_entity = ["${var.r}:allUsers"]\n}'
    assert grant(gcp, unknown)["principal"]["id"] == "anyone"


READ = binding(["user:ann@example.com"])


ANN = "user:ann@example.com"
FOLDER = {"type": "google_folder_iam_member", "more": 'folder = "1"'}
ORG = {"type": "google_organization_iam_member", "more": 'org_id = "9"'}
TOPIC = {"type": "google_pubsub_topic_iam_member", "more": 'project = "p"\n topic = "t"'}


@pytest.mark.parametrize(
    ("base", "head", "new"),
    [
        (READ, READ, []),
        (binding(["user:a@x.y", "user:b@x.y"]), binding(["user:b@x.y", "user:a@x.y"]), []),
        (READ, binding([ANN, "user:bob@example.com"]), ["user:bob@example.com"]),
        (READ, binding([ANN], "roles/viewer"), [ANN]),
        (member_of("roles/owner"), member_of("roles/viewer"), []),
        (member_of("roles/pubsub.viewer"), member_of("roles/pubsub.viewer", **FOLDER), [ANN]),
        (member_of("roles/viewer", **ORG), member_of("roles/viewer"), []),
        (member_of("roles/viewer", **ORG), member_of("roles/viewer", **{**ORG, "more": 'org_id = "8"'}), [ANN]),
        (member_of("roles/viewer"), member_of("roles/viewer", **TOPIC), []),
        (member_of("roles/viewer", **TOPIC), member_of("roles/viewer"), [ANN]),
        (member_of("roles/example.x"), member_of("roles/example.x"), []),
        (member_of("roles/example.x"), member_of("roles/example.y"), [ANN]),
        (member_of("roles/pubsub.publisher"), member_of("roles/editor"), [ANN]),
    ],
)  # fmt: skip
def test_what_is_new(base: str, head: str, new: list[str]) -> None:
    assert [who for who, word in words(gcp, head, base) if word == "new"] == new


def test_a_condition_that_goes_widens_and_one_that_comes_narrows() -> None:
    bound = member_of(
        "roles/viewer", more='project = "p"\n condition {\n title = "now"\n expression = "true"\n }'
    )
    free = member_of("roles/viewer")
    new = [change for change in changes(gcp, free, bound) if change.novel]
    assert [change.delta["removed_conditions"] for change in new] == [["now: true"]]
    assert [change for change in changes(gcp, bound, free) if change.novel] == []


def test_a_wider_scope_is_told() -> None:
    narrow = member_of("roles/viewer")
    wide = member_of("roles/viewer", type="google_folder_iam_member", more='folder = "1"')
    (new,) = [change for change in changes(gcp, wide, narrow) if change.novel]
    assert new.delta["scope_widened"] is True


@pytest.mark.parametrize(
    ("base", "head", "revokes"),
    [
        (member_of("roles/browser"), READ, True),
        (READ, member_of("roles/browser"), False),
        (READ, READ.replace('"x"', '"y"'), False),
        ("", READ, True),
        ("", POLICY, True),
        (POLICY, POLICY.replace("bob", "eve"), False),
        ("", binding(["user:a@x.y"], type="google_pubsub_topic_iam_binding", more='topic = "t"'), False),
    ],
)
def test_what_may_take_away(base: str, head: str, revokes: bool) -> None:
    found = changes(gcp, head, base)
    assert any(change.delta["may_revoke"] for change in found) is revokes
    assert all(change.novel for change in found if change.delta["may_revoke"])


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "allUsers", "roles/owner", "user:a", "READER:allUsers", "{", "a/b"]) | st.just(Unknown("var.x")),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(["role", "members", "condition", "title", "deny_rule", "denied_principals", "issuer_uri", "special_group"]), below, max_size=3),
    max_leaves=8,
)  # fmt: skip
_TYPES = ["google_project_iam_member", "google_storage_bucket_iam_binding", "google_iam_deny_policy", "google_iam_workload_identity_pool_provider", "google_project_iam_custom_role", "google_bigquery_dataset", "google_storage_bucket_acl"]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(_TYPES), st.dictionaries(st.sampled_from(["role", "member", "members", "project", "bucket", "condition", "parent", "rules", "oidc", "attribute_condition", "permissions", "access", "role_entity"]), _VALUES, max_size=6))  # fmt: skip
def test_whatever_code_says_there_is_an_answer(type_: str, data: dict[str, Any]) -> None:
    found = index(Side.HEAD, [resource(f"{type_}.x", data)])
    assert len(list(gcp.derive(index(Side.BASE, []), found))) == len(gcp.grants(found))
    assert all(not change.novel for change in gcp.derive(index(Side.BASE, list(found)), found))


def test_bindings_that_are_not_known_and_one_that_is() -> None:
    code = """
        variable "more" {}
        data "google_iam_policy" "all" {
          binding {
            role    = "roles/browser"
            members = ["group:all@example.com"]
          }
          dynamic "binding" {
            for_each = var.more
            content {
              role    = binding.value
              members = ["allUsers"]
            }
          }
        }
        resource "google_storage_bucket_iam_policy" "all" {
          bucket      = "b"
          policy_data = data.google_iam_policy.all.policy_data
        }
        """
    known, unknown = grants(gcp, code)
    assert (known["principal"]["id"], known["role"]["resolved"]) == ("group:all@example.com", True)
    assert (text(unknown["principal"]["public"]), unknown["role"]["resolved"]) != ("none", True)


def test_grants_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GRANTS", 1)
    two = resource("google_project_iam_binding.b", {"role": "roles/browser", "members": ["user:a", "user:b"]})
    one = resource("google_project_iam_binding.b", {"role": "roles/browser", "members": ["user:a", "user:a"]})
    assert len(gcp.grants(index(Side.HEAD, [one]))) == 1
    with pytest.raises(InputProblem) as caught:
        gcp.grants(index(Side.HEAD, [two]))
    assert caught.value.cause == "the code makes more than 1 grants"


def test_what_is_given_twice_is_one_grant_of_the_stronger_authority() -> None:
    added = resource("google_project_iam_member.m", {"role": "roles/browser", "member": "user:a"})
    owned = resource("google_project_iam_binding.b", {"role": "roles/browser", "members": ["user:a"]})
    (held,) = gcp.grants(index(Side.HEAD, [added, owned]))
    assert held.grant.authority == "role_authoritative"
    assert len(held.subject.origins["actions"]) == 2
