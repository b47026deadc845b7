"""How Sphinx makes the web book. `make site` runs build.py, which writes the sources that this file is for."""
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent

project = "nanogpt_nb"
author = "The nanogpt_nb authors"
copyright = "2026, the nanogpt_nb authors, MIT licence"
language = "en"
extensions = ["myst_nb"]

# notebooks are shown as they are stored; nothing is run
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_merge_streams = True
nb_render_markdown_format = "myst"                              # tables and code that cells make

# mathematics by our own copy, which build.py fetched; without it a page shows the TeX
if (HERE / "_build" / "static" / "mathjax" / "tex-svg.js").is_file():
    html_math_renderer, mathjax_path = "mathjax", "mathjax/tex-svg.js"
    mathjax3_config = {"options": {"enableMenu": False}}         # the menu would load more files
else:
    html_math_renderer = "none"

html_theme = "furo"
html_title = "nanogpt_nb"
html_static_path = [str(HERE / "static"), str(HERE / "_build" / "static")]
html_favicon = str(HERE / "static" / "favicon.svg")
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
highlight_language = "text"                  # a block without a language is a command or a table
pygments_style = "tango"
pygments_dark_style = "one-dark"
html_theme_options = {
    "navigation_with_keys": True,
    "top_of_page_buttons": [],
    "light_css_variables": {f"color-brand-{name}": "#0b6e69" for name in ("primary", "content", "visited")},
    "dark_css_variables": {f"color-brand-{name}": "#5fc9c0" for name in ("primary", "content", "visited")},
}

def _plain_math(self, node):
    "Without MathJax: the formula as it was written."
    self.body.append(f'<code class="math">{self.encode(node.astext())}</code>')
    from docutils.nodes import SkipNode
    raise SkipNode

def setup(app):
    app.add_html_math_renderer("none", (_plain_math, None), (_plain_math, None))
