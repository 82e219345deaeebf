"""Where the time of a run goes, by stage: `--profile`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from statistics import fmean


@dataclass
class Stage:
    """The wall-clock seconds of a stage in one lap, without its inner stages, and its images."""

    seconds: float = 0.0
    images: int = 0


@dataclass
class Profile:
    """Seconds by lap and stage. A lap is the first training or a meta-iteration.

    Attributes
    ----------
    laps : list of dict of str to Stage
        The last one, after the last meta-iteration, is the end of the run.
    """

    laps: list[dict[str, Stage]] = field(default_factory=lambda: [{}])
    _open: list[str] = field(default_factory=list)
    _since: float = field(default_factory=lambda: time.perf_counter())

    @contextlib.contextmanager
    def stage(self, name: str, images: int = 0) -> Iterator[None]:
        """Count the seconds inside the block for this stage."""
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()
            self.laps[-1][name].images += images

    def next_lap(self) -> None:
        """Begin the next meta-iteration, or the end."""
        self._charge()
        self.laps.append({})

    def _charge(self) -> None:
        name = self._open[-1] if self._open else "other"
        now = time.perf_counter()
        self.laps[-1].setdefault(name, Stage()).seconds += now - self._since
        self._since = now

    def table(self) -> str:
        """Seconds by stage: until the first training ends, in a meta-iteration (mean), at the end.

        The share and the images a second are for the meta-iterations. The stage that is slowest
        there comes first.
        """
        self._charge()
        start, *middle, end = self.laps
        whole = sum(_seconds(lap) for lap in middle)
        titles = ("stage", "start (s)", "meta-iteration (s)", "share", "images/s", "end (s)")
        rows = []
        for name in dict.fromkeys(name for lap in self.laps for name in lap):
            here = [lap.get(name, Stage()) for lap in middle]
            seconds, images = sum(s.seconds for s in here), sum(s.images for s in here)
            rows.append(
                (
                    name,
                    f"{start.get(name, Stage()).seconds:.1f}",
                    f"{fmean(s.seconds for s in here):.2f}" if middle else "",
                    f"{seconds / whole:.1%}" if middle else "",
                    f"{images / seconds:,.0f}" if images and seconds else "",
                    f"{end.get(name, Stage()).seconds:.1f}",
                )
            )
        rows.sort(key=lambda row: (-float(row[2] or 0), -float(row[1])))
        rows.insert(0, titles)
        mean = f"{whole / len(middle):.2f}" if middle else ""
        rows.append(
            ("all", f"{_seconds(start):.1f}", mean, "100.0%" if middle else "", "")
            + (f"{_seconds(end):.1f}",)
        )
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join(
            f"{row[0]:<{widths[0]}}"
            + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:]))
            for row in rows
        )


def _seconds(lap: dict[str, Stage]) -> float:
    return sum(stage.seconds for stage in lap.values())


_profile: ContextVar[Profile | None] = ContextVar("profile", default=None)


@contextlib.contextmanager
def profiled() -> Iterator[Profile]:
    """Count the stages that begin inside the block."""
    profile = Profile()
    token = _profile.set(profile)
    try:
        yield profile
    finally:
        _profile.reset(token)


@contextlib.contextmanager
def stage(name: str, images: int = 0) -> Iterator[None]:
    """Count the block as a stage of the run, if the run is profiled."""
    profile = _profile.get()
    with profile.stage(name, images) if profile else contextlib.nullcontext():
        yield
