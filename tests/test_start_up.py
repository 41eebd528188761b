"""A command starts without what only some commands need: notebooks, pictures and data frames take seconds to load."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "matplotlib",
    "pandas",
    "numpy",
    "papermill",
    "nbformat",
    "IPython",
    "ipywidgets",
    "jupyter_client",
    "openpyxl",
}


def test_the_command_line_loads_nothing_heavy() -> None:
    asked = "import sys, toolkit.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert set(loaded.split()) & HEAVY == set()
