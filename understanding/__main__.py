"""`python -m understanding check` says what is wrong with the messages, `train` makes the model of them, `measure` says how
well it understands the blind test.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import packs
from packs import Pack
from router.classifying import decision_line
from router.decision import Router
from router.model import SHIPPED, stored
from router.model.calibration import settled
from router.model.stored import Model
from understanding import labels, report, runs
from understanding.checking import copies, large_scenarios, unknown
from understanding.learning import both, of_part, to_classify, trained, tried
from understanding.measure import Judged
from understanding.messages import Message, read
from understanding.parts import Part, part_of

HOME = Path(__file__).parent
PACK = HOME.parent / "packs" / "lipovany"
PAGE = HOME.parent / "docs" / "understanding.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: fine; 1: something is wrong, told line by line."""
    parser = argparse.ArgumentParser(prog="python -m understanding", description=__doc__)
    parser.add_argument("--home", type=Path, default=HOME, help="where `messages`, `lexicon` and `blind` lie")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="the model's file")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="whether the messages can be used")
    commands.add_parser("train", help="make the model of the messages and the lexicon")
    measuring = commands.add_parser("measure", help="measure the model and write docs/understanding.md")
    measuring.add_argument("--on", choices=("blind", "testing"), default="blind", help="which messages")
    measuring.add_argument("--page", type=Path, default=None, help="where the page is written; none without")
    given = parser.parse_args(arguments)
    pack = packs.load(PACK)
    if given.command == "check":
        return _check(given.home, pack)
    if given.command == "train":
        return _train(given.home, given.model, pack)
    return _measure(given.home, given.model, pack, given.on, given.page)


def _check(home: Path, pack: Pack) -> int:
    messages, faults = read(home / "messages")
    blind, blind_faults = read(home / "blind")
    wrong = [str(fault) for fault in (*faults, *blind_faults)]
    for group in (messages, blind):
        wrong += [*unknown(group, pack), *large_scenarios(group)]
    wrong += copies(blind, messages)
    for line in wrong:
        print(line, file=sys.stderr)
    for name, group in (("messages", messages), ("blind", blind)):
        print(f"{name}: {len(group)} in {len({one.scenario for one in group})} scenarios")
    parts = Counter(str(part_of(one.scenario)) for one in messages)
    print(", ".join(f"{part} {count}" for part, count in sorted(parts.items())))
    return 1 if wrong else 0


def _train(home: Path, file: Path, pack: Pack) -> int:
    """How sharp scores are is found with a model that has not seen the tuning part; the one that is kept has seen all."""
    started = time.monotonic()
    messages, _ = read(home / "messages")
    tuning = of_part(messages, Part.TUNING)
    seen = [message for message in messages if part_of(message.scenario) != Part.TUNING]
    probe, whole = both(
        partial(tried, seen, tuning, home / "lexicon", pack), partial(trained, messages, home / "lexicon", pack)
    )
    model = Model(settled(whole.answers, probe.answers), whole.places, probe.thresholds)
    stored.save(model, file)
    took = time.monotonic() - started
    features = len(model.answers.names) + len(model.places.names)
    print(f"{file.name}: {file.stat().st_size:,} bytes, {features:,} features, {took:.0f} s")
    print(", ".join(f"{name} from {value:.3f}" for name, value in vars(model.thresholds).items()))
    return 0


def _measure(home: Path, file: Path, pack: Pack, on: str, page: Path | None) -> int:
    """On the blind test the model that is kept; on the testing part one that has not seen it."""
    blind = home / "blind"
    if on == "blind":
        model, (written, _) = stored.load(file), read(blind)
        try:
            runs.check_left(blind)
        except runs.SpentError as error:
            print(error, file=sys.stderr)
            return 1
        messages = labels.settled(written, labels.read_labels(blind / labels.THIRD))
        about = _about_blind(written, blind)
    else:
        written, _ = read(home / "messages")
        training, tuning, messages = (of_part(written, part) for part in Part)
        model, about = tried(training, tuning, home / "lexicon", pack), _about_testing(len(messages))
    router = Router(pack, model)
    judged = [_judged(router, number, message) for number, message in enumerate(messages)]
    area_of = {category.slug: category.area for category in pack.categories}.__getitem__
    if on == "blind":
        runs.log(blind, datetime.now(UTC), model.hash, dict(report.figures(judged, area_of)))
        print(f"Written down; {runs.MOST_RUNS - runs.taken(blind)} runs are left.")
    for line in report.summary(judged, area_of):
        print(line)
    if page is not None:
        page.write_text(report.report(judged, area_of, about), encoding="utf-8")
        report.draw(judged, page.with_name(report.PICTURE))
    return 0


def _about_blind(messages: Sequence[Message], blind: Path) -> list[str]:
    second = labels.read_labels(blind / labels.SECOND)
    agreed = [
        f"{question} {equal:.3f} (kappa {kappa:.2f})"
        for question, _, equal, kappa in labels.agreements(messages, second)
    ]
    both = f"{len(second)} have a second, independent label; equal are {', '.join(agreed)}." if agreed else ""
    return [
        f"Measured on the {len(messages)} messages of the blind test, with the model that the router ships with. Their writers were given "
        "definitions and boundary rules only and told to read nothing else, which nothing enforced; no message in it is near to one "
        "that was learnt from. They were written after the first models, and before this one.",
        both or "What is right is what each message's writer said: there are no second, independent labels yet.",
        *(["Where the two differ, a third reader decided what is right."] if both else []),
    ]


def _about_testing(count: int) -> list[str]:
    return [
        f"Measured on the {count} messages of the testing part: scenarios that the model had not seen, but by the same hands as "
        "the training. Rules and settings were made with some of them in sight: only the blind test is an honest measure.",
        "The model that was measured learnt from the training part only; the one that the router ships with has seen all.",
    ]


def _judged(router: Router, number: int, message: Message) -> Judged:
    return Judged(message, decision_line(router, to_classify(str(number), message)))


if __name__ == "__main__":
    raise SystemExit(main())
