# make train · make test · make book · make lab: each works in a fresh clone that has python3 and make.
SHELL := /bin/bash
BIN := .venv/bin/
.PHONY: train test book lab clean

.venv/installed: settings.ini setup.py constraints.txt
	python3 -m venv .venv
	$(BIN)python -m pip install --quiet --upgrade pip
	$(BIN)python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

train: .venv/installed
	$(BIN)nbdev_export
	$(BIN)python nanogpt_nb/train.py tiny
	$(BIN)python -m nanogpt_nb.sample runs/tiny "One Monday"

test: .venv/installed
	@mkdir -p .venv/before && rm -rf .venv/before/* && cp -r nanogpt_nb nbs plots.ipynb .venv/before/
	$(BIN)nbdev_export
	$(BIN)nbdev_clean && $(BIN)nbdev_clean --fname plots.ipynb
	@for it in nanogpt_nb nbs plots.ipynb; do diff -r -x __pycache__ -x '.ipynb_checkpoints' .venv/before/$$it $$it || { echo "drift: run nbdev_export and nbdev_clean, then commit"; exit 1; }; done
	OMP_NUM_THREADS=1 $(BIN)nbdev_test --n_workers 2 --do_print --timing
	cd nbs && OMP_NUM_THREADS=1 ../$(BIN)nbdev_test --path ../plots.ipynb --do_print

book: .venv/installed
	$(BIN)nbdev_export
	$(BIN)python .ci/book.py nbs/[0-9]*.ipynb plots.ipynb
	$(BIN)nbdev_clean && $(BIN)nbdev_clean --fname plots.ipynb

lab: .venv/installed
	$(BIN)jupyter lab nbs

clean:
	rm -rf .venv data runs
