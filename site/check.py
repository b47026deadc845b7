"""Open the web book in a real browser: every page, search, theme, phone width, and the model in the page.

    python site/check.py [--run RUN] [--screenshots DIR]        # after site/build.py

It fails on an error in the console, on a request to another machine, on a link to nowhere, on a page that is wider
than a phone, and if the page of chapter 54 does not write what `nanogpt_nb.sample` writes. Needs playwright (not the
browsers that it offers) and Chromium or Chrome.
"""
import argparse
import os
import re
import shutil
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

HERE = Path(__file__).resolve().parent
HTML = HERE / "_build" / "html"
sys.path.insert(0, str(HERE.parent))

from nanogpt_nb.cli import run_command          # noqa: E402
from nanogpt_nb.errors import BadInput          # noqa: E402

BROWSERS = "chromium chromium-browser google-chrome google-chrome-stable chrome".split()
FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()
DESKTOP, PHONE = dict(width=1440, height=900), dict(width=390, height=844)


def find_browser():
    "Chromium or Chrome: $CHROME, or the first one on the path. Raises `BadInput` if there is none."
    for name in [os.environ.get("CHROME", ""), *BROWSERS]:
        if name and shutil.which(name):
            return shutil.which(name)
    raise BadInput("there is no Chromium or Chrome: apt-get install chromium, or name one in the variable CHROME")


class Quiet(SimpleHTTPRequestHandler):
    "A server that does not talk."

    def log_message(self, *words):
        pass


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, *words):
        "A browser that leaves a page ends its requests: no error."


@contextmanager
def served(folder):
    "The address under which the folder is served on this machine."
    server = QuietServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


class Watched:
    "A browser context that writes down what must not happen."

    def __init__(self, browser, home, **options):
        self.problems, self.home = [], home
        self.context = browser.new_context(**options)
        self.context.on("request", self.request)
        self.context.on("response", self.response)
        self.context.on("console", self.console)
        self.context.on("weberror", lambda error: self.problems.append(f"error: {error.error}"))
        self.page = self.context.new_page()

    def request(self, request):
        if not request.url.startswith((self.home, "data:", "blob:", "file:")):
            self.problems.append(f"a request to {request.url}")

    def response(self, response):
        if response.status >= 400:
            self.problems.append(f"{response.status} for {response.url}")

    def console(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text}")

    def open(self, path):
        self.page.goto(f"{self.home}/{path}", wait_until="load", timeout=120_000)
        return self.page

    def expect(self, good, what):
        if not good:
            self.problems.append(f"{urlsplit(self.page.url).path}: {what}")


# ---- what is checked
def dead_links(pages):
    "Links inside the book that lead nowhere."
    anchors = {page: set(re.findall(r'\bid="([^"]+)"', page.read_text(encoding="utf-8"))) for page in pages}
    for page in pages:
        text = re.sub(r"<(script|style)\b.*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r'<(?:a|link|img|script|iframe)\b[^>]*?(?:href|src)="([^"]+)"', text):
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//"):
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.is_file():
                yield f"{page.name} links to {link}, which is not there"
            elif parts.fragment and target in anchors and unquote(parts.fragment) not in anchors[target]:
                yield f"{page.name} links to {link}: no such place in that page"


def check_pages(watched, pages, wide):
    "Each page: a title, no trouble, no wider than its window."
    for path in pages:
        page = watched.open(path)
        watched.expect(path == "search.html" or page.locator("h1").count() >= 1, "no title")
        room = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        watched.expect(room <= 1, f"{room} pixels wider than a window of {wide}")


def check_search(watched):
    "A word finds its chapter."
    page = watched.open("search.html?q=attention")
    page.wait_for_selector("#search-results li a", timeout=60_000)
    found = page.locator("#search-results li a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    watched.expect(any("06_attention" in link for link in found), f"a search for attention finds only {found[:5]}")
    page = watched.open("index.html")
    page.locator("input[name=q]").first.fill("perplexity")
    page.locator("input[name=q]").first.press("Enter")
    page.wait_for_selector("#search-results li a", timeout=60_000)
    watched.expect("search.html" in page.url, "the search field leads elsewhere")


def check_theme(watched):
    "The button changes the colours, of the frames too."
    page = watched.open("02_tokens.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    seen = {page.evaluate(ground)}
    for _ in range(3):
        page.locator(".theme-toggle:visible").first.click()
        seen.add(page.evaluate(ground))
    watched.expect(len(seen) == 2, f"the theme button shows {len(seen)} grounds")
    page.evaluate("document.body.dataset.theme = 'dark'")
    page.locator("iframe.page").scroll_into_view_if_needed()
    page.frame_locator("iframe.page").locator("html[data-theme=dark]").wait_for(state="attached", timeout=60_000)


def check_mathematics(watched):
    "Formulas are drawn, if the build had MathJax."
    if not (HTML / "_static" / "mathjax" / "tex-svg.js").is_file():
        print("note: this build has no MathJax, formulas are not checked", file=sys.stderr)
        return
    page = watched.open("21_optim.html")
    page.wait_for_selector("mjx-container svg", timeout=60_000)
    watched.expect(page.locator("mjx-merror").count() == 0, "a formula is wrong")


def check_tokenizer(watched, address):
    "The playground shows our ids."
    from nanogpt_nb.tokens import get_tokenizer
    page = watched.page
    page.goto(address)
    text = "Tokenization isn't naïve: 🚀 1234\n  two lines"
    for place, size in (("8", 50257), ("4", 4096), ("0", 257)):
        page.locator("#size").fill(place)
        page.locator("#typed").fill(text)
        ids = [int(word) for word in page.locator("#text small").all_text_contents()]
        watched.expect(ids == get_tokenizer(size).encode_ordinary(text), f"other ids than ours at {size}")
    page.locator("#size").fill("8")
    page.locator("#text button").nth(1).focus()
    page.keyboard.press("Enter")
    watched.expect(page.locator("#merges tr").count() > 2, "no merges are shown")


def as_in_page(weight):
    "A weight as the page has it (chapter 54): vectors of 16 bits, matrices of 8 bits in groups of 32."
    if weight.dim() == 1:
        return weight.half().float()
    groups = weight.reshape(-1, 32)
    farthest = groups.gather(1, groups.abs().argmax(1, keepdim=True))
    scales = (farthest / -128).half().float()
    steps = (groups / scales).nan_to_num() + 0.5
    return (steps.floor().clamp(-128, 127) * scales).view_as(weight)


def our_text(run, prompt, block_size):
    "The ids that the book's own sampler writes with the newest checkpoint, rounded as in the page; and the tokenizer."
    from nanogpt_nb.pretrained import load_model
    from nanogpt_nb.sample import generate
    from nanogpt_nb.tokens import get_tokenizer
    model = load_model(run)
    for weight in model.parameters():
        weight.data = as_in_page(weight.data)
    enc = get_tokenizer(model.config.vocab_size)
    start = [enc.eot_token, *enc.encode_ordinary(prompt)]
    return generate(model, [start], block_size - len(start), temperature=0, stop_token=enc.eot_token)[0], enc


def check_model(watched, address, run):
    "The page writes our greedy text, at all ages something, and shows what is inside a token; from the keyboard alone."
    page = watched.page
    page.goto(address)
    ready = partial(page.wait_for_selector, "body[data-ready=yes]", timeout=120_000)
    ready()
    prompt = "One Monday a happy boy named Ben"
    page.locator("#prompt").fill(prompt)
    page.locator("#write").focus()
    page.keyboard.press("Enter")
    ready()
    titles = page.locator("#text button").evaluate_all("tokens => tokens.slice(1).map((token) => token.title)")
    ids = [int(re.match(r"token (\d+)", title)[1]) for title in titles]
    ours, enc = our_text(run, prompt, 128)
    watched.expect(ids == ours[1:], f"the page writes {enc.decode(ids)!r}, we {enc.decode(ours[1:])!r}")

    # a token by the arrow keys, then a head by Enter
    page.locator("#text button").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    watched.expect(page.locator("#inside").is_visible(), "no inside is shown for a token")
    watched.expect(page.locator("#expected tr").count() == 10, "not ten candidates")
    page.locator("#heads button").nth(5).focus()
    page.keyboard.press("Enter")
    watched.expect(page.locator("#text .looked").count() == 3, "the weights of a head are not shown")

    # younger and younger
    texts = [page.locator("#text").inner_text()]
    for _ in range(int(page.locator("#age").get_attribute("max"))):
        page.locator("#age").focus()
        page.keyboard.press("ArrowLeft")
        ready()
        texts.append(page.locator("#text").inner_text())
    watched.expect(len(set(texts)) == len(texts), "two checkpoints write the same")
    says = page.locator("#age-says").inner_text()
    watched.expect("drawn these weights at random" in says, "the slider does not end at step 0")


def screenshots(browser, home, folder):
    "Pictures of a few pages, light, dark and narrow, for a person to look at."
    folder.mkdir(parents=True, exist_ok=True)
    names = "index 02_tokens 06_attention 09_gpt 21_optim 34_train 54_browser search modules/gpt".split()
    for theme, size in (("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE), ("dark", PHONE)):
        context = browser.new_context(viewport=size, color_scheme=theme)
        page = context.new_page()
        for name in names:
            path = "search.html?q=attention" if name == "search" else f"{name}.html"
            page.goto(f"{home}/{path}")
            if name == "search":
                page.wait_for_selector("#search-results li a", timeout=60_000)
            if page.locator("iframe.page").count():
                page.locator("iframe.page").scroll_into_view_if_needed()
                ready = page.frame_locator("iframe.page").locator("body[data-ready=yes]")
                ready.wait_for(state="attached", timeout=120_000)
            page.wait_for_timeout(400)
            page.screenshot(path=folder / f"{name.replace('/', '_')}_{theme}_{size['width']}.png")
        context.close()


def main(argv=None):
    "Check the web book; status 2 with a sentence if something is wrong."
    parser = argparse.ArgumentParser(description="Open the web book in a browser and check it.")
    parser.add_argument("--run", type=Path, default=HERE.parent / "runs" / "site",
                        help="the run that site/build.py was given")
    parser.add_argument("--screenshots", type=Path, help="write pictures into this folder, for a person")
    o = parser.parse_args(argv)
    if not (HTML / "index.html").is_file():
        raise BadInput(f"there is no {HTML / 'index.html'}: make site first")
    if find_spec("playwright") is None:
        raise BadInput("the check needs playwright: pip install -c constraints.txt -e .[site]")
    from playwright.sync_api import sync_playwright

    files = sorted(HTML.rglob("*.html"))
    pages = [str(path.relative_to(HTML)) for path in files]
    chapters = [path for path in pages if not path.startswith(("model", "tokens"))]
    problems = list(dead_links(files))
    with served(HTML) as home, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_browser(), args=FLAGS)
        desk = Watched(browser, home, viewport=DESKTOP)
        check_pages(desk, chapters, DESKTOP["width"])
        check_search(desk)
        check_theme(desk)
        check_mathematics(desk)
        check_tokenizer(desk, f"{home}/tokens.html")
        check_tokenizer(desk, (HTML / "tokens.html").as_uri())
        phone = Watched(browser, home, viewport=PHONE, color_scheme="dark", is_mobile=True, has_touch=True)
        check_pages(phone, pages, PHONE["width"])
        if (HTML / "model.html").is_file():
            check_model(desk, f"{home}/model.html", o.run)
            check_model(desk, (HTML / "model.html").as_uri(), o.run)
        else:
            print("note: this build has no model in a page, that is not checked", file=sys.stderr)
        problems += desk.problems + phone.problems
        if o.screenshots:
            screenshots(browser, home, o.screenshots)
        browser.close()
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise BadInput(f"the web book has {len(problems)} problems, listed above: repair the chapter, or site/")
    print(f"{len(pages)} pages: no error, no request to another machine, no dead link; "
          "the search finds, the themes change, the pages compute")


if __name__ == "__main__":
    run_command(main)
