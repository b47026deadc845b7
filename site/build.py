"""Make the web book: sources from the notebooks, then Sphinx, then the two pages of chapter 54.

    python site/build.py [--run RUN]        # RUN: a training run, for the page with the model inside

Everything lands in site/_build; site/_build/html is the book. Nothing is run but the command of chapter 54, and nothing
is fetched but MathJax, once, by npm.
"""
import argparse
import configparser
import json
import re
import shutil
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from nanogpt_nb.cli import run_command          # noqa: E402
from nanogpt_nb.errors import BadInput          # noqa: E402

BUILD = HERE / "_build"
SOURCE, HTML, STATIC = BUILD / "source", BUILD / "html", BUILD / "static"
MATHJAX = "mathjax@3.2.2"       # version 4 asks a server for its fonts

PARTS = [       # name, first and last number of its chapters
    ("Start", 0, 1), ("Ground", 2, 5), ("The model", 6, 15), ("The data", 16, 20), ("Learning", 21, 25),
    ("The run", 26, 35), ("Measured", 36, 39), ("Beyond GPT-2", 40, 49), ("Out in the world", 50, 59),
    ("Proofs", 60, 99),
]
ROMAN = "0 I II III IV V VI VII VIII IX".split()
PLOTS = "plots"                 # the one notebook outside of nbs/, the end of part V

settings = configparser.ConfigParser(delimiters=["="])
settings.read(ROOT / "settings.ini", encoding="utf-8")
GIT, BRANCH = settings["DEFAULT"]["git_url"], settings["DEFAULT"]["branch"]
COLAB = GIT.replace("https://github.com", "https://colab.research.google.com/github")


# ---- reading the book
def read_notebook(path):
    "The notebook as plain values. Raises `BadInput` if it is none."
    try:
        book = json.loads(path.read_text(encoding="utf-8"))
        for cell in book["cells"]:
            cell["source"] = "".join(cell["source"])
        return book
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is no notebook ({type(error).__name__}): restore it with git") from error


def chapters():
    "{name: notebook}, in the order of the book."
    paths = sorted((ROOT / "nbs").glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise BadInput(f"{ROOT / 'nbs'} holds no chapters: run this in a clone of the book")
    books = {}
    for path in [*paths, ROOT / "plots.ipynb"]:
        book = read_notebook(path)
        if title_and_claim(book)[0]:
            books[path.stem] = book
        else:
            print(f"note: {path.name} has no title in its first cell, and is left out", file=sys.stderr)
    return books


def title_and_claim(book):
    "What the first cell says: the H1 without its subtitle, and the `>` lines."
    text = book["cells"][0]["source"] if book["cells"] else ""
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    claim = " ".join(re.findall(r"^> ?(.+)$", text, re.MULTILINE))
    return title[1].split(": ")[0].strip() if title else "", claim


def module_of(book):
    "The module that a chapter exports, or None."
    for cell in book["cells"]:
        found = re.search(r"^#\| *default_exp (\w+)", cell["source"], re.MULTILINE)
        if found and (ROOT / "nanogpt_nb" / f"{found[1]}.py").is_file():
            return found[1]
    return None


# ---- links
class Linker:
    "Turns the names of chapters and modules in a text into links."

    def __init__(self, names, modules):
        self.by_number = {name[:2]: name for name in names if name != PLOTS}
        self.names, self.modules = set(names), modules

    def number(self, found, words=""):
        name = self.by_number.get(found.zfill(2))
        return f"[{words}{found}]({name}.ipynb)" if name else words + found

    def mention(self, match):
        "`chapter 06`, `chapters 6, 7 and 9`: the first link takes the word along."
        word, rest = match[1], match[2]
        first, *others = re.split(r"(\d\d?)", rest)[1:]
        links = [self.number(first, word + " ")]
        for piece in others:
            links.append(self.number(piece) if piece.isdigit() else piece)
        return "".join(links)

    def prose(self, text):
        text = re.sub(r"\b([Cc]hapter) (\d\d?)(?!\d)", self.mention, text)
        text = re.sub(r"\b([Cc]hapters) (\d\d?(?!\d)(?:(?:, and |, | and | to | or )\d\d?(?!\d))*)", self.mention, text)
        return re.sub(r"(?<![\w/.\[(])(\d\d_[a-z_]+|plots)(?![\w.]*\w|\]|\()", self.chapter_name, text)

    def chapter_name(self, match):
        name = match[1]
        known = name in self.names and name != PLOTS
        return f"[{name}]({name}.ipynb)" if known else name

    def code(self, text):
        "A code span: a module's file or a chapter's name becomes a link."
        inner = text.strip("`")
        file = re.fullmatch(r"nanogpt_nb[/.](\w+?)(\.py)?", inner)
        if file and file[1] in self.modules:
            return f"[{text}](modules/{file[1]}.md)"
        return f"[{text}]({inner}.ipynb)" if inner in self.names and inner != PLOTS else text

    def __call__(self, markdown):
        # code blocks, code spans, links, formulas and headings stay apart from the prose
        apart = r"(```.*?```|`[^`\n]+`|!?\[[^\]]*\]\([^)]*\)|\$[^$\n]+\$|^#+ .*$)"
        pieces = re.split(apart, markdown, flags=re.DOTALL | re.MULTILINE)
        for i, piece in enumerate(pieces):
            if i % 2 == 0:
                pieces[i] = self.prose(piece)
            elif piece.startswith("`") and not piece.startswith("```"):
                pieces[i] = self.code(piece)
        return "".join(pieces)


# ---- writing the sources
def shown_cell(cell, link):
    "A cell as the site shows it, or None: without export flags, with a class that says what they meant."
    cell = dict(cell, metadata={})
    if cell["cell_type"] == "markdown":
        return dict(cell, source=link(cell["source"]))
    flags = re.findall(r"^#\| *(\w+)", cell["source"], re.MULTILINE)
    code = re.sub(r"^#\|.*\n?", "", cell["source"], flags=re.MULTILINE).strip("\n")
    tags = [flag for flag in flags if flag in ("export", "exporti", "slow", "cuda", "net")]
    # widgets need a server: what they say in plain text stays
    for output in cell.get("outputs", []):
        output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return dict(cell, source=code, metadata=dict(tags=tags)) if code else None


def markdown_cell(text, name):
    return dict(cell_type="markdown", id=f"site-{name}", metadata={}, source=text)


def frame(page, title):
    "One of chapter 54's pages inside another page, and a link to it."
    return (f'<p class="frame-link"><a href="{page}">{title}, in a page of its own</a></p>\n'
            f'<iframe class="page" src="{page}" title="{title}" loading="lazy"></iframe>')


def extra(name, has_model):
    "What the site adds to a chapter: (the heading before which it stands, text, raw HTML), or None."
    if name == "02_tokens":
        text = "## Try it\n\nGPT-2's tokenizer, in this page (chapter 54 makes it)."
        return "## What we know now", text, frame("tokens.html", "GPT-2's tokenizer")
    if name == "54_browser" and has_model:
        return "## Look at it learn", "## The page itself", frame("model.html", "A GPT in a page")
    if name == "54_browser":
        text = "This copy of the web book was built without a trained model: `make site-run`, then `make site`."
        return "## Look at it learn", f"## The page itself\n\n{text}", ""
    return None


def head(name, module):
    "The line of links under a chapter's title. Colab opens the branch whose notebooks install what they need."
    path = "plots.ipynb" if name == PLOTS else f"nbs/{name}.ipynb"
    links = [f"[Notebook]({GIT}/blob/{BRANCH}/{path})", f"[Colab]({COLAB}/blob/colab/{path})"]
    if module:
        links.insert(0, f"Module [`nanogpt_nb/{module}.py`](modules/{module}.md)")
    return "\n\n" + " · ".join(links) + "\n"


def write_chapter(name, book, link, has_model):
    "The source of one chapter."
    cells = [cell for cell in (shown_cell(cell, link) for cell in book["cells"]) if cell]
    first = cells[0]["source"]
    title = re.search(r"^# .+$", first, re.MULTILINE)
    if title:                               # the links stand behind the claim
        claim = re.search(r"(^>.*\n?)+", first, re.MULTILINE)
        end = claim.end() if claim else title.end()
        number = "" if name == PLOTS else f"{name[:2]} · "
        first = first[:end].rstrip() + head(name, module_of(book)) + "\n" + first[end:].lstrip()
        cells[0]["source"] = first.replace(title[0], f"# {number}{title[0][2:]}", 1)
    added = extra(name, has_model)
    if added:
        heading, text, html = added
        places = [i for i, cell in enumerate(cells) if cell["cell_type"] == "markdown" and heading in cell["source"]]
        if places:
            before, _, after = cells[places[0]]["source"].partition(heading)
            raw = f"\n\n```{{raw}} html\n{html}\n```\n" if html else ""
            texts = [before, link(text) + raw, heading + after]
            new = [markdown_cell(piece, f"{name[:2]}-{i}") for i, piece in enumerate(texts) if piece.strip()]
            cells[places[0]:places[0] + 1] = new
    whole = dict(book, cells=cells)
    (SOURCE / f"{name}.ipynb").write_text(json.dumps(whole), encoding="utf-8")


def write_modules(books):
    "A page for each module, with its source; and their index."
    folder = SOURCE / "modules"
    folder.mkdir()
    chapter_of = {module_of(book): name for name, book in books.items() if module_of(book)}
    rows = []
    for module, name in sorted(chapter_of.items(), key=lambda item: item[1]):
        code = (ROOT / "nanogpt_nb" / f"{module}.py").read_text(encoding="utf-8")
        about = re.match(r'"""(.*?)"""', code, re.DOTALL)
        code = re.sub(r"^# %% .*\n", "", code, flags=re.MULTILINE)
        text = (f"# nanogpt_nb.{module}\n\n"
                f"Made by nbdev from chapter [{name}](../{name}.ipynb), which explains it and tests it.\n\n"
                f"````python\n{code}````\n")
        (folder / f"{module}.md").write_text(text, encoding="utf-8")
        claim = about[1].splitlines()[0] if about else ""
        rows.append(f"| [`{module}`]({module}.md) | [{name}](../{name}.ipynb) | {claim} |")
    names = "\n".join(module for module, _ in sorted(chapter_of.items(), key=lambda item: item[1]))
    index = ("# The package\n\nThe modules of `nanogpt_nb`, in the order of the chapters that they are made from.\n\n"
             "| module | chapter | what it is about |\n|---|---|---|\n" + "\n".join(rows) +
             f"\n\n```{{toctree}}\n:hidden:\n\n{names}\n```\n")
    (folder / "index.md").write_text(index, encoding="utf-8")
    return set(chapter_of)


def part_of(name):
    "The number of a chapter's part."
    number = 35 if name == PLOTS else int(name[:2])
    return next(i for i, (_, first, last) in enumerate(PARTS) if first <= number <= last)


def write_index(books, has_model):
    "The first page: what the book is, and all chapters by part."
    body, trees = [], []
    for i, (part, _, _) in enumerate(PARTS):
        inside = [name for name in books if part_of(name) == i]
        if not inside:
            continue
        body.append(f"\n## {ROMAN[i]} · {part}\n\n| | |\n|---|---|")
        entries = []
        for name in inside:
            title, claim = title_and_claim(books[name])
            label = title if name == PLOTS else f"{name[:2]} {title}"
            entries.append(f"{label} <{name}>")
            body.append(f"| [{label}]({name}.ipynb) | {claim.replace('|', chr(92) + '|')} |")
        trees.append(f"```{{toctree}}\n:hidden:\n:caption: {ROMAN[i]} · {part}\n\n" + "\n".join(entries) + "\n```\n")
    trees.append("```{toctree}\n:hidden:\n:caption: The package\n\nModules <modules/index>\n```\n")
    template = (HERE / "index.md").read_text(encoding="utf-8")
    card = ('<a class="card" href="model.html"><b>A GPT in a page</b><br>'
            'Watch it learn, write on with it, and see what each head looks at.</a>\n')
    text = template.replace("{chapters}", "\n".join(body)).replace("{trees}", "\n".join(trees))
    text = text.replace("{git}", GIT).replace("{model}", card if has_model else "")
    (SOURCE / "index.md").write_text(text, encoding="utf-8")


# ---- MathJax, Sphinx, the pages of chapter 54
def fetch_mathjax():
    "Our own copy of MathJax, fetched once by npm. False, with a sentence, where that cannot be."
    target = STATIC / "mathjax" / "tex-svg.js"
    if target.is_file():
        return True
    npm = shutil.which("npm")
    if not npm:
        print("note: there is no npm to fetch MathJax with: formulas are shown as TeX", file=sys.stderr)
        return False
    place = BUILD / "npm"
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([npm, "pack", "--silent", MATHJAX], cwd=place, capture_output=True, text=True)
    packs = sorted(place.glob("mathjax-3*.tgz"))
    if done.returncode or not packs:
        words = " ".join(done.stderr.split())[:200]
        print(f"note: npm could not fetch {MATHJAX} ({words}): formulas are shown as TeX", file=sys.stderr)
        return False
    with tarfile.open(packs[-1]) as pack:
        script = pack.extractfile("package/es5/tex-svg.js").read()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(script)
    return True


def write_pages(run):
    "The playground, and the page with the model if there is a run. Gives whether there is."
    pages = BUILD / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    browser = [sys.executable, "-m", "nanogpt_nb.browser"]
    subprocess.run([*browser, "tokens", "--out", pages / "tokens.html"], cwd=ROOT, check=True)
    (pages / "model.html").unlink(missing_ok=True)
    if not (run / "checkpoints").is_dir():
        print(f"note: {run} is no run, so the book has no page with a model: make site-run, or name one with --run",
              file=sys.stderr)
        return False
    done = subprocess.run([*browser, str(run.resolve()), "--out", pages / "model.html"], cwd=ROOT)
    if done.returncode:
        raise BadInput(f"the page of {run} could not be written: mend the run, or name another one with --run")
    return True


def sphinx():
    "Build the HTML. Raises `BadInput` if Sphinx fails."
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-c", HERE, "-d", BUILD / "doctrees", SOURCE, HTML]
    if subprocess.run(list(map(str, command))).returncode:
        raise BadInput("Sphinx could not build the book: see its message above")


def main(argv=None):
    "Build the web book."
    parser = argparse.ArgumentParser(description="Make the web book from the stored outputs of the notebooks.")
    parser.add_argument("--run", type=Path, default=ROOT / "runs" / "site",
                        help="a training run, for the page with the model inside")
    o = parser.parse_args(argv)
    missing = [name for name in ("sphinx", "myst_nb", "furo") if find_spec(name) is None]
    if missing:
        raise BadInput(f"the web book needs {', '.join(missing)}: pip install -c constraints.txt -e .[site]")

    books = chapters()
    for folder in (SOURCE, HTML):
        shutil.rmtree(folder, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    STATIC.mkdir(parents=True, exist_ok=True)
    fetch_mathjax()
    has_model = write_pages(o.run)
    modules = write_modules(books)
    link = Linker(books, modules)
    for name, book in books.items():
        write_chapter(name, book, link, has_model)
    write_index(books, has_model)
    sphinx()
    for page in (BUILD / "pages").glob("*.html"):
        shutil.copy(page, HTML)
    (HTML / ".nojekyll").touch()                # GitHub Pages would drop folders that begin with _
    content = f"{len(books)} notebooks, {len(modules)} modules" + (", and a model" if has_model else "")
    print(f"{HTML / 'index.html'}: {content}")


if __name__ == "__main__":
    run_command(main)
