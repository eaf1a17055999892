"""Build the S3 keys and job names of a request. Pure.

inference/batch/input/<blueprint>/…                          input objects; each one that arrives starts a request
inference/batch/input/<blueprint>/requests/…                 input objects for explicit requests
inference/batch/input/_parts/<blueprint>/<digest>/<attempt>/ input of the jobs
inference/batch/output/<blueprint>/raw/<digest>/<attempt>/   output of the jobs
inference/batch/output/<blueprint>/state/<digest>/           state of the request, in objects that never change
inference/batch/output/<blueprint>/results/request_id=<id>/  one line per record, in order
inference/batch/output/<blueprint>/errors/request_id=<id>/   records without output, with reasons
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

INPUT = "inference/batch/input/"
OUTPUT = "inference/batch/output/"
PARTS = "_parts"
REQUESTED = "requests/"
JOB = re.compile(r"(?P<base>.+)-(?P<digest>[0-9a-f]{12})-(?P<attempt>\d{1,2})-(?P<index>\d{1,3})")


def input_prefix(blueprint: str) -> str:
    return f"{INPUT}{blueprint}/"


def arrival_id(key: str, etag: str) -> str:
    """Return the request id for an arrived object; repeated events give the same id."""
    return f"s3-{hashlib.sha256(f'{key}|{etag.strip(chr(34))}'.encode()).hexdigest()[:20]}"


@dataclass(frozen=True)
class RequestPaths:
    blueprint: str
    request_id: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.blueprint}/{self.request_id}".encode()).hexdigest()[:12]

    @property
    def _state(self) -> str:
        return self.of_digest(self.digest)

    def of_digest(self, digest: str) -> str:
        """Return the state prefix of a request that is known by its job names only."""
        return f"{OUTPUT}{self.blueprint}/state/{digest}/"

    @property
    def request(self) -> str:
        return f"{self._state}request.json"

    @property
    def refusal(self) -> str:
        return f"{self._state}refused.json"

    @property
    def bad_records(self) -> str:
        return f"{self._state}bad-records.jsonl"

    @property
    def ids(self) -> str:
        """The caller's record ids, if any."""
        return f"{self._state}ids.jsonl"

    def attempt(self, number: int) -> str:
        return f"{self._state}attempt-{number}.json"

    def begun(self, number: int) -> str:
        """Marks that a large attempt is being prepared."""
        return f"{self._state}attempt-{number}.begun"

    def created(self, job: str) -> str:
        return f"{self._state}created/{job}.json"

    def ended(self, job: str) -> str:
        return f"{self._state}ended/{job}.json"

    def claim(self, number: int) -> str:
        return f"{self._state}claim-{number}.json"

    def result(self, number: int) -> str:
        return f"{self._state}result-{number}.json"

    def part(self, attempt: int, index: int) -> str:
        return f"{self.parts(attempt)}part-{index:05d}.jsonl"

    def parts(self, attempt: int) -> str:
        return f"{INPUT}{PARTS}/{self.blueprint}/{self.digest}/{attempt}/"

    def raw(self, attempt: int) -> str:
        return f"{OUTPUT}{self.blueprint}/raw/{self.digest}/{attempt}/"

    @property
    def results(self) -> str:
        return f"{OUTPUT}{self.blueprint}/results/request_id={self.request_id}/results.jsonl"

    @property
    def errors(self) -> str:
        return f"{OUTPUT}{self.blueprint}/errors/request_id={self.request_id}/errors.jsonl"

    def job(self, name_prefix: str, attempt: int, index: int) -> str:
        return f"{name_prefix}-{self.blueprint}-{self.digest}-{attempt}-{index}"
