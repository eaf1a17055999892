"""
metadata:
  id: MLOPS_IAM_5
  name: Permissions that grant permissions are limited to named resources
  category: IAM
  severity: CRITICAL
  risk: >
    A principal that may change policies, trust, keys or running code of any resource can give itself every
    permission in one step: a new version of the policy attached to it, an access key of an administrator, or new
    code for a function with a more powerful role.
  repair: >
    Resource = <ARNs or name pattern>, or a condition on iam:PermissionsBoundary, iam:PolicyARN or a tag of the
    resource; better, leave the action out
"""

from iampatterns import everything_for
from iamplaces import ENDPOINTS
from iamstatements import Statement, StatementRule

_ACTIONS = """
    cloudformation:SetStackPolicy cloudformation:UpdateStack
    codebuild:UpdateProject
    ec2-instance-connect:SendSSHPublicKey
    ecr:SetRepositoryPolicy
    glue:UpdateDevEndpoint glue:UpdateJob
    iam:AddRoleToInstanceProfile iam:AddUserToGroup iam:AttachGroupPolicy iam:AttachRolePolicy iam:AttachUserPolicy
    iam:CreateAccessKey iam:CreateLoginProfile iam:CreateOpenIDConnectProvider iam:CreatePolicyVersion
    iam:CreateSAMLProvider iam:CreateServiceSpecificCredential iam:DeactivateMFADevice iam:DeleteRolePermissionsBoundary
    iam:DeleteRolePolicy iam:DeleteUserPermissionsBoundary iam:DeleteUserPolicy iam:DetachRolePolicy
    iam:DetachUserPolicy iam:PutGroupPolicy iam:PutRolePermissionsBoundary iam:PutRolePolicy
    iam:PutUserPermissionsBoundary iam:PutUserPolicy iam:ResetServiceSpecificCredential iam:SetDefaultPolicyVersion
    iam:UpdateAssumeRolePolicy iam:UpdateLoginProfile iam:UpdateSAMLProvider iam:UploadSSHPublicKey
    kms:CreateGrant kms:PutKeyPolicy
    lambda:AddPermission lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration
    s3:PutAccessPointPolicy s3:PutBucketAcl s3:PutBucketPolicy s3:PutObjectAcl
    sagemaker:CreatePresignedDomainUrl sagemaker:CreatePresignedNotebookInstanceUrl
    secretsmanager:PutResourcePolicy
    sns:AddPermission sqs:AddPermission
    ssm:SendCommand ssm:StartSession
    states:UpdateStateMachine
    sts:AssumeRole sts:AssumeRoleWithSAML sts:AssumeRoleWithWebIdentity
"""
ACTIONS = tuple(_ACTIONS.split())
"""API operation names; IAM actions have the same names, and the tests list the exceptions."""
LIMITS = (
    "iam:permissionsboundary",
    "iam:policyarn",
    "aws:resourcetag/",
    "iam:resourcetag/",
    "kms:grantispersonal",
    "kms:viaservice",
    "sagemaker:resourcetag/",
    "ssm:resourcetag/",
)


class NoEscalation(StatementRule):
    def refuses(self, statement: Statement, kind: str) -> bool:
        # A statement with principals applies to the resource that it is attached to.
        if not statement.allows or kind in ENDPOINTS or statement.has_principals:
            return False
        if statement.limited_by(LIMITS):
            return False
        return any(statement.includes(action) and _anywhere(statement, action) for action in ACTIONS)


def _anywhere(statement: Statement, action: str) -> bool:
    return statement.not_resources is not None or everything_for(action, statement.resources)


check = NoEscalation(__doc__)
