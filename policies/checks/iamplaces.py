"""Where IAM policies stand in the provider's resources; no rule itself.

`tests/policies/policy_attributes.tsv` lists every attribute of the provider that may hold one, with the reason for
each that is not here.
"""

POLICY = ("policy",)
JUDGED: dict[str, tuple[str, ...]] = {
    "aws_acmpca_policy": POLICY,
    "aws_api_gateway_domain_name": POLICY,
    "aws_api_gateway_rest_api": POLICY,
    "aws_api_gateway_rest_api_policy": POLICY,
    "aws_backup_vault_policy": POLICY,
    "aws_cloudsearch_domain_service_access_policy": ("access_policy",),
    "aws_cloudwatch_event_bus_policy": POLICY,
    "aws_cloudwatch_log_delivery_destination_policy": ("delivery_destination_policy",),
    "aws_cloudwatch_log_destination_policy": ("access_policy",),
    "aws_cloudwatch_log_resource_policy": ("policy_document",),
    "aws_codeartifact_domain_permissions_policy": ("policy_document",),
    "aws_codeartifact_repository_permissions_policy": ("policy_document",),
    "aws_codebuild_resource_policy": POLICY,
    "aws_dynamodb_resource_policy": POLICY,
    "aws_ecr_registry_policy": POLICY,
    "aws_ecr_repository_creation_template": ("repository_policy",),
    "aws_ecr_repository_policy": POLICY,
    "aws_ecrpublic_repository_policy": POLICY,
    "aws_efs_file_system_policy": POLICY,
    "aws_elasticsearch_domain": ("access_policies",),
    "aws_elasticsearch_domain_policy": ("access_policies",),
    "aws_glacier_vault": ("access_policy",),
    "aws_glue_resource_policy": POLICY,
    "aws_iam_group_policy": POLICY,
    "aws_iam_policy": POLICY,
    "aws_iam_role": ("assume_role_policy", "inline_policy.policy"),
    "aws_iam_role_policy": POLICY,
    "aws_iam_user_policy": POLICY,
    "aws_iot_policy": POLICY,
    "aws_kinesis_resource_policy": POLICY,
    "aws_kms_external_key": POLICY,
    "aws_kms_key": POLICY,
    "aws_kms_key_policy": POLICY,
    "aws_kms_replica_external_key": POLICY,
    "aws_kms_replica_key": POLICY,
    "aws_media_store_container_policy": POLICY,
    "aws_msk_cluster_policy": POLICY,
    "aws_networkfirewall_resource_policy": POLICY,
    "aws_oam_sink_policy": POLICY,
    "aws_opensearch_domain": ("access_policies",),
    "aws_opensearch_domain_policy": ("access_policies",),
    "aws_organizations_resource_policy": ("content",),
    "aws_redshift_resource_policy": POLICY,
    "aws_redshiftserverless_resource_policy": POLICY,
    "aws_s3_access_point": POLICY,
    "aws_s3_bucket": POLICY,
    "aws_s3_bucket_policy": POLICY,
    "aws_s3control_access_grants_instance_resource_policy": POLICY,
    "aws_s3control_access_point_policy": POLICY,
    "aws_s3control_bucket_policy": POLICY,
    "aws_s3control_multi_region_access_point_policy": ("details.policy",),
    "aws_s3control_object_lambda_access_point_policy": POLICY,
    "aws_s3tables_table_bucket_policy": ("resource_policy",),
    "aws_s3tables_table_policy": ("resource_policy",),
    "aws_sagemaker_model_package_group_policy": ("resource_policy",),
    "aws_schemas_registry_policy": POLICY,
    "aws_secretsmanager_secret": POLICY,
    "aws_secretsmanager_secret_policy": POLICY,
    "aws_ses_identity_policy": POLICY,
    "aws_sesv2_email_identity_policy": POLICY,
    "aws_sns_topic": POLICY,
    "aws_sns_topic_policy": POLICY,
    "aws_sqs_queue": POLICY,
    "aws_sqs_queue_policy": POLICY,
    "aws_ssoadmin_permission_set_inline_policy": ("inline_policy",),
    "aws_vpc_endpoint": POLICY,
    "aws_vpc_endpoint_policy": POLICY,
    "aws_vpclattice_auth_policy": POLICY,
    "aws_vpclattice_resource_policy": POLICY,
    "aws_xray_resource_policy": ("policy_document",),
}
"""Attributes whose value is a policy that gives somebody a right."""

ENDPOINTS = frozenset({"aws_vpc_endpoint", "aws_vpc_endpoint_policy"})
"""What passes an endpoint still needs a right to: services as a whole and callers by condition are usual there."""

ATTACHED: dict[str, tuple[str, ...]] = {
    "aws_budgets_budget_action": ("definition.iam_action_definition.policy_arn",),
    "aws_chatbot_slack_channel_configuration": ("guardrail_policy_arns",),
    "aws_chatbot_teams_channel_configuration": ("guardrail_policy_arns",),
    "aws_eks_access_policy_association": ("policy_arn",),
    "aws_iam_group_policy_attachment": ("policy_arn",),
    "aws_iam_group_policy_attachments_exclusive": ("policy_arns",),
    "aws_iam_policy_attachment": ("policy_arn",),
    "aws_iam_role": ("managed_policy_arns", "permissions_boundary"),
    "aws_iam_role_policy_attachment": ("policy_arn",),
    "aws_iam_role_policy_attachments_exclusive": ("policy_arns",),
    "aws_iam_user": ("permissions_boundary",),
    "aws_iam_user_policy_attachment": ("policy_arn",),
    "aws_iam_user_policy_attachments_exclusive": ("policy_arns",),
    "aws_quicksight_iam_policy_assignment": ("policy_arn",),
    "aws_ssoadmin_managed_policy_attachment": ("managed_policy_arn",),
    "aws_ssoadmin_permissions_boundary_attachment": ("permissions_boundary.managed_policy_arn",),
}
"""Attributes that name a managed policy, or a boundary."""

TEMPLATES: dict[str, tuple[str, ...]] = {
    "aws_cloudcontrolapi_resource": ("desired_state",),
    "aws_cloudformation_stack": ("template_body",),
    "aws_cloudformation_stack_set": ("template_body",),
    "aws_config_conformance_pack": ("template_body",),
    "aws_config_organization_conformance_pack": ("template_body",),
    "aws_iot_ca_certificate": ("registration_config.template_body",),
    "aws_iot_provisioning_template": ("template_body",),
}
"""Other languages in which resources are written, roles and policies among them: no rule reads them."""
API_BODIES: dict[str, tuple[str, ...]] = {
    "aws_api_gateway_rest_api": ("body",),
    "aws_api_gateway_rest_api_put": ("body",),
}
"""An API's definition may carry its policy (`x-amazon-apigateway-policy`)."""
