"""Rules for files of datasets and trainings."""

from __future__ import annotations

import pytest

from orchestrator.errors import ConfigError
from tests.fakes.trained import DATASET, Change, environment

COLUMNS = DATASET["columns"]


def problem(dataset: Change | None = None, training: Change | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        environment(dataset, training)
    return error.value.message


def column(**keys: object) -> Change:
    return {"columns": [*COLUMNS, {"name": "extra", "type": "string", **keys}]}


def test_the_example_is_valid_and_its_model_has_a_group() -> None:
    built = environment()
    assert built.model_groups == ("reviews", "progression")
    assert [file.name for file in built.files] == ["diabetes", "progression", "progression"]
    assert built.datasets[0].features == ("age", "sex")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"trains": True}, "trains: has no effect in this version: remove it"),
        ({"feature_store": {"enabled": True}}, "feature_store.enabled: has no effect in this version"),
        ({"name": "other"}, "name: must equal the name of the file, `diabetes`"),
        (column(name="age"), "columns[3].name: is a duplicate (received 'age')"),
        (column(minimum=1), "columns[3].minimum: requires type bigint or double (received 'string')"),
        (column(type="double", max_length=1), "columns[3].max_length: requires type string"),
        (column(min_length=3, max_length=2), "columns[3].min_length: must not exceed `max_length` (2)"),
        (column(pattern="("), "columns[3].pattern: is not a regular expression"),
        (column(type="bigint", values=["a"]), "columns[3].values[0]: must be a value of type bigint (received 'a')"),
        (column(name="Age"), "columns[3].name: must match"),
        ({"output": [{"name": "age", "type": "double"}]}, "output: requires `transform`, which makes these columns"),
        ({"roles": {"label": "progresion"}}, "available: age, sex, progression (received 'progresion'); did you mean"),
        ({"roles": {"label": "age", "features": ["age"]}}, "roles.features: must not have the label"),
        ({"split": {"method": "time"}}, "split.method: requires `roles.time`"),
        ({"split": {"method": "time"}, "roles": {"time": "sex"}}, "requires `roles.time` to be a timestamp or date"),
        ({"split": {"method": "stratified"}}, "requires `roles.label` to be a string or bigint"),
        ({"etl": {"bookmarks": "enable"}}, "etl.bookmarks: requires `roles.id`, which tells new rows from known ones"),
        (column(name="split"), "columns: must not have a column `split`, the name of the splits' folders"),
        ({"split": {"train": 0.8, "validation": 0.1, "test": 0.2}}, "must add up to 1, not to 1.1"),
        ({"format": {"type": "json", "delimiter": ";"}}, "format.delimiter: requires type csv"),
        ({"source": {"type": "jdbc", "connection": "c", "table": "t"}}, "source.type: is not available in this"),
        ({"source": {"type": "s3", "external": "exports", "prefix": "a/"}}, "is not a bucket in `data.sources`"),
        ({"source": {"type": "glue", "database": "sales", "table": "t"}}, "source.database: is not a database in"),
        ({"source": {"type": "s3", "external": "exports"}}, "`external` and `prefix` belong together"),
    ],
)  # fmt: skip
def test_what_a_dataset_cannot_be_is_refused_at_its_key(change: Change, rule: str) -> None:
    assert rule in problem(dataset=change)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"schedule": "rate(1 day)"}, "schedule: has no effect in this version"),
        ({"instance_count": 2}, "instance_count: has no effect in this version"),
        ({"dataset": "diabets"}, "is not a dataset of this environment; available: diabetes (received 'diabets')"),
        ({"slices": ["sexe"]}, "slices[0]: is not a column of dataset `diabetes`"),
        ({"gate": {"metric": "f1", "threshold": 1}}, "is not measured for task regression; available: rmse, mae, r2"),
        ({"positive": "m"}, "positive: requires `task: classification`"),
        ({"framework": {"algorithm": "xgboost"}}, "framework.algorithm: is not available in this version"),
        ({"framework": {"name": "sklearn", "version": "9.9"}}, "framework.version: is not a version of sklearn"),
        ({"framework": {"name": "sklearn", "algorithm": "x1"}}, "requires exactly one of `name` (a framework)"),
    ],
)
def test_what_a_training_cannot_be_is_refused_at_its_key(change: Change, rule: str) -> None:
    assert rule in problem(training=change)


def test_a_regression_requires_a_number_as_label() -> None:
    message = problem(dataset={"roles": {"label": "sex"}})
    assert "requires a number as label; `sex` of dataset `diabetes` is a string" in message


def test_names_of_the_platforms_own_are_taken() -> None:
    with pytest.raises(ConfigError, match="is taken by the platform's own"):
        environment(training={"name": "reviews"})
