#!/usr/bin/env bash
# Train on a rented machine, save, and only then stop it. Chapter 53 explains this file and rehearses it.
#
#   bash cloud/run.sh setup                                             # once: uv, Python, the book
#   HUB=me/gpt2 DATA=me/fineweb-edu-10B-gpt2 HF_TOKEN=… bash cloud/run.sh
#
# Over ssh, so that it outlives the connection:  nohup bash cloud/run.sh > run.log 2>&1 &    then  tail -f run.log
# shellcheck disable=SC2086,SC2329
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PRESET=${PRESET:-gpt2-124m}         # of train.py
FLAGS=${FLAGS:-}                    # more words for train.py: split into words on purpose
DATA=${DATA:-}                      # OWNER/NAME of the shards on the Hub; empty: they are in DATA_DIR
DATA_DIR=${DATA_DIR:-data/fineweb-edu}
RUN_DIR=${RUN_DIR:-runs/$PRESET}
MAX_HOURS=${MAX_HOURS:-3}           # after so many hours training is ended and saved, and the machine stopped
HOLD_HOURS=${HOLD_HOURS:-12}        # for so long a failed push is tried again, and this script keeps the machine
TRIES=${TRIES:-5}                   # of a start
WAIT=${WAIT:-60}                    # seconds between tries
STOP=${STOP:-yes}                   # no: somebody else stops the machine when this script ends
NODES=${NODES:-1} NODE_RANK=${NODE_RANK:-0} HEAD=${HEAD:-localhost} PORT=${PORT:-29500} GPUS=${GPUS:-}
PY=${PY:-.venv/bin/python}

say() { echo "[run.sh, node $NODE_RANK, $(date -u +%H:%M:%S)] $*" >&2; }

if [ "${1:-}" = setup ]; then
    set -e
    command -v uv > /dev/null || { curl -LsSf https://astral.sh/uv/install.sh | sh; PATH=$HOME/.local/bin:$PATH; }
    [ -d .venv ] || uv venv --python 3.12 .venv
    uv pip install --python "$PY" -c constraints.txt -e .           # the versions that were tested, CUDA included
    exit
fi

: "${HUB:?name the Hub repository of the run: HUB=OWNER/NAME}"
[ -n "$GPUS" ] || GPUS=$("$PY" -c "import torch; print(torch.cuda.device_count() or 1)")
deadline=$(($(date +%s) + $(awk "BEGIN { print int($MAX_HOURS * 3600) }")))
child='' asked=''                   # the program that is running; was this script asked to end?

# Run a program until it ends, or the hours are over, or somebody ends this script. TERM lets it save (chapter 34).
limited() {
    local left=$((deadline - $(date +%s))) status
    [ "$left" -gt 0 ] && [ -z "$asked" ] || return 124
    timeout --signal=TERM --kill-after=900 "$left" "$@" & child=$!
    wait "$child"; status=$?
    while kill -0 "$child" 2> /dev/null; do wait "$child"; status=$?; done      # a signal had ended the waiting
    child=''
    return "$status"
}

over() { [ -n "$asked" ] || [ "$(date +%s)" -ge "$deadline" ]; }

# The push sends what the Hub lacks, then checks that it has everything (chapter 30): it is its own proof.
save() {        # $1: hours to go on trying, after $TRIES times
    local try=0 until=$(($(date +%s) + $(awk "BEGIN { print int($1 * 3600) }")))
    [ -d "$RUN_DIR/checkpoints" ] || { say "there is no checkpoint, so nothing is lost"; return 0; }
    until timeout 3600 "$PY" -m nanogpt_nb.hub push "$RUN_DIR" "$HUB" --private; do
        try=$((try + 1))
        say "PUSH FAILED, try $try: $RUN_DIR is only on this machine, which is kept and goes on costing money"
        [ "$try" -lt "$TRIES" ] || [ "$(date +%s)" -lt "$until" ] || return 1
        sleep "$WAIT"
    done
}

# However this script ends: save, and only then stop the machine.
finish() {
    local status=$?
    trap - EXIT; trap '' TERM INT HUP
    if [ "$NODE_RANK" = 0 ] && ! save "$HOLD_HOURS"; then
        local push="$PY -m nanogpt_nb.hub push $RUN_DIR $HUB"
        if [ "$STOP" = yes ]; then
            say "NOT STOPPED: $push   and then   $PY -m nanogpt_nb.rent stop"
        else
            say "NOT SAVED, and somebody else stops this machine: be faster, $push"
        fi
        exit 1
    fi
    [ "$STOP" = yes ] || exit "$status"
    for try in $(seq "$TRIES"); do
        "$PY" -m nanogpt_nb.rent stop && exit "$status"
        sleep "$WAIT"
    done
    say "NOT STOPPED: stop this machine in the provider's console"
    exit 1
}
trap finish EXIT
trap 'asked=yes; [ -z "$child" ] || kill -TERM "$child"' TERM INT
trap '' HUP                         # the ssh connection may go

# Is this machine ready? If not, it costs no more than this minute.
limited "$PY" -m nanogpt_nb.doctor "$PRESET" --data-dir "$DATA_DIR" --run-dir "$RUN_DIR" --hub "$HUB" \
    --nproc "$GPUS" --nodes "$NODES" ${DATA:+--data-repo "$DATA"} $FLAGS || { say "this machine is not ready"; exit 2; }

if [ -n "$DATA" ]; then
    limited "$PY" -m nanogpt_nb.hub pull "$DATA" --out "$DATA_DIR" || { say "the shards did not come"; exit 1; }
fi

# Several machines without a common disk agree through the Hub: all begin with the checkpoint that it has.
agree() {
    [ "$NODES" -gt 1 ] || return 0
    if [ "$NODE_RANK" = 0 ]; then save 0; fi
    limited "$PY" -m nanogpt_nb.hub pull "$HUB" --out "$RUN_DIR" || say "the Hub has no checkpoint yet"
}

for start in $(seq "$TRIES"); do
    agree
    # the first node must hold rank 0, which writes the checkpoints: so the ranks are given, not negotiated
    limited "$PY" -m torch.distributed.run --nnodes="$NODES" --node-rank="$NODE_RANK" --nproc_per_node="$GPUS" \
        --master-addr="$HEAD" --master-port="$PORT" nanogpt_nb/train.py "$PRESET" \
        --data-dir "$DATA_DIR" --run-dir "$RUN_DIR" --hub "$HUB" $FLAGS
    status=$?
    [ "$status" = 0 ] && exit 0
    over && { say "ended by a signal or after $MAX_HOURS hours"; exit "$status"; }
    say "TRAINING FAILED (status $status), start $start of $TRIES"
    [ "$start" = "$TRIES" ] || sleep "$WAIT"
done
exit "$status"
