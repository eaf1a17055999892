"""A local AWS on one port of the loopback interface.

**Control plane.** Moto remembers what was created: buckets, roles, functions, endpoints. The real Terraform
provider and plain boto3 talk to it through `AWS_ENDPOINT_URL`; nothing else differs from AWS. Where moto
answers differently from AWS, or not at all, a *patch* (`emulator.moto`) corrects it. No other package imports
moto, and only the one version that the patches were written for is accepted.

**Compute.** Moto fakes every data plane: functions echo, jobs are completed at birth, endpoints answer a
constant. Here functions, Glue jobs, crawlers, training jobs and endpoints are processes that run the deployed
code (`emulator.services`), and a status changes because a process started, ended or died.

**Recorded.** A few operations that Terraform needs are kept and given back without doing anything
(`emulator.recorded`); they are listed as data and their responses say so. Any operation that is not
implemented is an error, never an empty success.

**Fidelity.** Every response states in `x-emulator-fidelity` how real it is: `executed`, `emulated`, `stand-in`
or `recorded`. For compute the value is derived from evidence (`emulator.core.evidence`: process id, exit code,
artifact hash), and `/_emulator/evidence` shows it.

**One process.** `python -m emulator serve` binds the port, installs the patches, writes `emulator.json` and
serves until SIGTERM, which also ends every child (`emulator.http.server`). State lives in memory and dies with it.
"""

from __future__ import annotations

VERSION = "0.1.0"
