"""What a worker says of tasks that cannot do anything just now."""

import json
import os
from pathlib import Path

import pytest

from tests.support.forks import Forks
from tests.support.portal_process import free_port

pytestmark = pytest.mark.one_database

WORKS_WITHOUT = """
import tasks
queue = tasks.huey
queue.create_consumer(workers=1)
@queue.task()
def fail():
    raise ValueError("a fault of the code")
for task in (tasks.deliver, tasks.run_jobs, tasks.deliver, fail):
    queue.execute(task.s())
"""


def test_a_worker_whose_database_is_away_says_so_in_a_line_for_each_task(tmp_path: Path, forks: Forks) -> None:
    address = f"mysql+pymysql://nobody:a-password@127.0.0.1:{free_port()}/none"
    environment = {"PATH": os.environ["PATH"], "PORTAL_DATA_DIR": str(tmp_path), "LOG_FORMAT": "json"}
    worker = forks.start("-c", WORKS_WITHOUT, environment=environment | {"DATABASE_URL": address})
    lines = [json.loads(line) for line in worker.stderr]
    worker.close()
    waits = [(line["event"], line["task"]) for line in lines[:-1]]
    assert waits == [("task_waits_for_database", "deliver"), ("task_waits_for_database", "run_jobs")]
    assert all(set(line) == {"event", "task", "error", "level", "timestamp"} for line in lines[:-1])
    assert "Can't connect to MySQL server" in lines[0]["error"]
    assert "a-password" not in str(lines)
    assert "Traceback" in lines[-1]["exception"], "where a fault of the code is, is told"
