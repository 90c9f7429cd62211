#!/usr/bin/env bash
# The step of action.yml that runs the suite: the run, its summary and annotations, and then the verdict.
set -uo pipefail

options=(--output "$OUTPUT")
[ -z "$EXPECTATIONS" ] || options+=(--expectations "$EXPECTATIONS")
# Split into words on purpose: they are arguments.
# shellcheck disable=SC2086
torchstone run "$SUBJECT" $ARGUMENTS "${options[@]}"
status=$?

echo "report=$OUTPUT" >> "$GITHUB_OUTPUT"
[ -f "$OUTPUT/run.jsonl" ] || exit "$status"
torchstone report "$OUTPUT/run.jsonl" --annotate
cat "$OUTPUT/summary.md" >> "$GITHUB_STEP_SUMMARY"
if [ -n "$BASELINE" ] && [ "$status" -le 1 ]; then
    torchstone diff "$BASELINE" "$OUTPUT" --markdown "$GITHUB_STEP_SUMMARY"
    status=$?
fi
exit "$status"
