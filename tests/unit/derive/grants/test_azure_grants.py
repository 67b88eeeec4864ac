"""Grants of Azure in Terraform code and in ARM templates."""

# ruff: noqa: E501 (a case is read best on one line)

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive.grants import azure
from changegate.derive.grants.azure.places import place, split
from changegate.derive.grants.azure.principals import asked_subject, principal, trust
from changegate.model.proposal import Side
from changegate.model.subject import Unknown
from support.clouds import changes, grant, grants, template, text
from support.grant_subjects import index, subject
from support.tfcode import resource

SUB = "/subscriptions/00000000-0000-0000-0000-000000000001"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
GITHUB = "https://token.actions.githubusercontent.com"


def assigned(
    role: str = 'role_definition_name = "Reader"',
    scope: str = f'"{SUB}"',
    who: str = "azurerm_user_assigned_identity.ci.principal_id",
    more: str = "",
) -> str:
    return f'resource "azurerm_role_assignment" "x" {{\n  scope = {scope}\n  {role}\n  principal_id = {who}\n  {more}\n}}\n'


def named(role: str) -> str:
    return f'role_definition_name = "{role}"'


@pytest.mark.parametrize(
    ("scope", "type", "steps"),
    [
        ("/", "tenant", ()),
        (SUB, "subscription", tuple(SUB.strip("/").split("/"))),
        (f"{SUB}/resourceGroups/App", "resource_group", (*SUB.strip("/").split("/"), "resourcegroups", "app")),
        (f"{SUB}/resourceGroups/app/providers/Microsoft.Storage/storageAccounts/a", "resource", (*SUB.strip("/").split("/"), "resourcegroups", "app", "providers", "microsoft.storage", "storageaccounts", "a")),
        ("/providers/Microsoft.Management/managementGroups/root", "management_group", ("providers", "microsoft.management", "managementgroups", "root")),
        ("/providers/Microsoft.Capacity", "resource", ("providers", "microsoft.capacity")),
        (Unknown("data.azurerm_subscription.main.id"), "subscription", ("${data.azurerm_subscription.main.id}",)),
        (Unknown("azurerm_resource_group.app.id"), "resource_group", ("${azurerm_resource_group.app.id}",)),
        (Unknown("azurerm_management_group.root.id"), "management_group", ("${azurerm_management_group.root.id}",)),
        (Unknown("module.a.azurerm_key_vault.v[0].id"), "resource", ("${module.a.azurerm_key_vault.v[0].id}",)),
        (Unknown("${data.azurerm_subscription.main.id}/resourceGroups/app"), "resource_group", ("${data.azurerm_subscription.main.id}", "resourcegroups", "app")),
        (Unknown("${data.azurerm_subscription.main.id}/resourceGroups/app/providers/x/y/z"), "resource", ("${data.azurerm_subscription.main.id}", "resourcegroups", "app", "providers", "x", "y", "z")),
        (Unknown("/subscriptions/${var.s}"), "subscription", ("subscriptions", "${var.s}")),
        (Unknown("${azurerm_storage_account.a.id}/blobServices/default"), "resource", ("${azurerm_storage_account.a.id}", "blobservices", "default")),
        (Unknown("${azurerm_resource_group.app.id}/providers/x/y/z"), "resource", ("${azurerm_resource_group.app.id}", "providers", "x", "y", "z")),
        (Unknown("var.scope"), "unknown", ("?", "var.scope")),
        (Unknown("data.azurerm_client_config.current.subscription_id"), "unknown", ("?", "data.azurerm_client_config.current.subscription_id")),
        (Unknown("lower(azurerm_resource_group.app.id)"), "unknown", ("?", "lower(azurerm_resource_group.app.id)")),
        (Unknown("azurerm_resource_group.app.name"), "unknown", ("?", "azurerm_resource_group.app.name")),
        ("somewhere", "unknown", ("?", "somewhere")),
        ("", "unknown", ("?", "")),
        (7, "unknown", ("?", "scope that is no text")),
    ],
)  # fmt: skip
def test_places(scope: Any, type: str, steps: tuple[str, ...]) -> None:
    found = place(scope)
    assert (found.scope.type, found.steps) == (type, steps)
    assert isinstance(found.target, Unknown) is (type == "unknown")


def test_what_stands_for_a_step_is_kept_as_it_is() -> None:
    assert split('/A/${replace(x, "/", "B")}c/D') == ("a", '${replace(x, "/", "B")}c', "d")


@pytest.mark.parametrize(
    ("id", "stated", "type", "shown"),
    [
        ("0-1", "User", "user", "0-1"),
        ("0-1", "ServicePrincipal", "service_account", "0-1"),
        ("0-1", None, "principal", "0-1"),
        (Unknown("azurerm_user_assigned_identity.ci.principal_id"), None, "service_account", "azurerm_user_assigned_identity.ci"),
        (Unknown("module.a.azuread_group.devs[0].object_id"), None, "group", "module.a.azuread_group.devs[0]"),
        (Unknown("azurerm_linux_web_app.app.identity[0].principal_id"), None, "service_account", "azurerm_linux_web_app.app"),
        (Unknown("data.azurerm_client_config.current.object_id"), None, "principal", "data.azurerm_client_config.current"),
        (Unknown("var.who"), "Group", "group", "?var.who"),
        (None, None, "principal", "?there"),
        (Unknown("azurerm_role_assignment.x.principal_id"), None, "principal", "?azurerm_role_assignment.x.principal_id"),
    ],
)  # fmt: skip
def test_who_an_object_id_is(id: Any, stated: Any, type: str, shown: str) -> None:
    where = "there" if id is None else "azurerm_role_assignment.x.principal_id"
    found = principal(id, stated, where)
    assert (found.type, text(found.id), found.public) == (type, shown, "none")


@pytest.mark.parametrize(
    ("issuer", "whose", "public", "missing"),
    [
        (GITHUB, "repo:example/app:ref:refs/heads/main", "none", ()),
        (GITHUB, "repo:example@1/app@2:environment:prod", "none", ()),
        (GITHUB, "repo:example/*", "none", ()),
        (GITHUB, "repo:example/app:pull_request", "none", ("sub",)),
        (GITHUB, "repo:*", "authenticated", ("sub",)),
        (GITHUB, "repo:example*", "authenticated", ("sub",)),
        (GITHUB, "", "authenticated", ("sub",)),
        (GITHUB, Unknown("var.subject"), "?var.subject", ()),
        (GITHUB, Unknown("repo:${var.repo}:environment:prod"), "none", ()),
        ("https://oidc.example.com", "*", "none", ()),
        (Unknown("azurerm_kubernetes_cluster.a.oidc_issuer_url"), "system:serviceaccount:a:b", "none", ()),
    ],
)
def test_whose_tokens_are_taken(issuer: Any, whose: Any, public: str, missing: tuple[str, ...]) -> None:
    found = trust("id", issuer, whose)
    assert (text(found.principal.public), found.missing_conditions) == (public, missing)


@pytest.mark.parametrize(
    ("expression", "asked"),
    [("claims['sub'] matches 'repo:a/*' and claims['x'] eq 'y'", "repo:a/*"), ("claims['x'] eq 'y'", ""), ("claims['sub']", ""), (Unknown("v"), Unknown("v"))],
)  # fmt: skip
def test_what_an_expression_asks(expression: Any, asked: Any) -> None:
    assert asked_subject(expression) == asked


@pytest.mark.parametrize(
    ("role", "flags", "some"),
    [
        ("Owner", ["admin"], "azure-role-assignment"),
        ("Contributor", ["escalation_indirect", "impersonate"], "azure-federated-credential"),
        ("User Access Administrator", ["escalation"], "azure-elevate-access"),
        ("role based access control administrator", ["escalation"], "azure-role-assignment"),
        ("Virtual Machine Contributor", ["escalation_indirect"], "azure-vm-run-command:indirect"),
        (
            "Key Vault Secrets User",
            ["escalation_indirect", "secrets_read"],
            "azure-key-vault-secrets:indirect",
        ),
        ("Reader", [], ""),
        ("AcrPull", [], ""),
    ],
)
def test_what_a_role_leads_to_in_a_subscription(role: str, flags: list[str], some: str) -> None:
    found = grant(azure, assigned(named(role)))
    assert (found["flags"], found["role"]["builtin"], found["role"]["resolved"]) == (flags, True, True)
    assert some in found["escalations"] or not some


def test_contributor_is_everything_but() -> None:
    actions = grant(azure, assigned(named("Contributor")))["actions"]
    assert (actions["include"], actions["negated"], actions["wildcard"]) == (["*"], True, "all")
    assert "Microsoft.Authorization/*/Write" in actions["exclude"]


@pytest.mark.parametrize(
    "role",
    [
        f'role_definition_id = "{SUB}/providers/Microsoft.Authorization/roleDefinitions/{OWNER.upper()}"',
        'role_definition_id = "${data.azurerm_subscription.s.id}/providers/Microsoft.Authorization/roleDefinitions/' + OWNER + '"',
        named("owner"),
    ],
)  # fmt: skip
def test_a_role_by_its_id(role: str) -> None:
    assert grant(azure, assigned(role))["role"]["name"] == "Owner"


def test_a_role_that_is_not_known_is_not_harmless() -> None:
    assert grant(azure, assigned(named("Nobody Knows")))["role"]["resolved"] is False
    found = grant(azure, 'variable "r" {}\n' + assigned("role_definition_id = var.r"))
    assert (text(found["role"]["name"]), text(found["actions"]["include"])) == ("?var.r", "?actions of var.r")
    assert text(grant(azure, assigned(""))["role"]["name"]) == "?azurerm_role_assignment.x.role_definition_id"


def test_in_a_group_of_resources_or_under_a_condition_a_role_leads_less_far() -> None:
    group = grant(azure, assigned(named("Owner"), "azurerm_resource_group.app.id"))
    bound = grant(azure, assigned(named("User Access Administrator"), more='condition = "@x"'))
    assert (group["flags"], group["scope"]["type"]) == (["escalation_indirect"], "resource_group")
    assert (bound["flags"], bound["conditions"][0]["values"]) == (["escalation_indirect"], ["@x"])


CUSTOM = """
    resource "azurerm_role_definition" "r" {
      name  = "Deployer"
      scope = "/subscriptions/1"
      permissions {
        actions     = ["Microsoft.Authorization/*"]
        not_actions = [%s]
      }
      assignable_scopes = ["/subscriptions/1"]
    }
    """


@pytest.mark.parametrize(
    "by",
    [
        "role_definition_id = azurerm_role_definition.r.role_definition_resource_id",
        'role_definition_name = "Deployer"',
    ],
)
def test_a_role_of_ones_own(by: str) -> None:
    found = grant(azure, CUSTOM % "" + assigned(by, '"/subscriptions/1"'))
    assert (found["role"]["name"], found["kind"], found["flags"]) == (
        "azurerm_role_definition.r",
        "identity",
        ["escalation"],
    )


def test_a_role_that_nobody_has() -> None:
    found = grant(
        azure, CUSTOM % '"Microsoft.Authorization/*/write", "Microsoft.Authorization/elevateAccess/action"'
    )
    assert (found["kind"], found["flags"], found["scope"]["type"]) == ("definition", [], "subscription")
    assert grant(azure, CUSTOM % "")["flags"] == ["escalation"]


def test_parts_of_a_role_add_up() -> None:
    role = resource("azurerm_role_definition.r", {"name": "r", "scope": "/subscriptions/1", "permissions": [
        {"actions": ["*"], "not_actions": ["a/write"]}, {"actions": [], "data_actions": ["b/read"]}]})  # fmt: skip
    (held,) = azure.grants(index(Side.HEAD, [role]))
    assert (held.grant.actions.include, held.grant.actions.exclude) == (["*", "b/read"], [])
    unknown = resource(
        "azurerm_role_definition.r", {"name": "r", "permissions": [{"actions": Unknown("var.a")}]}
    )
    (held,) = azure.grants(index(Side.HEAD, [unknown]))
    assert text(held.grant.actions.include) == "?actions of azurerm_role_definition.r: var.a"


def test_access_policies_of_vaults() -> None:
    code = """
        variable "p" {}
        resource "azurerm_key_vault_access_policy" "a" {
          key_vault_id       = azurerm_key_vault.v.id
          object_id          = "0-1"
          secret_permissions = ["Get", "List"]
          key_permissions    = ["All"]
        }
        resource "azurerm_key_vault" "v" {
          name = "v"
          access_policy {
            object_id          = "0-2"
            secret_permissions = var.p
          }
        }
        """
    one, two = grants(azure, code)
    assert (one["actions"]["include"], one["kind"]) == (["keys/*", "secrets/get", "secrets/list"], "resource")
    assert (two["principal"]["id"], text(two["actions"]["include"])) == ("0-2", "?access policy: var.p")
    assert two["resources"]["include"] == ["azurerm_key_vault.v.id"]


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ('azuread_directory_role_assignment" "a" {\n role_id = "62e90394-69f5-4237-9190-012177145e10"\n principal_object_id = "0"', "Global Administrator"),
        ('azuread_directory_role_assignment" "a" {\n role_id = azuread_directory_role.r.template_id\n principal_object_id = "0"', "Privileged Role Administrator"),
        ('azuread_directory_role_member" "a" {\n role_object_id = azuread_directory_role.r.object_id\n member_object_id = "0"', "Privileged Role Administrator"),
        ('azuread_app_role_assignment" "a" {\n app_role_id = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"\n principal_object_id = "0"', "RoleManagement.ReadWrite.Directory"),
        ('azuread_app_role_assignment" "a" {\n app_role_id = data.azuread_service_principal.g.app_role_ids["Application.ReadWrite.All"]\n principal_object_id = "0"', "Application.ReadWrite.All"),
    ],
)  # fmt: skip
def test_administrators_of_the_directory(code: str, action: str) -> None:
    role = 'resource "azuread_directory_role" "r" {\n display_name = "Privileged role administrator"\n}\n'
    found = grant(azure, f'{role}resource "{code}\n}}')
    assert (found["actions"]["include"], found["flags"], found["scope"]["type"]) == (
        [action],
        ["escalation"],
        "tenant",
    )


def test_other_roles_of_the_directory_are_no_grants_here() -> None:
    code = (
        'resource "azuread_directory_role_assignment" "a" {\n role_id = "%s"\n principal_object_id = "0"\n}'
    )
    assert grants(azure, code % "00000000-0000-0000-0000-000000000000") == []
    assert grants(azure, 'variable "r" {}\n' + (code % "x").replace('"x"', "var.r")) == []


def test_blobs_for_anyone() -> None:
    code = 'resource "azurerm_storage_container" "c" {\n name = "c"\n container_access_type = "%s"\n}'
    assert grant(azure, code % "container")["actions"]["include"] == ["blobs/list", "blobs/read"]
    assert grant(azure, code % "blob")["principal"]["public"] == "anyone"
    assert grants(azure, code % "private") == []


FIC = """
    resource "azurerm_federated_identity_credential" "a" {
      parent_id = azurerm_user_assigned_identity.ci.id
      issuer    = "https://token.actions.githubusercontent.com"
      subject   = "%s"
    }
    """


def test_another_subject_is_new_and_the_same_is_not() -> None:
    main, other = FIC % "repo:example/app:environment:prod", FIC % "repo:example/app:environment:dev"
    assert [change.novel for change in changes(azure, f"{main}\n# again", main)] == [False]
    assert [change.novel for change in changes(azure, other, main)] == [True]


@pytest.mark.parametrize(
    ("base", "head", "new"),
    [
        (assigned(named("Owner")), assigned(named("Contributor")), False),
        (assigned(named("Contributor")), assigned(named("Owner")), True),
        (assigned(named("Contributor")), assigned(named("Virtual Machine Contributor")), False),
        (assigned(named("Contributor")), assigned(named("User Access Administrator")), True),
        (assigned(named("Owner")), assigned(named("Key Vault Secrets User")), True),  # data is another plane
        (assigned(named("Storage Blob Data Owner")), assigned(named("Storage Blob Data Reader")), False),
        (assigned(named("Reader")), assigned(named("Reader"), f'"{SUB}/resourceGroups/a"'), False),
        (assigned(named("Reader"), f'"{SUB}/resourceGroups/a"'), assigned(named("Reader")), True),
        (assigned(named("Reader"), f'"{SUB}/resourceGroups/ab"'), assigned(named("Reader"), f'"{SUB}/resourceGroups/a"'), True),
        (assigned(named("Reader"), f'"{SUB}/resourceGroups/A"'), assigned(named("READER"), f'"{SUB}/resourcegroups/a"'), False),
        (assigned(named("Owner"), more='condition = "@a"'), assigned(named("Owner")), True),
        (assigned(named("Owner")), assigned(named("Owner"), more='condition = "@a"'), False),
        (assigned(named("Owner"), more='condition = "@a"'), assigned(named("Owner"), more='condition = "@b"'), True),
        (CUSTOM % '"Microsoft.Authorization/*/write"', CUSTOM % "", True),
        (CUSTOM % "", CUSTOM % '"Microsoft.Authorization/*/write"', False),
    ],
)  # fmt: skip
def test_what_is_new(base: str, head: str, new: bool) -> None:
    assert any(change.novel for change in changes(azure, head, base)) is new


def assignment(role: str, **more: Any) -> dict[str, Any]:
    type_ = more.pop("type", "Microsoft.Authorization/roleAssignments")
    return {"type": type_, "name": more.pop("name", "n"), **more.pop("top", {}), "properties": {"roleDefinitionId": role, "principalId": "0-1", "principalType": "ServicePrincipal", **more}}  # fmt: skip


@pytest.mark.parametrize(
    ("role", "name"),
    [
        (f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{OWNER}')]", "Owner"),
        (f"[resourceId('Microsoft.Authorization/roleDefinitions', '{CONTRIBUTOR}')]", "Contributor"),
        (f"[concat('/subscriptions/', subscription().subscriptionId, '/providers/Microsoft.Authorization/roleDefinitions/', '{OWNER}')]", "Owner"),
        ("[variables('role')]", "Owner"),
        (f"/providers/Microsoft.Authorization/roleDefinitions/{OWNER}", "Owner"),
        ("[parameters('role')]", "?parameters('role')"),
    ],
)  # fmt: skip
def test_roles_of_a_template(role: str, name: str) -> None:
    variables = {"role": f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{OWNER}')]"}
    found = grant(azure, template(assignment(role), variables=variables), "main.json")
    assert (text(found["role"]["name"]), found["principal"]["type"]) == (name, "service_account")


@pytest.mark.parametrize(
    ("resource", "schema", "scope"),
    [
        (assignment(OWNER), "deploymentTemplate", ("resource_group", "?${resourceGroup().id}")),
        (assignment(OWNER), "subscriptionDeploymentTemplate", ("subscription", "?${subscription().id}")),
        (assignment(OWNER), "managementGroupDeploymentTemplate", ("management_group", "?${managementGroup().id}")),
        (assignment(OWNER), "tenantDeploymentTemplate", ("tenant", "/")),
        (assignment(OWNER, top={"scope": "[resourceId('Microsoft.Storage/storageAccounts', 'st')]"}), "deploymentTemplate", ("resource", "?${resourceGroup().id}/providers/Microsoft.Storage/storageAccounts/st")),
        (assignment(OWNER, top={"scope": "[concat('Microsoft.Storage/storageAccounts/', parameters('n'))]"}), "deploymentTemplate", ("resource", "Microsoft.Storage/storageAccounts/${parameters('n')}")),
        (assignment(OWNER, scope="[resourceGroup().id]"), "deploymentTemplate", ("resource_group", "?resourceGroup().id")),
        (assignment(OWNER, top={"scope": "[parameters('s')]"}), "deploymentTemplate", ("unknown", "?parameters('s')")),
        (assignment(OWNER, type="Microsoft.Storage/storageAccounts/providers/roleAssignments", name="st/Microsoft.Authorization/x"), "deploymentTemplate", ("resource", "st")),
    ],
)  # fmt: skip
def test_where_a_template_assigns(resource: Any, schema: str, scope: tuple[str, str]) -> None:
    found = grant(
        azure,
        template(resource, schema=f"https://schema.management.azure.com/schemas/2019-08-01/{schema}.json#"),
        "main.json",
    )
    assert (found["scope"]["type"], text(found["scope"]["id"])) == scope


def test_a_template_defines_and_assigns() -> None:
    definition = {
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": "[guid('a')]",
        "properties": {"permissions": [{"actions": ["*"], "notActions": []}]},
    }
    schema = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
    found = grant(azure, template(definition, schema=schema), "main.json")
    assert (found["kind"], found["flags"]) == ("definition", ["admin"])
    role = "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', guid('a'))]"
    found = grant(azure, template(definition, assignment(role), schema=schema), "main.json")
    assert (found["kind"], found["flags"]) == ("identity", ["admin"])


def test_other_grants_of_a_template() -> None:
    vault = {
        "type": "Microsoft.KeyVault/vaults",
        "name": "v",
        "properties": {
            "accessPolicies": [
                {"objectId": "0-1", "permissions": {"secrets": ["get"]}},
                7,
                {"objectId": "0-2", "permissions": "[parameters('p')]"},
            ]
        },
    }
    identity = {
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "name": "id",
        "resources": [
            {
                "type": "federatedIdentityCredentials",
                "name": "gh",
                "properties": {"issuer": GITHUB, "subject": "repo:*"},
            }
        ],
    }
    container = {
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
        "name": "a/default/c",
        "properties": {"publicAccess": "Blob"},
    }
    found = {
        text(g["principal"]["id"]): g
        for g in grants(
            azure,
            template(vault, identity, container, {"type": "a/b", "name": "c", "properties": 7}),
            "main.json",
        )
    }
    assert found["0-1"]["actions"]["include"] == ["secrets/get"]
    assert text(found["0-2"]["actions"]["include"]) == "?access policy: parameters('p')"
    assert found["token.actions.githubusercontent.com repo:*"]["principal"]["public"] == "authenticated"
    assert found["anyone"]["resources"]["include"] == [
        "Microsoft.Storage/storageAccounts/blobServices/containers a/default/c of main.json"
    ]


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(0, 3)
    | st.sampled_from(["", "Owner", OWNER, SUB, "repo:*", "blob", GITHUB])
    | st.just(Unknown("var.x"))
)
_VALUES = st.recursive(_LEAVES, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(["actions", "not_actions", "permissions", "objectId", "secrets", "object_id"]), below, max_size=3), max_leaves=8)  # fmt: skip
_FIELDS = ["scope", "role_definition_name", "role_definition_id", "principal_id", "principal_type", "condition", "permissions", "assignable_scopes", "access_policy", "key_vault_id", "secret_permissions", "subject", "issuer", "parent_id", "role_id", "app_role_id", "container_access_type", "claims_matching_expression"]  # fmt: skip
_TYPES = ["azurerm_role_assignment", "azurerm_role_definition", "azurerm_key_vault", "azurerm_key_vault_access_policy", "azurerm_federated_identity_credential", "azuread_app_role_assignment", "azuread_directory_role_assignment", "azurerm_storage_container"]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(_TYPES), st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=6))
def test_whatever_code_says_there_is_an_answer(type_: str, data: dict[str, Any]) -> None:
    found = index(Side.HEAD, [resource(f"{type_}.x", data)])
    assert len(list(azure.derive(index(Side.BASE, []), found))) == len(azure.grants(found))
    assert all(not change.novel for change in azure.derive(index(Side.BASE, list(found)), found))


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(["Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleDefinitions", "Microsoft.KeyVault/vaults", "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"]),
    st.dictionaries(st.sampled_from(["roleDefinitionId", "principalId", "condition", "permissions", "accessPolicies", "scope", "issuer", "subject"]), _VALUES, max_size=5) | _VALUES,
    _LEAVES,
)  # fmt: skip
def test_whatever_a_template_says_there_is_an_answer(type_: str, properties: Any, name: Any) -> None:
    data = {"type": type_, "name": name, "deployed_to": "subscription", "properties": properties}
    found = index(Side.HEAD, [subject(f"arm/{type_}", "x", data, "a.json", unit="a.json")])
    assert all(not change.novel for change in azure.derive(index(Side.BASE, list(found)), found))
