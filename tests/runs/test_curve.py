from __future__ import annotations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_selflearn.runs.curve import Curve, draw_curves


def test_curves_are_drawn_with_names_axes_and_last_values(tmp_path, monkeypatch):
    figures = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda fig, *a, **k: (figures.append(fig), save(fig, *a, **k))
    )
    curves = [Curve("random weights", [40.0, 45.5]), Curve("pretrained weights", [80.0, 90.25])]
    draw_curves(curves, "Digits", tmp_path / "curve.png")
    (axes,) = figures[0].axes
    assert [line.get_ydata().tolist() for line in axes.lines] == [[40.0, 45.5], [80.0, 90.25]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [c.name for c in curves]
    assert [text.get_text() for text in axes.texts] == ["45.5 %", "90.2 %"]
    assert axes.get_title() == "Digits" and "%" in axes.get_ylabel()
    assert (
        len({(line.get_color(), line.get_marker(), line.get_linestyle()) for line in axes.lines})
        == 2
    )
    assert (tmp_path / "curve.png").stat().st_size > 5000


def test_last_values_do_not_cover_one_another(tmp_path, monkeypatch):
    figures = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda fig, *a, **k: (figures.append(fig), save(fig, *a, **k))
    )
    curves = [Curve(name, [60.0, last]) for name, last in (("a", 89.2), ("b", 89.0), ("c", 89.1))]
    draw_curves(curves, "Digits", tmp_path / "curve.png", lowest=50)
    (axes,) = figures[0].axes
    assert [text.get_text() for text in axes.texts] == ["89.2 %", "89.0 %", "89.1 %"]
    renderer = FigureCanvasAgg(figures[0]).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    for one in range(3):
        assert boxes[one].x1 <= figures[0].bbox.x1  # all of it is in the picture
        assert not any(boxes[one].overlaps(boxes[other]) for other in range(one))
