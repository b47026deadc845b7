"""Re-run notebooks in place and store their outputs: `python .ci/book.py nbs/04_attention.ipynb …`.

Cells flagged `slow`, `cuda` or `net` are not run and keep the outputs that were recorded on the machine named beside them.
"""
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

SKIPPED = re.compile(r"^#\s*\|\s*(slow|cuda|net|eval:\s*false)\b", re.M)


class Author(NotebookClient):
    "Runs a notebook's cells in order, except those that need another machine."

    async def async_execute_cell(self, cell, cell_index, **options):
        return cell if SKIPPED.search(cell.source) else await super().async_execute_cell(cell, cell_index, **options)


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    for name in sys.argv[1:]:
        path = Path(name)
        book = nbformat.read(path, 4)
        print(path, flush=True)
        Author(book, timeout=1200, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
        nbformat.write(book, path)
