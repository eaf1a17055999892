"""Glue's control plane: updates of jobs and crawlers, tags of registries."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores, utcnow
from moto.glue.models import GlueBackend
from moto.glue.responses import GlueResponse

from emulator.core.settings import Settings
from emulator.moto.patching import add, wrap


def apply(settings: Settings) -> None:
    _execution_class()
    _update_job()
    _update_crawler()
    _registry_tags()
    _forget_tags_of_deleted()


def _execution_class() -> None:
    @wrap(GlueBackend, "create_job")
    def create_job(original: Any, self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        created = original(self, name, *args, **kwargs)
        # AWS returns a class only if the request named one; moto returns STANDARD, a difference in every plan.
        self.get_job(name).execution_class = kwargs["execution_class"]
        return created


def _update_job() -> None:
    @add(GlueResponse)
    def update_job(self: Any) -> Any:
        job = self.glue_backend.get_job(self.parameters["JobName"])
        _overwrite(job, self.parameters["JobUpdate"])
        job.last_modified_on = utcnow()
        return ActionResult({"JobName": job.name})


def _update_crawler() -> None:
    @add(GlueResponse)
    def update_crawler(self: Any) -> Any:
        crawler = self.glue_backend.get_crawler(self.parameters["Name"])
        changes = {name: value for name, value in self.parameters.items() if name != "Name"}
        _overwrite(crawler, changes)
        crawler.last_updated = utcnow()
        crawler.version += 1
        return EmptyResult()


def _registry_tags() -> None:
    """Store a registry's tags in the tagging service, from which moto reads them; it writes them to the registry."""

    @wrap(GlueBackend, "create_registry")
    def create_registry(original: Any, self: Any, registry_name: str, *args: Any, **kwargs: Any) -> Any:
        created = original(self, registry_name, *args, **kwargs)
        self.tag_resource(self.registries[registry_name].registry_arn, self.registries[registry_name].tags or {})
        return created


def _forget_tags_of_deleted() -> None:
    """Delete the tags of deleted resources; moto keeps them, and the tagging API goes on listing the resources."""
    for kind in ("crawler", "database", "job", "trigger"):

        @wrap(GlueBackend, f"delete_{kind}")
        def delete(original: Any, self: Any, name: str, *args: Any, kind: str = kind, **kwargs: Any) -> Any:
            answer = original(self, name, *args, **kwargs)
            _forget_tags(self, kind, name)
            return answer

    @wrap(GlueBackend, "delete_registry")
    def delete_registry(original: Any, self: Any, registry_id: dict[str, Any]) -> Any:
        answer = original(self, registry_id)
        _forget_tags(self, "registry", answer["RegistryName"])
        return answer

    @wrap(GlueBackend, "delete_schema")
    def delete_schema(original: Any, self: Any, schema_id: dict[str, str]) -> Any:
        answer = original(self, schema_id)
        self.tagger.delete_all_tags_for_resource(answer["SchemaArn"])
        return answer


def _forget_tags(backend: Any, kind: str, name: str) -> None:
    arn = f"arn:aws:glue:{backend.region_name}:{backend.account_id}:{kind}/{name}"
    backend.tagger.delete_all_tags_for_resource(arn)


def _overwrite(target: Any, changes: dict[str, Any]) -> None:
    """Set the members that a request names; raise an error for one that moto does not keep."""
    for name, value in changes.items():
        attribute = camelcase_to_underscores(name)
        if not hasattr(target, attribute):
            raise NotImplementedError(f"changing {name} of {type(target).__name__}")
        setattr(target, attribute, value)
