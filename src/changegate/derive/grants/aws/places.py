"""Where AWS policies stand in Terraform and CloudFormation: which attribute of which resource.

From the provider's reference of each type (https://registry.terraform.io/providers/hashicorp/aws/latest/docs)
and AWS's own reference (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/).
"""

from __future__ import annotations

from typing import Final

TERRAFORM: Final = {
    "aws_acmpca_policy": "policy",
    "aws_api_gateway_domain_name": "policy",
    "aws_api_gateway_rest_api": "policy",
    "aws_api_gateway_rest_api_policy": "policy",
    "aws_backup_vault_policy": "policy",
    "aws_cloudwatch_event_bus_policy": "policy",
    "aws_cloudwatch_log_destination_policy": "access_policy",
    "aws_cloudwatch_log_resource_policy": "policy_document",
    "aws_codeartifact_domain_permissions_policy": "policy_document",
    "aws_codeartifact_repository_permissions_policy": "policy_document",
    "aws_codebuild_resource_policy": "policy",
    "aws_dynamodb_resource_policy": "policy",
    "aws_ecr_registry_policy": "policy",
    "aws_ecr_repository_policy": "policy",
    "aws_ecrpublic_repository_policy": "policy",
    "aws_efs_file_system_policy": "policy",
    "aws_elasticsearch_domain": "access_policies",
    "aws_elasticsearch_domain_policy": "access_policies",
    "aws_glacier_vault": "access_policy",
    "aws_glacier_vault_lock": "policy",
    "aws_glue_resource_policy": "policy",
    "aws_iam_role": "assume_role_policy",
    "aws_kinesis_resource_policy": "policy",
    "aws_kms_external_key": "policy",
    "aws_kms_key": "policy",
    "aws_kms_key_policy": "policy",
    "aws_kms_replica_external_key": "policy",
    "aws_kms_replica_key": "policy",
    "aws_media_store_container_policy": "policy",
    "aws_msk_cluster_policy": "policy",
    "aws_networkfirewall_resource_policy": "policy",
    "aws_opensearch_domain": "access_policies",
    "aws_opensearch_domain_policy": "access_policies",
    "aws_organizations_resource_policy": "content",
    "aws_redshift_resource_policy": "policy",
    "aws_redshiftserverless_resource_policy": "policy",
    "aws_s3_access_point": "policy",
    "aws_s3_bucket": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_s3control_access_point_policy": "policy",
    "aws_s3control_bucket_policy": "policy",
    "aws_s3control_multi_region_access_point_policy": "details.0.policy",
    "aws_s3control_object_lambda_access_point_policy": "policy",
    "aws_s3tables_table_bucket_policy": "resource_policy",
    "aws_s3tables_table_policy": "resource_policy",
    "aws_sagemaker_model_package_group_policy": "resource_policy",
    "aws_schemas_registry_policy": "policy",
    "aws_secretsmanager_secret": "policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_ses_identity_policy": "policy",
    "aws_sesv2_email_identity_policy": "policy",
    "aws_sns_topic": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_sqs_queue": "policy",
    "aws_sqs_queue_policy": "policy",
    "aws_vpclattice_auth_policy": "policy",
    "aws_vpclattice_resource_policy": "policy",
    "aws_xray_resource_policy": "policy_document",
}
"""Policies that open a resource, with who may use it in their statements."""

CEILINGS: Final = {
    "aws_organizations_policy": "content",
    "aws_transfer_access": "policy",
    "aws_transfer_user": "policy",
    "aws_rolesanywhere_profile": "session_policy",
    "aws_vpc_endpoint": "policy",
    "aws_vpc_endpoint_policy": "policy",
}
"""Policies that only take away: what they allow must be allowed elsewhere too."""

DEFINITIONS: Final = {"aws_iot_policy": "policy"}
"""Identity policies that are attached at run time."""

CLOUDFORMATION: Final = {
    "AWS::ApiGateway::RestApi": ("Policy", ""),
    "AWS::Backup::BackupVault": ("AccessPolicy", ""),
    "AWS::CloudTrail::ResourcePolicy": ("ResourcePolicy", "ResourceArn"),
    "AWS::CodeArtifact::Domain": ("PermissionsPolicyDocument", ""),
    "AWS::CodeArtifact::Repository": ("PermissionsPolicyDocument", ""),
    "AWS::DynamoDB::Table": ("ResourcePolicy.PolicyDocument", ""),
    "AWS::ECR::RegistryPolicy": ("PolicyText", ""),
    "AWS::ECR::Repository": ("RepositoryPolicyText", ""),
    "AWS::EFS::FileSystem": ("FileSystemPolicy", ""),
    "AWS::Elasticsearch::Domain": ("AccessPolicies", ""),
    "AWS::KMS::Key": ("KeyPolicy", ""),
    "AWS::KMS::ReplicaKey": ("KeyPolicy", ""),
    "AWS::Kinesis::ResourcePolicy": ("ResourcePolicy", "ResourceArn"),
    "AWS::Logs::Destination": ("DestinationPolicy", ""),
    "AWS::Logs::ResourcePolicy": ("PolicyDocument", ""),
    "AWS::MSK::ClusterPolicy": ("Policy", "ClusterArn"),
    "AWS::OpenSearchService::Domain": ("AccessPolicies", ""),
    "AWS::S3::AccessPoint": ("Policy", ""),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::S3::MultiRegionAccessPointPolicy": ("Policy", ""),
    "AWS::S3Express::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::S3ObjectLambda::AccessPointPolicy": ("PolicyDocument", ""),
    "AWS::S3Outposts::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::S3Tables::TableBucketPolicy": ("ResourcePolicy", "TableBucketARN"),
    "AWS::S3Tables::TablePolicy": ("ResourcePolicy", "TableARN"),
    "AWS::SNS::TopicInlinePolicy": ("PolicyDocument", "TopicArn"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics"),
    "AWS::SQS::QueueInlinePolicy": ("PolicyDocument", "Queue"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "Queues"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "SecretId"),
    "AWS::VpcLattice::AuthPolicy": ("Policy", "ResourceIdentifier"),
    "AWS::XRay::ResourcePolicy": ("PolicyDocument", ""),
}
"""The property that holds the policy, and the one that names what it guards ("" = the resource itself)."""

OF_AWS: Final = frozenset({
    "009996457667", "027434742980", "033677994240", "037604701340", "048591011584", "054676820928",
    "076674570225", "098369216593", "114774131450", "127311923021", "156460612806", "190560391635",
    "383597477331", "507241528517", "582318560864", "589379963580", "600734575887", "602401143452",
    "635631232127", "638102146993", "652711504416", "718504428378", "754344448648", "783225319266",
    "797873946194", "897822967062", "985666609251",
})  # fmt: skip
"""Accounts of AWS's own: those that load balancers write their logs from, and that images of EKS are in.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html,
https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html; checked on 2026-11-23."""
