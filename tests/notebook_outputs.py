"""Write the one kept output of each notebook, its tie-out line, anew: `python -m tests.notebook_outputs`.

The lines state the sample's books with the first month posted; they change only when the sample or a line's words do.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.prepared_home import ROOT, prepared
from toolkit.open_company import HOME_VARIABLE

KEPT = "keep_output"


def main() -> None:
    """Run every notebook as it stands and keep the tagged outputs; everything else is stripped."""
    with tempfile.TemporaryDirectory() as scratch:
        os.environ[HOME_VARIABLE] = str(prepared(Path(scratch) / "home"))
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}).execute()
            for cell in notebook.cells:
                strip(cell)
            notebook.metadata.pop("widgets", None)
            notebook.metadata["language_info"] = {"name": "python"}
            nbformat.write(notebook, path)


def strip(cell: Any) -> None:
    """Take out what a run left, but for the output and the count of a tagged cell."""
    tags = cell.metadata.get("tags", [])
    cell.metadata = {"tags": tags} if tags else {}
    if cell.cell_type == "code" and KEPT not in tags:
        cell.outputs, cell.execution_count = [], None


if __name__ == "__main__":
    main()
