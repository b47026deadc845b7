"""The notebooks as Colab wants them: a first cell that installs the book, and a badge that opens them there.

`python .ci/colab.py OUT` writes OUT/nbs/*.ipynb and OUT/plots.ipynb. The workflow colab.yml puts them on the branch `colab`, which is
made anew each time, so that the book's own notebooks stay free of set-up cells. Needs the standard library only.
"""
import json
import sys
from pathlib import Path

REPO = "nanogpt-nb/nanogpt_nb"
ROOT = Path(__file__).resolve().parents[1]

SETUP = f"""# set-up for Colab; made by .ci/colab.py, no part of the book
import os, sys
if not os.path.isdir("/content/book"):
    !git clone --quiet --depth 1 https://github.com/{REPO} /content/book
    !pip install --quiet -e /content/book hypothesis
os.chdir("/content/book/FOLDER")
sys.path[:0] = ["/content/book", "/content/book/nbs"]"""


def for_colab(path):
    "The notebook at `path`, relative to the repository, with a badge and a set-up cell before its first cell."
    book = json.loads((ROOT / path).read_text(encoding="utf-8"))
    link = f"https://colab.research.google.com/github/{REPO}/blob/colab/{path.as_posix()}"
    badge = f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({link})"
    setup = SETUP.replace("FOLDER", path.parent.as_posix())
    book["cells"][:0] = [
        dict(cell_type="markdown", id="colab-badge", metadata={}, source=badge),
        dict(cell_type="code", id="colab-setup", metadata={}, execution_count=None, outputs=[], source=setup),
    ]
    book["metadata"]["accelerator"] = "GPU"
    return book


def main(out):
    for path in [*sorted(ROOT.glob("nbs/[0-9]*.ipynb")), ROOT / "plots.ipynb"]:
        path = path.relative_to(ROOT)
        target = Path(out) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(for_colab(path), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
