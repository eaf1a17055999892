"""
metadata:
  id: MLOPS_IAM_5
  name: Rights that give rights are for named resources
  category: IAM
  severity: CRITICAL
  risk: >
    Who may change policies, trust, keys or running code of everything gives himself every right there is, in
    one step: a new version of the policy that he has, a key for an administrator, other code for a function
    whose role may more.
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
"""Names as in the services' interfaces; an action of IAM is called so too, or the tests say where not."""
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
        # A statement with principals is about the resource that carries it.
        if not statement.allows or kind in ENDPOINTS or statement.names_somebody:
            return False
        if statement.limited_by(LIMITS):
            return False
        return any(statement.includes(action) and _anywhere(statement, action) for action in ACTIONS)


def _anywhere(statement: Statement, action: str) -> bool:
    return statement.not_resources is not None or everything_for(action, statement.resources)


check = NoEscalation(__doc__)
