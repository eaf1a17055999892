"""Methods with IAM authorization: authenticate the caller by the signature and evaluate its policies."""

from __future__ import annotations

from werkzeug.wrappers import Request

from emulator.services.apigateway import moto_view
from emulator.services.apigateway.callers import Caller
from emulator.services.apigateway.gateway_responses import Refused
from emulator.services.apigateway.lambda_proxy import method_arn
from emulator.services.iam import guard, moto_requests
from emulator.services.iam.guard import Identity, Origin, Registry, judge, message
from emulator.services.iam.needs import Call, Need

SERVICE = "execute-api"
REFUSALS = {
    "InvalidClientTokenId": ("UnrecognizedClientException", "INVALID_SIGNATURE"),
    "ExpiredToken": ("ExpiredTokenException", "EXPIRED_TOKEN"),
}
INVALID = ("InvalidSignatureException", "INVALID_SIGNATURE")


class SignedCallers:
    """Admits signed requests; with `enforce` off (`EMULATOR_IAM=off`) it checks signatures but no policies."""

    def __init__(self, registry: Registry, *, enforce: bool = True) -> None:
        self._registry = registry
        self._enforce = enforce

    def admit(self, request: Request, stage: moto_view.Stage, path: str) -> Caller:
        """Return the caller of an admitted request. Raise `Refused` otherwise."""
        signed = moto_requests.signature(request.environ)
        if signed is None:
            text = "Missing Authentication Token"
            raise Refused(403, text, "MissingAuthenticationTokenException", "MISSING_AUTHENTICATION_TOKEN")
        if signed.service != SERVICE:
            text = f"Credential should be scoped to correct service: '{SERVICE}'."
            raise Refused(403, text, "InvalidSignatureException", "INVALID_SIGNATURE")
        try:
            identity = guard.authenticate(self._registry, request.environ, signed, request.get_data())
        except guard.Refused as refused:
            error_type, response_type = REFUSALS.get(refused.code, INVALID)
            raise Refused(403, refused.message, error_type, response_type) from refused
        if self._enforce:
            self._judge(self._registry, identity, request, stage, path)
        return Caller(
            identity={
                "accountId": identity.principal.account,
                "accessKey": signed.access_key_id,
                "caller": signed.access_key_id,
                "userArn": identity.principal.arn,
                "user": identity.principal.arn.rsplit(":", 1)[-1],
            }
        )

    def _judge(
        self, registry: Registry, identity: Identity, request: Request, stage: moto_view.Stage, path: str
    ) -> None:
        need = Need("execute-api:Invoke", method_arn(stage, request.method, path))
        call = Call(SERVICE, "Invoke", stage.region, stage.account_id, {})
        origin = Origin(request.remote_addr or guard.LOOPBACK, request.headers.get("User-Agent", ""))
        decision = judge(registry, identity, call, need, origin)
        if not decision.allowed:
            text = message(identity.principal, need, decision)
            raise Refused(403, text, "AccessDeniedException", "ACCESS_DENIED")
