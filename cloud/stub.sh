#!/usr/bin/env bash
# Plays `python` in a rehearsal (chapter 53): notes what it is asked for, and fails as often as the file of that name
# in $STAGE says.
case "$*" in
    *nanogpt_nb.doctor*) what=doctor ;;
    *nanogpt_nb.hub\ pull*) what=pull ;;
    *torch.distributed.run*) what=train ;;
    *nanogpt_nb.hub\ push*) what=push ;;
    *nanogpt_nb.rent\ stop*) what=stop ;;
esac
echo "$what" >> "$STAGE/calls"
[ "$what" = stop ] && exec "$REAL_PYTHON" "$@"          # the one call that is real

if [ "$what" = train ]; then
    mkdir -p "$RUN_DIR/checkpoints"
    sleep "${TRAIN_SECONDS:-0}" > /dev/null 2>&1 & trap 'kill $!; exit 143' TERM
    wait
fi
left=$(cat "$STAGE/$what" 2> /dev/null || echo 0)
[ "$left" -gt 0 ] || exit 0
echo $((left - 1)) > "$STAGE/$what"
exit 1
