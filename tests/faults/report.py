"""The record as people read it, in Markdown."""

from datetime import UTC, datetime

from tests.faults.record import Record, Seen, Stretch
from tests.faults.storm import as_fast_as_before, is_well

PROMISES = ("P1", "P2", "P3", "P4", "P5")


def report(record: Record) -> str:
    """What was done and seen so far."""
    counted = {name for stretch in record.stretches if stretch.wrong is not None for name in stretch.faults}
    rows = [_row(record.seen[name], name in counted) for name in record.order if name in record.seen]
    left = len(record.remaining())
    state = "all is well" if is_well(record) else f"{left} of {len(record.order)} still to be done and counted"
    if not left and not is_well(record):
        state = "NOT as promised"
    return "\n".join(
        [
            f"seed {record.seed}, revision {record.revision}: {state}",
            "",
            "| fault | at (UTC) | lasted | back to normal after | restarted meanwhile | counted |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            *(line for number, stretch in enumerate(record.stretches, start=1) for line in _lines(number, stretch)),
        ]
    )


def _row(seen: Seen, counted: bool) -> str:
    at = f"{datetime.fromtimestamp(seen.began, UTC):%H:%M:%S}"
    if seen.skipped:
        return f"| {seen.fault} | {at} | - | left out: {seen.skipped} | - | - |"
    back = "**never**" if seen.back_after is None else f"{seen.back_after:.0f} s"
    restarts = ", ".join(f"{name} {count}x" for name, count in seen.restarts.items()) or "-"
    return f"| {seen.fault} | {at} | {seen.lasted:.0f} s | {back} | {restarts} | {'yes' if counted else 'not yet'} |"


def _lines(number: int, stretch: Stretch) -> list[str]:
    head = f"Stretch {number}: {len(stretch.faults)} faults, {stretch.accepted} reports accepted"
    if stretch.wrong is None:
        return [f"{head}; not counted (yet)", ""]
    promises = ", ".join(f"{promise} {'broken' if promise in stretch.wrong else 'kept'}" for promise in PROMISES)
    speed = ""
    if stretch.before and stretch.after:
        times = [f"p50 {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms" for p50, p95 in (stretch.before, stretch.after)]
        judged = "as fast as before" if as_fast_as_before(stretch) else "SLOWER than before"
        speed = f"\nTo the acknowledgement: {times[0]} before the first fault, {times[1]} after the last: {judged}"
    broken = [f"\n- {promise}: {finding}" for promise, findings in stretch.wrong.items() for finding in findings]
    return [f"{head}, {stretch.repeats} mails came again, in doubt; {promises}{speed}{''.join(broken)}", ""]
