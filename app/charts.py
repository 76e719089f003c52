"""Charts below the table of models, drawn by Plotly: they are read, zoomed into, and save themselves.

What follows the hand is drawn in the page (`web/parts/shared/chart.js`); these change with the model at work alone.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from app import chart_labels, model_cards
from app.catalogue import Entry
from esvae_core.checkpoint import Header

WAS = "#d97a06"
"""The second accent, as in look.css; the first is the theme's primary colour."""
QUIET = "#8b8f9c"
HEIGHT = 340
MARGIN = {"l": 64, "r": 8, "t": 44, "b": 52}
"""Of a fixed size: the browser took a third of a chart's time to measure them."""
PLOT = HEIGHT - MARGIN["t"] - MARGIN["b"]
"""Height in pixels of what names are placed in."""
WIDTHS = (280, 420, 600, 860)
"""Pixels of the plot, for which names are kept apart: from a phone, where there is the least room, to a wide window."""
TICKS = [a * 10.0**b for b in range(-4, 4) for a in (1, 2, 5)]
"""Of logarithmic axes."""
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "svg"},
}
"""Of the tools at a chart's corner; the picture they save is SVG."""


@dataclass(frozen=True)
class Chart:
    """A figure, how it is read, and what it says to those who do not see it."""

    title: str
    help: str
    figure: go.Figure
    words: str


def about(entries: Sequence[Entry], name: str, accent: str, ink: str) -> list[Chart]:
    """The charts of a model beside the others of its data set.

    Args:
        entries: All checkpoints.
        name: Of the model at work.
        accent: CSS colour that it is drawn in.
        ink: CSS colour of texts.

    Returns:
        Its training, if it brings a curve; and error against distance of samples, if two models or more have both.
    """
    headers = {entry.name: entry.header for entry in entries if entry.header is not None}
    chosen = headers.get(name)
    if chosen is None or chosen.dataset is None:
        return []
    same = {other: h for other, h in headers.items() if h.dataset and h.dataset.name == chosen.dataset.name}
    charts = (_training(same, name, accent), _error_and_samples(same, name, accent))
    drawn = [chart for chart in charts if chart is not None]
    for chart in drawn:  # Streamlit's own are paler than texts should be
        chart.figure.update_layout(font={"color": ink}, modebar={"color": ink})
        for axis in (chart.figure.layout.xaxis, chart.figure.layout.yaxis):
            axis.update(tickfont={"color": ink}, title_font={"color": ink})
    return drawn


def _training(headers: dict[str, Header], name: str, accent: str) -> Chart | None:
    """Validation error by epoch, of this model and, quietly, of the others."""
    curves = {other: rows for other, h in headers.items() if (rows := model_cards.curve(h))}
    if name not in curves:
        return None
    trained = all("mse" in row for row in curves[name])
    figure = _figure("epoch", "squared error")
    first = sorted(curves, key=lambda each: each != name)
    shown = {other: [(row["epoch"], _log(row["validation_mse"])) for row in curves[other]] for other in first}
    taught = [(row["epoch"], _log(row["mse"])) for row in curves[name] if trained]
    nameless = _name(figure, [shown[other] for other in first], first, [*shown.values(), taught], [])
    for other in reversed(first):  # its own on top
        mine, rows = other == name, curves[other]
        if mine and trained:
            figure.add_scatter(
                x=[row["epoch"] for row in rows],
                y=[row["mse"] for row in rows],
                name="in training",
                mode="lines",
                line={"color": WAS, "width": 1.5, "dash": "dot"},
                hovertemplate="in training, epoch %{x}: %{y:.4f}<extra></extra>",
            )
        figure.add_scatter(
            x=[row["epoch"] for row in rows],
            y=[row["validation_mse"] for row in rows],
            customdata=[f", T = {row['time_steps']:.0f}" if "time_steps" in row else "" for row in rows],
            name=_label(other),
            mode="lines+markers" if mine else "lines",
            line={"color": accent if mine else QUIET, "width": 2.5 if mine else 1},
            hovertemplate=f"{_label(other)}, epoch %{{x}}%{{customdata}}: %{{y:.4f}}<extra></extra>",
        )
    mine_first, mine_last = curves[name][0], curves[name][-1]
    words = (
        f"Validation error of {name} from {mine_first['validation_mse']:.3f} to {mine_last['validation_mse']:.3f} over "
        f"{len(curves[name])} epochs{'; dotted, the error in training' if trained else ''}. "
        f"Each epoch is validated at the T that it trained with.{_told(nameless)}"
    )
    reading = (
        "Squared error of validation images after each epoch, of this model in colour, of others of its data set in "
        "grey. The lower, the better. Where the number of time steps T changes, so does what is measured."
    )
    return Chart("Training", reading, figure, words)


def _error_and_samples(headers: dict[str, Header], name: str, accent: str) -> Chart | None:
    """How far reconstructions are from images, and samples from the data: whoever is at the lower left wins both."""
    points = {}
    for other, header in headers.items():
        sampler = getattr(header.model, "sampler", None)
        error = _figure_of(header, "mse", f"{sampler} sampling" if sampler else "")
        distance = _figure_of(header, "fad", "")
        if error is not None and distance is not None and min(error, distance) > 0:  # axes are logarithmic
            points[other] = (error, distance)
    if name not in points or len(points) < 2:
        return None
    figure = _figure("squared error of reconstructions, own sampler", "FAD of samples")
    figure.update_xaxes(type="log", tickvals=TICKS)
    first = sorted(points, key=lambda other: other != name)
    places = [points[other] for other in first]
    logarithms = [(_log(error), _log(distance)) for error, distance in places]
    nameless = _name(figure, [[at] for at in logarithms], first, [], logarithms)
    figure.add_scatter(
        x=[error for error, _ in places],
        y=[distance for _, distance in places],
        customdata=[_label(other) for other in first],
        mode="markers",
        cliponaxis=False,
        marker={"size": 10, "color": [accent if other == name else QUIET for other in first]},
        hovertemplate="%{customdata}: error %{x:.4f}, FAD %{y:.2f}<extra></extra>",
    )
    ranked = sorted(points, key=lambda other: points[other][1])
    words = "Fréchet autoencoder distance, evaluation mode; lower left is better in both. " + "; ".join(
        f"{other}: error {points[other][0]:.4f}, FAD {points[other][1]:.1f}" for other in ranked
    )
    reading = (
        "A point is a model of this data set. The farther left, the nearer are reconstructions to the test images that "
        "they are of; the lower, the nearer are samples to the data, by features of a network that was trained on them."
    )
    return Chart("Error and samples", reading, figure, f"{words}.{_told(nameless)}")


def _told(nameless: Sequence[str]) -> str:
    """Where the names are for which the chart has no room."""
    return f" Named under the pointer, for want of room: {', '.join(nameless)}." if nameless else ""


def _label(name: str) -> str:
    """A name as Plotly shows it unchanged; it reads tags (links among them), %{templates} and $formulas$ in texts."""
    return html.escape(name).replace("%", "&#37;").replace("$", "&#36;")


def _figure_of(header: Header, name: str, protocol: str) -> float | None:
    return next((m.value for m in header.metrics if m.name == name and protocol in m.protocol), None)


Point = tuple[float, float]
LEAST = 1e-12
"""What a logarithmic axis takes for 0, which a file may claim."""
AROUND = 0.06
"""Of an axis' length, what is left free at either end."""


def _name(
    figure: go.Figure,
    named: Sequence[Sequence[Point]],
    names: Sequence[str],
    curves: Sequence[Sequence[Point]],
    dots: Sequence[Point],
) -> list[str]:
    """Set a figure's axes to what is shown, and put names into it; a line leads to those that are farther off.

    Args:
        figure: It is changed.
        named: The points of what each name belongs to, as the axes have them: logarithms where one is logarithmic.
        names: The first has a place in any case.
        curves: All that are drawn.
        dots: As well.

    Returns:
        The names for which there is no room.
    """
    shown = [*dots, *(point for curve in curves for point in curve)]
    ends = []
    for axis, values in ((figure.layout.xaxis, 0), (figure.layout.yaxis, 1)):
        low, high = min(point[values] for point in shown), max(point[values] for point in shown)
        free = AROUND * (high - low) or 1.0
        axis.range = (low - free, high + free)
        ends.append(axis.range)

    def place(point: Point) -> Point:
        across, up = ((at - low) / (high - low) for at, (low, high) in zip(point, ends, strict=True))
        return across, (1 - up) * PLOT

    def placed(lists: Sequence[Sequence[Point]]) -> list[list[Point]]:
        return [[place(point) for point in points] for points in lists]

    found = chart_labels.places(placed(named), names, placed(curves), placed([dots])[0], WIDTHS, PLOT)
    for points, name, at in zip(named, names, found, strict=True):
        if at is None:
            continue
        x, y = points[at.point]
        figure.add_annotation(
            x=x,
            y=y,
            ax=at.across,
            ay=at.down,
            text=_label(name),
            font={"size": 13},
            xanchor="left" if at.across > 0 else "right",
            yanchor="top" if at.down > 0 else "bottom",
            align="left",
            borderpad=0,
            arrowhead=0,
            arrowwidth=1,
            arrowcolor=QUIET if abs(at.down) > chart_labels.NEAR else "rgba(0, 0, 0, 0)",
            standoff=chart_labels.DOT,
        )
    return [name for name, at in zip(names, found, strict=True) if at is None]


def _log(value: float) -> float:
    return math.log10(max(value, LEAST))


def _figure(x: str, y: str) -> go.Figure:
    """Without legend, whose names are at the points."""
    figure = go.Figure()
    figure.update_layout(
        height=HEIGHT,
        showlegend=False,
        margin=MARGIN,
        xaxis={"title": x, "automargin": False},
        yaxis={"title": y, "type": "log", "automargin": False, "tickvals": TICKS},
    )
    return figure
