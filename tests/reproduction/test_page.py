from __future__ import annotations

import base64
from html.parser import HTMLParser

from fake_runs import write_run

from keras_selflearn.reproduction.page import Section, report_page
from keras_selflearn.reproduction.runs import finished_runs
from keras_selflearn.reproduction.table import measure

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Outline(HTMLParser):
    """Checks that tags are closed in order and collects what a page points to."""

    VOID = {"meta", "img", "br"}

    def __init__(self, page):
        super().__init__()
        self.open, self.links, self.tables, self.headings = [], [], 0, []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href")]
        self.tables += tag == "table"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


def test_the_page_holds_everything_and_needs_nothing(grid, tmp_path):
    write_run(grid.cells()[2], [61.5, 71.25])
    (tmp_path / "figure3.png").write_bytes(PIXEL)
    table = measure(grid, finished_runs(grid.folder))
    figures = [("A figure", tmp_path / "figure3.png")]
    section = Section(
        table, "These <images> are\n\n**a** copy.\n\n    make it", ["One & only."], figures
    )
    page = report_page("Results", [section, section])
    outline = Outline(page)
    assert not outline.open and outline.tables == 4
    assert outline.headings == ["Results"] + ["Table 2: CIFAR-10"] * 2
    assert [link[:22] for link in outline.links] == ["data:image/png;base64,"] * 2
    assert base64.b64decode(outline.links[0].split(",")[1]) == PIXEL
    assert (
        "<p>These &lt;images&gt; are</p>\n<p><strong>a</strong> copy.</p>\n<pre>make it</pre>"
        in page
    )
    assert "One &amp; only." in page
    assert "<td>71.25 (1)</td><td>83.33 ± 0.19</td><td>−12.08</td>" in page
    assert "not enough runs" in page
