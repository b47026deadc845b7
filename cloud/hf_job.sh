#!/usr/bin/env bash
# The short way: a job of Hugging Face, without an account elsewhere. The bill ends at its timeout at the latest; there is no spot.
#
#   HUB=me/gpt2 DATA=me/fineweb-edu-10B-gpt2 HF_TOKEN=… bash cloud/hf_job.sh [--dry-run] [--flavor h200] [--namespace ME]
set -euo pipefail
: "${HUB:?}" "${DATA:?}" "${HF_TOKEN:?}"
SOURCE=${SOURCE:-https://github.com/nanogpt-nb/nanogpt_nb}
hf jobs run --flavor h200x8 --timeout 3h -s HF_TOKEN -e HUB="$HUB" -e DATA="$DATA" -e STOP=no -e MAX_HOURS=2.5 \
    -e PRESET="${PRESET:-gpt2-124m}" -e FLAGS="${FLAGS:-}" "$@" ghcr.io/astral-sh/uv:python3.12-bookworm \
    bash -c "git clone --depth 1 $SOURCE book && cd book && bash cloud/run.sh setup && exec bash cloud/run.sh"
