"""Flows are run as the container runs them: a zip, started by the jobs' own interpreter."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.packaging import SourcePackager

REPO = Path(__file__).resolve().parents[4]
SAMPLE = REPO / "terraform/phases/2-data/flows/reviews.flow"
RAW, PROCESSED = "s3://b/data/raw/reviews/", "s3://b/data/processed/"
Runner = Callable[..., subprocess.CompletedProcess[str]]


def chained(*steps: dict[str, Any], source: dict[str, Any] | None = None, kind: str = "CSV") -> dict[str, Any]:
    """A flow of one source, these steps, and one destination."""
    context = {"s3Uri": RAW, "s3ContentType": "csv", "s3HasHeader": True} | (source or {})
    first = {
        "type": "SOURCE",
        "operator": "sagemaker.s3_source_0.1",
        "parameters": {"dataset_definition": {"s3ExecutionContext": context}},
    }
    output = {"output_path": f"{PROCESSED}out/", "output_content_type": kind}
    last = {
        "type": "DESTINATION",
        "operator": "sagemaker.spark.s3_destination_0.1",
        "parameters": {"output_config": output},
    }
    nodes = [first, *({"type": "TRANSFORM"} | step for step in steps), last]
    linked = [
        {"node_id": f"n{number}", "inputs": [{"node_id": f"n{number - 1}"}] if number else []} | node
        for number, node in enumerate(nodes)
    ]
    return {"metadata": {"version": 1}, "nodes": linked}


def step(operator: str, choice: str = "", trained: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
    chosen = {"operator": choice, **parameters} if choice else parameters
    return {"operator": f"sagemaker.spark.{operator}", "parameters": chosen, "trained_parameters": trained or {}}


TYPES = step("infer_and_cast_type_0.1", trained={"schema": {"rating": "float"}})


class Flow:
    """Runs flows on a folder of raw data."""

    def __init__(self, run_job: Runner, program: Path, root: Path) -> None:
        self._run, self._program, self.root = run_job, program, root
        self.raw, self.out, self.message = root / "raw", root / "processed", root / "message"
        self.raw.mkdir()

    def __call__(self, flow: Any) -> subprocess.CompletedProcess[str]:
        file = self.root / "some.flow"
        file.write_text(flow if isinstance(flow, str) else json.dumps(flow), encoding="utf-8")
        places = ("--source", f"{RAW}={self.raw}", "--target", f"{PROCESSED}={self.out}")
        return self._run(self._program, "--flow", str(file), *places, "--message", str(self.message))

    def result(self, flow: Any) -> list[str]:
        done = self(flow)
        assert done.returncode == 0, done.stdout + done.stderr
        return (self.out / "out/part-00000.csv").read_text(encoding="utf-8").splitlines()

    def refusal(self, flow: Any) -> str:
        done = self(flow)
        assert done.returncode == 1, done.stdout + done.stderr
        assert not self.out.exists(), "something was written"
        message = self.message.read_text(encoding="utf-8")
        assert done.stdout.rstrip().endswith(message), "the last line of the log is the reason"
        return message


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SourcePackager(REPO).build(tmp_path_factory.mktemp("packages"))["processing_flow"].path


@pytest.fixture
def flow(run_job: Runner, program: Path, tmp_path: Path) -> Flow:
    made = Flow(run_job, program, tmp_path)
    (made.raw / "a.csv").write_text('id,rating,text\n1,2.5,"good, very"\n2,x,bad\n3,,none\n4,9,\n', encoding="utf-8")
    return made


def test_the_sample_flow_on_lines_of_reviews(flow: Flow) -> None:
    (flow.raw / "a.csv").unlink()
    folder = flow.raw / "source=amazon"
    folder.mkdir()
    lines = [
        '1_1\t-0.9\tno "picture here',
        "1_2\t0.5\tfine",
        "1_3\tbad\tno number",
        "1_4\t7\toff the scale",
        "1_5\t1\t",
    ]
    (folder / "reviews.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = flow(SAMPLE.read_text(encoding="utf-8").replace("${bucket_name}", "b"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert flow.message.read_text() == "part-00000.parquet: 2 rows of review_id, rating, text"
    import pyarrow.parquet as pq

    written = pq.read_table(flow.out / "reviews-wrangled/part-00000.parquet").to_pylist()
    assert written == [
        {"review_id": "1_1", "rating": -0.9, "text": 'no "picture here'},
        {"review_id": "1_2", "rating": 0.5, "text": "fine"},
    ]


@pytest.mark.full
@pytest.mark.parametrize(
    ("steps", "rows"),
    [
        ([], ["id,rating,text", '1,2.5,"good, very"', "2,x,bad", "3,,none", "4,9,"]),
        ([TYPES], ["id,rating,text", '1,2.5,"good, very"', "2,,bad", "3,,none", "4,9.0,"]),
        (
            [step("cast_single_data_type_0.1", column="rating", data_type="long")],
            ["id,rating,text", '1,2,"good, very"', "2,,bad", "3,,none", "4,9,"],
        ),
        (
            [
                step(
                    "cast_single_data_type_0.1",
                    column="rating",
                    data_type="float",
                    non_castable_data_handling_method="drop",
                )
            ],
            ["id,rating,text", '1,2.5,"good, very"', "3,,none", "4,9.0,"],
        ),
        (
            [
                step(
                    "cast_single_data_type_0.1",
                    column="rating",
                    data_type="float",
                    non_castable_data_handling_method="replace_value",
                    replace_value="0",
                )
            ],
            ["id,rating,text", '1,2.5,"good, very"', "2,0.0,bad", "3,,none", "4,9.0,"],
        ),
        (
            [step("manage_columns_0.1", "Drop column", drop_column_parameters={"column_to_drop": ["text", "rating"]})],
            ["id", "1", "2", "3", "4"],
        ),
        (
            [
                step(
                    "manage_columns_0.1",
                    "Rename column",
                    rename_column_parameters={"input_column": "id", "new_name": "key"},
                ),
                step("manage_columns_0.1", "Drop column", drop_column_parameters={"column_to_drop": "text"}),
                step(
                    "manage_columns_0.1",
                    "Duplicate column",
                    duplicate_column_parameters={"input_column": "key", "new_name": "again"},
                ),
            ],
            ["key,rating,again", "1,2.5,1", "2,x,2", "3,,3", "4,9,4"],
        ),
        (
            [step("handle_missing_0.1", "Drop missing", drop_missing_parameters={"input_column": "text"})],
            ["id,rating,text", '1,2.5,"good, very"', "2,x,bad", "3,,none"],
        ),
        (
            [
                step(
                    "handle_missing_0.1",
                    "Drop missing",
                    drop_missing_parameters={
                        "dimension": "Drop Rows",
                        "drop_rows_parameters": {"input_column": "rating"},
                    },
                )
            ],
            ["id,rating,text", '1,2.5,"good, very"', "2,x,bad", "4,9,"],
        ),
        (
            [step("handle_missing_0.1", "Drop missing", drop_missing_parameters={})],
            ["id,rating,text", '1,2.5,"good, very"', "2,x,bad"],
        ),
        (
            [
                TYPES,
                step(
                    "handle_missing_0.1",
                    "Fill missing",
                    fill_missing_parameters={"input_column": ["rating"], "fill_value": "-1"},
                ),
            ],
            ["id,rating,text", '1,2.5,"good, very"', "2,-1.0,bad", "3,-1.0,none", "4,9.0,"],
        ),
    ],
)
def test_what_each_step_does(flow: Flow, steps: list[dict[str, Any]], rows: list[str]) -> None:
    assert flow.result(chained(*steps)) == rows


@pytest.mark.full
@pytest.mark.parametrize(
    ("method", "ratings"),
    [("Remove", ["2.5", "", ""]), ("Clip", ["2.5", "", "", "4.0"]), ("Invalidate", ["2.5", "", "", ""])],
)
def test_what_becomes_of_outliers(flow: Flow, method: str, ratings: list[str]) -> None:
    limits = {"input_column": "rating", "lower_threshold": -4, "upper_threshold": 4, "fix_method": method}
    outliers = step("handle_outliers_0.1", "Min-max numeric outliers", min_max_numeric_outliers_parameters=limits)
    only = step("manage_columns_0.1", "Drop column", drop_column_parameters={"column_to_drop": ["id", "text"]})
    kept = flow.result(chained(TYPES, outliers, only))[1:]
    assert [each.strip('"') for each in kept] == ratings


def test_parquet_in_and_out(flow: Flow) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (flow.raw / "a.csv").unlink()
    pq.write_table(pa.table({"id": [1, 2], "text": ["a", None]}), flow.raw / "x.parquet")
    drop = step("handle_missing_0.1", "Drop missing", drop_missing_parameters={"input_column": "text"})
    done = flow(chained(drop, source={"s3ContentType": "parquet"}, kind="PARQUET"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert pq.read_table(flow.out / "out/part-00000.parquet").to_pylist() == [{"id": 1, "text": "a"}]


def test_pictures_are_left_out(flow: Flow) -> None:
    document = chained()
    document["nodes"].append({"node_id": "p", "type": "VISUALIZATION", "operator": "x", "inputs": [{"node_id": "n0"}]})
    assert len(flow.result(document)) == 5


def changed(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    document = chained(TYPES)
    change(document)
    return document


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (chained(step("encode_categorical_0.1", "One-hot encode")), "node n1 (sagemaker.spark.encode_categorical_0.1"),
        (chained(step("manage_columns_0.1", "Move column")), "0.1, Move column): this choice is not known"),
        (chained(step("cast_single_data_type_0.1", column="stars", data_type="long")), "there is no column stars"),
        (chained(step("cast_single_data_type_0.1", column="id", data_type="date")), "type date is not known"),
        (chained(step("infer_and_cast_type_0.1")), "trained_parameters.schema is missing"),
        (chained(source={"s3Uri": "s3://other/data/"}), "names s3://other/data/, which is not below any of s3://b/data/raw"),
        (chained(source={"s3Uri": f"{RAW}../../secret/"}), "which is not below any of"),
        (chained(source={"s3Uri": f"{RAW}none/"}), "there is no object under s3://b/data/raw/reviews/none/"),
        (chained(source={"s3ContentType": "orc"}), "content of type orc is not known"),
        (chained(source={"s3MultiLine": True}), "s3MultiLine and s3SkipLines are not known"),
        (chained(kind="ORC"), "node n1 (sagemaker.spark.s3_destination_0.1): content of type ORC is not known"),
        (changed(lambda flow: flow["metadata"].update(version=2)), "version 2; this job reads version 1"),
        (changed(lambda flow: flow["nodes"].pop()), "the flow has no destination"),
        (changed(lambda flow: flow["nodes"][1].update(inputs=[{"node_id": "gone"}])), "takes the result of gone"),
        (changed(lambda flow: flow["nodes"][1].update(inputs=[{"node_id": "n1"}])), "its own result"),
        (changed(lambda flow: flow["nodes"][1].update(inputs=[])), "takes 1 input(s), and has 0"),
        (changed(lambda flow: flow["nodes"][1].update(node_id="n0")), "one node_id"),
        (changed(lambda flow: flow["nodes"][1].pop("operator")), "a node needs node_id, type and operator"),
        ("{", "the flow is not JSON"),
        ({"metadata": {"version": 1}}, "the flow has no list of nodes"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_named_and_nothing_is_written(flow: Flow, document: Any, reason: str) -> None:
    assert reason in flow.refusal(document)


def test_an_unknown_operator_is_refused_before_anything_is_read(flow: Flow) -> None:
    (flow.raw / "a.csv").unlink()
    assert "this operator is not known" in flow.refusal(chained(step("custom_pandas_0.1")))
