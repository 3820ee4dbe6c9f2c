"""docs/understanding.md: the figures, and the picture of how sure the router is and how right. Pure but for the two files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from contracts.types import Channel
from understanding import measure
from understanding.measure import Judged

PICTURE = "understanding-calibration.svg"


def report(judged: Sequence[Judged], area_of: Callable[[str], str], about: Sequence[str]) -> str:
    """The page as Markdown. `about`: what was measured, a line each."""
    lines = [
        "# How well messages are understood",
        "",
        "Written by `make understanding`. Shares stand with their 95 % interval (Wilson).",
        "",
        *(f"- {line}" for line in about),
        "",
        "| what | share |",
        "| --- | --- |",
        *(f"| {name} | {share} |" for name, share in figures(judged, area_of)),
        "",
        "## By channel",
        "",
        "| channel | category, first guess | within three |",
        "| --- | --- | --- |",
        *_by_channel(judged),
        "",
        "## What is taken for what",
        "",
        "| it is | taken for | times |",
        "| --- | --- | --- |",
        *(f"| {true} | {guess} | {count} |" for true, guess, count in measure.confusions(judged)),
        "",
        "## How sure, and how right",
        "",
        f"![How often the first guess is right, by its probability]({PICTURE})",
        "",
        "| probability | right |",
        "| --- | --- |",
        *(f"| {step.expected:.2f} | {step.right} |" for step in measure.calibration(judged)),
        "",
    ]
    return "\n".join(lines)


def _by_channel(judged: Sequence[Judged]) -> list[str]:
    lines = []
    for channel in Channel:
        own = [one for one in judged if one.message.channel == channel]
        if own:
            right, near = measure.share(own, lambda one: one.right), measure.share(own, measure.within)
            lines.append(f"| {channel.value} | {right} | {near} |")
    return lines


def draw(judged: Sequence[Judged], path: Path) -> None:
    """The calibration curve with its intervals."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "helpdesk"
    from matplotlib import pyplot

    steps = measure.calibration(judged)
    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", linewidth=1)
    axes.errorbar(
        [step.expected for step in steps],
        [step.right.value for step in steps],
        yerr=[_below(steps), _above(steps)],
        fmt="o",
        capsize=3,
        color="#0b4f8a",
    )
    axes.set(xlabel="probability of the first guess", ylabel="how often it is right", xlim=(0, 1), ylim=(0, 1.02))
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _below(steps: Sequence[measure.Step]) -> list[float]:
    return [max(0.0, step.right.value - step.right.interval[0]) for step in steps]


def _above(steps: Sequence[measure.Step]) -> list[float]:
    return [max(0.0, step.right.interval[1] - step.right.value) for step in steps]


def summary(judged: Sequence[Judged], area_of: Callable[[str], str]) -> list[str]:
    """The figures as lines for a terminal."""
    shares = dict(figures(judged, area_of))
    width = max(map(len, shares))
    return [f"{name:<{width}}  {share}" for name, share in shares.items()]


def figures(judged: Sequence[Judged], area_of: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """All figures by name, as they are written."""
    yield from ((name, str(share)) for name, share in measure.figures(judged, area_of).items())
    recall, precision = measure.macro_bodies(judged)
    yield "outside bodies, each counting the same", f"recall {recall:.3f}, precision {precision:.3f}"
    precision, recall, f1 = measure.place_words(judged)
    yield "words of the place", f"precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}"
