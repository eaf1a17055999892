"""Build Lambda zips, training sources and Glue scripts, byte for byte the same on any machine.

Terraform compares hashes, so a package may only depend on its sources. The name of a package contains its hash, so an
upload never changes a file that a running job reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from orchestrator.blueprints.matrix import model_package, transform_package
from orchestrator.config.images import Choice, Chosen, image_of, packages_of
from orchestrator.config.model.platform import Dataset, Described, TrainingJob
from orchestrator.core.package import Package
from orchestrator.errors import ConfigError, SetupError
from orchestrator.packaging import archives, lock, requirements, wheelhouse
from orchestrator.packaging.wheelhouse import Wheelhouse

COMMON, ROUTING = "inference_common", "inference_routing"
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "data_validation": (COMMON,),
    "model_artifacts": (COMMON,),
    "endpoint_probe": (COMMON,),
    "model_router": (COMMON, ROUTING),
    "token_authorizer": (COMMON,),
    "batch_submitter": (COMMON,),
    "job_api": (COMMON, ROUTING),
    "async_worker": (COMMON, ROUTING),
    "async_callback": (COMMON,),
}
"""The Python package of each function, and the shared packages in its zip."""


class SourcePackager:
    """Build every package from a checkout.

    Args:
        repo: the folder with `lambda/` and `jobs/`.
        region: where models are trained and served.
        local_python: interpreter that runs jobs on this machine; `None` for AWS.
        files: files of the environment; code of datasets and trainings is packaged too.
    """

    def __init__(
        self,
        repo: Path,
        region: str = "us-east-1",
        local_python: Path | None = None,
        files: Sequence[Described] = (),
    ) -> None:
        self._repo, self._region, self._files = repo, region, files
        self._wheels = Wheelhouse(repo / ".cache" / "wheels", local_python)

    def build(self, out: Path) -> dict[str, Package]:
        """Write all packages into `out` and return them by name. Raises `SetupError` if a source is missing."""
        builders: dict[str, tuple[str, Callable[[], bytes]]] = {
            name: ("zip", partial(self._function, name)) for name in FUNCTIONS
        }
        builders["training_source"] = ("tar.gz", partial(self._model, "jobs/models/reviews", Chosen("sklearn")))
        builders["evaluation"] = ("zip", self._evaluation)
        builders["etl_script"] = ("py", self._etl)
        builders["etl_library"] = ("zip", self._etl_library)
        builders["dataset_reviews"] = ("zip", partial(self._transform, "jobs/datasets/reviews"))
        builders["reviews_spec"] = ("json", self._reviews_spec)
        builders["processing_flow"] = ("zip", self._processing_flow)
        builders["feature_ingestion"] = ("py", self._feature_ingestion)
        for file in self._files:
            builders |= self._of_file(file)
        out.mkdir(parents=True, exist_ok=True)
        return {name: archives.write(out, name, ending, make()) for name, (ending, make) in builders.items()}

    def _function(self, name: str) -> bytes:
        """Zip the function's package and its shared ones; Lambda calls `<name>.handler.handler`."""
        files = {
            f"{package}/{path}": content
            for package in (name, *FUNCTIONS[name])
            for path, content in archives.tree(self._repo / "lambda" / package).items()
        }
        if f"{name}/handler.py" not in files:
            raise SetupError(f"lambda/{name} has no handler.py")
        return archives.zip_of(files)

    def _of_file(self, file: Described) -> dict[str, tuple[str, Callable[[], bytes]]]:
        """Return how the code of a dataset or a training is packaged, by the name of the package."""
        if isinstance(file, TrainingJob) and file.framework.name is not None:
            return {model_package(file.name): ("tar.gz", partial(self._model, file.code, file.framework))}
        if isinstance(file, Dataset) and file.transform is not None:
            return {transform_package(file.name): ("zip", partial(self._transform, file.transform))}
        return {}

    def _transform(self, name: str) -> bytes:
        """Build the code of a dataset from its folder, without its sample."""
        files = archives.tree(self._repo / name)
        code = {path: content for path, content in files.items() if path.endswith(".py")}
        if "transform.py" not in code:
            raise SetupError(f"{name} has no transform.py")
        return archives.zip_of(code)

    def _model(self, name: str, chosen: Choice) -> bytes:
        """Build the code archive of a model from its folder, with the packages it requires and without its tests."""
        folder = self._repo / name
        files = {
            path: content
            for path, content in archives.tree(folder).items()
            if path not in (requirements.FILE, lock.FILE) and not path.startswith(f"{wheelhouse.OWN}/")
        }
        for needed in ("train.py", "inference.py"):
            if needed not in files:
                raise SetupError(f"{name} has no {needed}")
        platform = archives.tree(self._repo / "jobs" / "training")
        for taken in sorted(files.keys() & {*platform, "setup.py", "setup.cfg"}):
            raise ConfigError(
                f"{name}/{taken}: the platform makes the code an installable package: rename or remove it"
            )
        packages = self._wheels.files(folder, image_of(chosen, self._region), packages_of(chosen))
        return archives.tar_gz_of(files | platform | packages)

    def _etl(self) -> bytes:
        return archives.read(self._repo / "jobs" / "etl" / "main.py")

    def _etl_library(self) -> bytes:
        files = archives.tree(self._repo / "jobs" / "etl" / "tabular")
        return archives.zip_of({f"tabular/{path}": content for path, content in files.items()})

    def _reviews_spec(self) -> bytes:
        return archives.read(self._repo / "jobs" / "datasets" / "reviews" / "spec.json")

    def _processing_flow(self) -> bytes:
        """Build a zip that Python can run, because processing containers do not unpack it."""
        folder = self._repo / "jobs" / "processing"
        files = {f"wrangler/{path}": content for path, content in archives.tree(folder / "wrangler").items()}
        return archives.zip_of(files | {"__main__.py": archives.read(folder / "run_flow.py")})

    def _evaluation(self) -> bytes:
        folder = self._repo / "jobs" / "evaluation"
        files = {f"evaluation/{path}": content for path, content in archives.tree(folder / "evaluation").items()}
        return archives.zip_of(files | {"__main__.py": archives.read(folder / "run_evaluation.py")})

    def _feature_ingestion(self) -> bytes:
        return archives.read(self._repo / "jobs" / "features" / "ingest.py")
