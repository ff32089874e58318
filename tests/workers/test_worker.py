"""The worker process: its output holds messages only, whatever prints while it starts."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

from explorer import Experiment
from explorer.recording import Row

ROOT = Path(__file__).parents[2]
PRINTS = """
import sys

class Prints:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print("torch is imported", flush=True)

sys.meta_path.insert(0, Prints())
"""


def test_what_is_printed_while_it_starts_goes_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(PRINTS)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    small = Experiment().changed(length=8, hidden_size=3, batch_size=2, steps=3, device="cpu")
    with subprocess.Popen(
        [sys.executable, "-m", "explorer.workers"],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        pickle.dump(("start", small.model_dump_json(), False), process.stdin)
        process.stdin.flush()
        rows: list[Row] = []
        while (message := pickle.load(process.stdout))[0] == "rows":
            rows += message[1]
        process.stdin.close()
        told = process.stderr.read().decode()
    assert message == ("end", "finished")
    assert len(rows) == 3 and all(row.numbers["loss"] > 0 for row in rows)
    assert "torch is imported" in told
