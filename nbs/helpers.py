"""What chapters need to test programs: the sentence of a refusal, and a command run as a user would.

Not part of the package: `from helpers import refusal, run` works in every notebook of this folder.
"""
import io
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[1]      # of the repository


def refusal(
    work,           # a function that must refuse
    *args, **kwargs,
) -> str:
    "The sentence with which `work(*args, **kwargs)` refuses bad input. Fails if it does not refuse, or refuses in many lines."
    from nanogpt_nb.errors import BadInput
    try:
        work(*args, **kwargs)
    except BadInput as error:
        sentence = str(error)
        assert sentence and "\n" not in sentence, f"not one sentence: {sentence!r}"
        return sentence
    raise AssertionError("nothing was refused")


def raised(
    kind,           # class of the error
    work,           # a function that must end in it
    *args, **kwargs,
) -> BaseException:
    "The error of this kind in which `work(*args, **kwargs)` ends. Fails if it ends well."
    try:
        work(*args, **kwargs)
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def _hear_interrupts():
    "A test that runs in the background of a shell ignores Ctrl-C; its commands must not inherit that."
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(
    *words,         # a module's name and its arguments ("sample", "runs/tiny", "One"), or "train.py" and its arguments
    cwd=".",
    torchrun=None,  # arguments of torchrun, as a list: the command runs under it
    **env,          # environment variables to add; None removes one
) -> subprocess.Popen:
    "Start a command of the book; its stdout and stderr are pipes."
    name, *rest = map(str, words)
    target = [str(ROOT / "nanogpt_nb" / name)] if name.endswith(".py") else ["-m", f"nanogpt_nb.{name}"]
    launcher = [sys.executable] if torchrun is None else [sys.executable, "-m", "torch.distributed.run", *torchrun]
    merged = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **env}
    merged = {key: str(value) for key, value in merged.items() if value is not None}
    return subprocess.Popen([*launcher, *target, *rest], cwd=cwd, env=merged, text=True, encoding="utf-8",
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            preexec_fn=_hear_interrupts if os.name == "posix" else None)


def run(*words, **options) -> SimpleNamespace:
    "Run a command of the book to its end: `status`, `out` and `err`. Arguments as in `start`."
    process = start(*words, **options)
    out, err = process.communicate()
    return SimpleNamespace(status=process.returncode, out=out, err=err)


def hear(work, *args, terminal=False, **kwargs) -> SimpleNamespace:
    "Call `work(*args, **kwargs)` quietly: its `result`, and the text that it wrote, `out` and `err`, perhaps a terminal."
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        err.isatty = lambda: terminal
        result = work(*args, **kwargs)
    return SimpleNamespace(result=result, out=out.getvalue(), err=err.getvalue())


class Killed(BaseException):
    "What a dead process looks like from inside: no `Exception`, so nobody catches it."


@contextmanager
def killer(
    n,              # which call to strike at, from 1 on; 0: none, they are only counted
    error=Killed,   # what it raises; the dead make no later calls either
):                  # a list that grows by the name of each call
    "A block in which the n-th call that changes the disk raises an error instead."
    import torch
    owners = [(os, "fsync"), (os, "replace"), (os, "mkdir"), (os, "rmdir"), (os, "unlink"), (torch, "save")]
    calls, real = [], [getattr(owner, name) for owner, name in owners]

    def guard(function):
        def guarded(*args, **kwargs):
            calls.append(function.__name__)
            if len(calls) == n or error is Killed and 0 < n < len(calls):
                raise error
            return function(*args, **kwargs)
        return guarded

    try:
        for (owner, name), function in zip(owners, real):
            setattr(owner, name, guard(function))
        yield calls
    finally:
        for (owner, name), function in zip(owners, real):
            setattr(owner, name, function)


def letters_batch():    # `batch(number)` -> x, y (8, 32) int64 each; and how many letters there are
    "Tales read letter by letter, for models that train in seconds: equal numbers give equal batches."
    import torch
    from nanogpt_nb.tales import Tales
    text = "\n".join(Tales(seed=0).document(i) for i in range(300))
    letters = sorted(set(text))
    tape = torch.tensor([letters.index(letter) for letter in text])

    def batch(number):
        starts = torch.randint(len(tape) - 33, (8,), generator=torch.Generator().manual_seed(number))
        windows = tape[starts[:, None] + torch.arange(33)]      # (8, 33)
        return windows[:, :-1], windows[:, 1:]

    return batch, len(letters)


def short_run(
    model,
    optim,      # a config with `build`, `set_lr` and `grad_clip`
    batch,      # of `letters_batch`
    steps=120,
    first=0,    # number of the first batch
) -> list:      # the loss of each step
    "Train a small model on the CPU."
    from nanogpt_nb.step import train_step
    optimizer, losses = optim.build(model), []
    for step in range(steps):
        optim.set_lr(optimizer, step, steps)
        loss, _ = train_step(model, optimizer, *batch(first + step), 8, optim.grad_clip)
        losses.append(loss.item())
    return losses


def adamw(lr):
    "AdamW's side of the short races: ten steps of warm-up, flat, then straight down to nothing; no decay."
    from nanogpt_nb.optim import AdamWConfig
    return AdamWConfig(lr=lr, min_lr=0.0, warmup_steps=10, schedule="wsd", decay_fraction=0.4, weight_decay=0.0)
