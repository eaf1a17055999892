"""The environment of a script in a SageMaker framework container: folders, variables, command line.

Follows the `sagemaker-training` toolkit. Its `/opt/ml` is a folder here, which the variables name; scripts that name
`/opt/ml` itself see it as well, where the machine permits that (`emulator/core/opt_ml.py`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emulator.core.folders import inside

FRAMEWORK_PREFIX = "sagemaker_"
"""Hyperparameters with this prefix are meant for the toolkit, not for the script."""


class Folders:
    """The layout of `/opt/ml`, below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.model = root / "model"
        self.code = root / "code"
        self.input = root / "input"
        self.output = root / "output"
        self.output_data = root / "output" / "data"
        self.intermediate = root / "output" / "intermediate"

    def make(self) -> None:
        """Make empty folders, even if a job of the same name left some in an earlier run of the emulator."""
        shutil.rmtree(self.root, ignore_errors=True)
        for folder in (self.model, self.code, self.input / "config", self.output_data, self.intermediate):
            folder.mkdir(parents=True, exist_ok=True)

    def channel(self, name: str) -> Path:
        return inside(self.input / "data", name)


def decoded(hyperparameters: dict[str, str]) -> dict[str, Any]:
    """Decode values, which the SDK sends as JSON text; other text is used unchanged."""
    values: dict[str, Any] = {}
    for name, text in hyperparameters.items():
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def of_script(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not name.startswith(FRAMEWORK_PREFIX)}


def command_line(values: dict[str, Any]) -> list[str]:
    """Return `--name value`, sorted by name; a name of one character becomes `-n value`."""
    arguments: list[str] = []
    for name in sorted(values):
        arguments += [f"--{name}" if len(name) > 1 else f"-{name}", _text(values[name])]
    return arguments


def entry_point(python: Path, program: str, arguments: list[str]) -> list[str | Path]:
    """Return the command that runs a source's entry point: Python for a `.py` file, the shell for any other."""
    if is_python(program):
        return [python, program, *arguments]
    return ["/bin/sh", "-c", f"./{program} {' '.join(arguments)}"]


def is_python(program: str) -> bool:
    return program.endswith(".py")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={item}" for name, item in sorted(value.items()))
    return str(value)


def environment(
    folders: Folders,
    *,
    job_name: str,
    job_arn: str,
    instance_type: str,
    channels: Sequence[dict[str, Any]],
    hyperparameters: dict[str, Any],
    arguments: list[str],
) -> dict[str, str]:
    """Return the `SM_*` variables, and write the configuration files that SageMaker puts beside the data."""
    host = "algo-1"
    script = of_script(hyperparameters)
    framework = {name: value for name, value in hyperparameters.items() if name not in script}
    names = [channel["ChannelName"] for channel in channels]
    program = str(hyperparameters.get("sagemaker_program", ""))
    resources = {"current_host": host, "hosts": [host], "current_instance_type": instance_type}
    inputs = {
        channel["ChannelName"]: {
            "TrainingInputMode": channel.get("InputMode", "File"),
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        }
        for channel in channels
    }
    _write(folders.input / "config" / "hyperparameters.json", {k: _text(v) for k, v in hyperparameters.items()})
    _write(folders.input / "config" / "inputdataconfig.json", inputs)
    _write(folders.input / "config" / "resourceconfig.json", resources)
    training = {
        "job_name": job_name,
        "channel_input_dirs": {name: str(folders.channel(name)) for name in names},
        "current_host": host,
        "hosts": [host],
        "hyperparameters": script,
        "input_data_config": inputs,
        "model_dir": str(folders.model),
        "output_data_dir": str(folders.output_data),
        "module_dir": str(hyperparameters.get("sagemaker_submit_directory", "")),
        "module_name": Path(program).stem,
        "num_cpus": os.cpu_count() or 1,
        "num_gpus": 0,
        "user_entry_point": program,
    }
    variables = {
        "TRAINING_JOB_NAME": job_name,
        "TRAINING_JOB_ARN": job_arn,
        "PYTHONPATH": str(folders.code),
        "SM_MODEL_DIR": str(folders.model),
        "SM_OUTPUT_DIR": str(folders.output),
        "SM_OUTPUT_DATA_DIR": str(folders.output_data),
        "SM_OUTPUT_INTERMEDIATE_DIR": str(folders.intermediate),
        "SM_INPUT_DIR": str(folders.input),
        "SM_INPUT_CONFIG_DIR": str(folders.input / "config"),
        "SM_INPUT_DATA_CONFIG": json.dumps(inputs),
        "SM_RESOURCE_CONFIG": json.dumps(resources),
        "SM_CHANNELS": json.dumps(names),
        "SM_HPS": json.dumps(script),
        "SM_FRAMEWORK_PARAMS": json.dumps(framework),
        "SM_USER_ARGS": json.dumps(arguments),
        "SM_USER_ENTRY_POINT": program,
        "SM_MODULE_NAME": Path(program).stem,
        "SM_MODULE_DIR": str(hyperparameters.get("sagemaker_submit_directory", "")),
        "SM_CURRENT_HOST": host,
        "SM_HOSTS": json.dumps([host]),
        "SM_CURRENT_INSTANCE_TYPE": instance_type,
        "SM_NETWORK_INTERFACE_NAME": "lo",
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_NUM_GPUS": "0",
        "SM_LOG_LEVEL": "20",
        "SM_TRAINING_ENV": json.dumps(training),
    }
    variables |= {f"SM_CHANNEL_{name.upper()}": str(folders.channel(name)) for name in names}
    variables |= {f"SM_HP_{name.upper()}": _text(value) for name, value in script.items()}
    return variables


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document))
