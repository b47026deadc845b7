"""The one hand that draws the book's diagrams: boxes, arrows, curved side branches and timelines.

A chapter makes its figures with these few functions, so that the same thing has the same look and colour everywhere.
Not part of the package: `from drawing import canvas, box, arrow` works in every notebook of this folder.
"""
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

# one colour a kind of thing, in all chapters; all of them carry black text
COLORS = dict(
    data="#cfe2f3",        # tokens, files, shards, batches
    weights="#fce5cd",     # what is learned
    compute="#d9ead3",     # what is computed
    stream="#fff2cc",      # the residual stream, the state of a run
    wait="#eeeeee",        # nothing happens
    bad="#f4cccc",         # what goes wrong
)
INK = "#333333"


def style():
    "Calm axes for plots: call once at the top of a chapter that plots."
    plt.rcParams.update({
        "figure.dpi": 90, "figure.facecolor": "white", "figure.constrained_layout.use": True, "font.size": 10,
        "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11, "legend.frameon": False,
    })


def canvas(
    width,          # inches
    height,         # inches
    title="",       # what the drawing shows
    xlim=(0, 10),   # coordinates to draw in
    ylim=(0, 5),
):
    "An empty drawing: axes without ticks or frame."
    figure, ax = plt.subplots(figsize=(width, height), dpi=90, layout="constrained")
    figure.set_facecolor("white")
    ax.set(xlim=xlim, ylim=ylim, title=title)
    ax.axis("off")
    return ax


def box(
    ax,
    x, y,               # centre
    width, height,
    text="",
    kind="compute",     # a name in `COLORS`
    size=10,            # of the letters
    **letters,          # further options of the text
):
    "A labelled box."
    ax.add_patch(FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=COLORS[kind], edgecolor=INK, linewidth=1,
    ))
    ax.text(x, y, text, ha="center", va="center", fontsize=size, color="black", **letters)


def arrow(
    ax,
    start, end,         # (x, y)
    text="",            # stands beside the middle
    bend=0.0,           # curvature; 0 is straight
    color=INK,
    size=9,             # of the letters
    offset=(0.0, 0.15), # of the text from the middle
):
    "An arrow from `start` to `end`."
    ax.add_patch(FancyArrowPatch(
        start, end, connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>", mutation_scale=12,
        color=color, linewidth=1.2, shrinkA=0, shrinkB=0,
    ))
    if text:
        x, y = (start[0] + end[0]) / 2 + offset[0], (start[1] + end[1]) / 2 + offset[1]
        ax.text(x, y, text, ha="center", va="center", fontsize=size, color=color)


def timeline(
    rows,               # {name: [(start, end, label, kind)]}, drawn from top to bottom
    title,              # what it shows
    marks=(),           # [(time, text)]: vertical lines
    unit="time",        # label of the horizontal axis
    width=9,            # inches
):
    "What each of several workers does when."
    figure, ax = plt.subplots(figsize=(width, 0.7 + 0.6 * len(rows)), dpi=90, layout="constrained")
    figure.set_facecolor("white")
    for y, (name, spans) in enumerate(rows.items()):
        for start, end, label, kind in spans:
            ax.barh(y, end - start, left=start, height=0.6, color=COLORS[kind], edgecolor=INK, linewidth=0.8)
            ax.text((start + end) / 2, y, label, ha="center", va="center", fontsize=8)
    for time, text in marks:
        ax.axvline(time, color="#cc0000", linestyle="--", linewidth=1)
        ax.text(time, -0.6, text, color="#cc0000", ha="center", va="center", fontsize=8, backgroundcolor="white")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(title=title, xlabel=unit, ylim=(len(rows) - 0.5, -0.9 if marks else -0.5))
    ax.set_xticks([])
    for side in ("top", "right", "left"): ax.spines[side].set_visible(False)
    ax.tick_params(left=False)
    return ax


def draw_ratios(
    ax,                 # axes of a plot
    ratios,             # {what was compared: how many times better one side is}
    title,              # what it shows
):
    "A bar for each ratio, on a logarithmic axis: to the right where it is above 1, in grey to the left where it is not."
    for name, ratio in ratios.items():
        ax.barh(name, ratio - 1, left=1, color="C0" if ratio > 1 else "0.7")
    ax.axvline(1, color="C3", ls="--")
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set(title=title, xlabel="times better than what stands beside it (logarithmic)")
    ax.invert_yaxis()


def draw_ladder(
    ax,             # matplotlib axes
    predicted,      # {rung: tokens/s at most}
    measured,       # {rung: tokens/s}, as many as there are
    limit,          # tokens/s, if products were all and ran at the peak; None: not known
    title,          # what is shown
):
    "The ladder: the counted ceiling of each rung, and inside it what was measured."
    names = list(predicted)
    ceilings = [predicted[name] / 1000 for name in names]
    inside = [measured.get(name, 0) / 1000 for name in names]
    ax.bar(names, ceilings, color="0.85", label="predicted at most" if max(ceilings) else None)
    ax.bar(names, inside, width=0.5, label="measured" if measured else "not measured")
    highest = max(ceilings + inside)
    if limit:
        ax.axhline(limit / 1000, color="C3", ls="--", label="limit: the products alone, at the peak")
        highest = max(highest, limit / 1000)
    ax.set(ylabel="thousand tokens/s", title=title, ylim=(0, 1.5 * highest))
    ax.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names], fontsize=8)
    ax.legend(fontsize=8, loc="upper left")
