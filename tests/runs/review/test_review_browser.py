"""The page of a review in a real browser, by keyboard."""

from __future__ import annotations

import contextlib
import csv
import json
import threading

import numpy as np
import pytest
from example_review import CLASSES, MISSING, ODD, make_run, name_of, true_name
from waiting import wait_for as wait_long

from keras_selflearn.runs.review.server import ReviewServer
from keras_selflearn.runs.review.session import opened
from keras_selflearn.runs.review.static_page import static_page

pytestmark = pytest.mark.slow


def wait_for(what, condition):
    return wait_long(what, condition, deadline=60)


@contextlib.contextmanager
def serving(run):
    with opened(run) as session, ReviewServer(session) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def view(browser):
    """`view(address)` opens a page, and no page may say that something is wrong."""

    def open_page(address, width=1280, height=800, scheme="light"):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        browser.get_log("browser")
        browser.get(address)
        return browser

    yield open_page
    browser.get("about:blank")


def find(browser, selector):
    return browser.find_element("css selector", selector)


def press(browser, *keys):
    from selenium.webdriver import ActionChains, Keys

    ActionChains(browser).send_keys(*(getattr(Keys, key, key) for key in keys)).perform()


def to_images(browser):
    """As somebody without a pointer gets there from the filters."""
    grid = find(browser, "#grid")
    for _ in range(9):
        if browser.switch_to.active_element == grid:
            return
        press(browser, "TAB")
    raise AssertionError("Tab does not lead to the images")


def shift(browser, key):
    from selenium.webdriver import ActionChains, Keys

    chain = ActionChains(browser).key_down(Keys.SHIFT).send_keys(getattr(Keys, key))
    chain.key_up(Keys.SHIFT).perform()


def choose(browser, name, value):
    from selenium.webdriver.support.select import Select

    Select(find(browser, f"#filters [name={name}]")).select_by_value(value)


def active(browser):
    """What a screen reader says of the image that the keys mean."""
    place = find(browser, "#grid").get_attribute("aria-activedescendant")
    return find(browser, f"#{place}").get_attribute("aria-label")


def progress(browser):
    return find(browser, "#progress").text


def wait_until_saved(browser):
    wait_for("all to be saved", lambda: "saved in the run's folder" in progress(browser))


def table(path):
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


def test_a_review_from_end_to_end_by_keyboard(view, tmp_path):
    run = make_run(tmp_path, n=240)
    with serving(run) as server:
        browser = view(server.address)
        choose(browser, "source", "predicted")
        choose(browser, "doubt", "0.75")
        assert find(browser, "#shown").text == "24 shown"
        to_images(browser)
        for i in range(7, 207, 10):
            assert active(browser).startswith(f"{name_of(i)}, ")
            press(browser, str(1 + CLASSES.index(true_name(i))))
        press(browser, "x", "X")
        press(browser, "n")
        press(browser, *"bird", "ENTER")
        assert browser.switch_to.active_element == find(browser, "#grid")
        press(browser, "ENTER")
        wait_until_saved(browser)
        assert progress(browser).startswith("24 of 242 looked at · 21 corrected · 2 none of these")
        assert browser.get_log("browser") == []
        browser.get("about:blank")
    found = table(run / "corrections.csv")
    assert all(found[name_of(i)]["label"] == true_name(i) for i in range(7, 207, 10))
    assert [found[name_of(i)]["action"] for i in (207, 217, 227, 237)] == [
        "none",
        "none",
        "correct",
        "accept",
    ]
    assert found[name_of(227)]["label"] == "bird"
    with serving(run) as server:  # the browser was closed, and the command ended
        browser = view(server.address)
        assert progress(browser).startswith("24 of 242 looked at · 21 corrected")
        assert find(browser, "#classes").text.split("\n")[-1].endswith("bird")
        choose(browser, "looked", "none")
        assert find(browser, "#shown").text == "2 shown"
        to_images(browser)
        press(browser, "u")  # what an earlier session said
        wait_until_saved(browser)
    assert len(table(run / "corrections.csv")) == 23


def test_ranges_are_said_of_and_undone_together(view, tmp_path):
    run = make_run(tmp_path)
    with serving(run) as server:
        browser = view(server.address)
        choose(browser, "order", "path")
        to_images(browser)
        press(browser, "HOME", "ARROW_RIGHT", "ARROW_RIGHT")
        first = active(browser)
        for _ in range(3):
            shift(browser, "ARROW_RIGHT")
        selected = browser.find_elements("css selector", "[aria-selected=true]")
        assert len(selected) == 4
        press(browser, "2")
        assert find(browser, "#said").get_attribute("textContent") == f"4 images: {CLASSES[1]}"
        press(browser, "ENTER")
        wait_until_saved(browser)
        assert len(table(run / "corrections.csv")) == 5
        press(browser, "u", "u")
        assert active(browser) == first
        wait_for("none to be left", lambda: len(table(run / "corrections.csv")) == 0)
        press(browser, "u")
        assert find(browser, "#said").get_attribute("textContent") == "Nothing to undo."


def test_an_image_without_a_label_needs_one_and_a_missing_one_says_so(view, tmp_path):
    with serving(make_run(tmp_path)) as server:
        browser = view(server.address)
        choose(browser, "source", "none")
        to_images(browser)
        press(browser, "ENTER")
        said = find(browser, "#said").get_attribute("textContent")
        assert said == "=unlabelled/caf\ufffd.png has no label: give one."
        choose(browser, "source", "predicted")
        choose(browser, "order", "path")
        to_images(browser)
        press(browser, "END")
        assert active(browser).startswith(MISSING)
        cell = find(browser, ".cell.active")
        wait_for("the picture to fail", lambda: "The file is missing" in cell.text)
        large = find(browser, "#enlarge")
        wait_for("the large picture to fail", lambda: "The file is missing" in large.text)


def test_the_large_image_comes_with_its_nearest_labelled_ones(view, tmp_path):
    with serving(make_run(tmp_path)) as server:
        browser = view(server.address, 390, 844)
        assert not find(browser, "#detail").is_displayed()
        find(browser, ".cell").click()
        assert find(browser, "#detail").get_attribute("role") == "dialog"
        large = find(browser, "#large")
        wait_for("the picture", lambda: large.get_property("naturalWidth") == 40)
        near = "return [...document.querySelectorAll('#nearest img')].map((each) => each.alt)"
        assert browser.execute_script(near) == [name_of(2)]
        assert "zwei ② (predicted)" in find(browser, "#facts").text
        before = find(browser, "#path").text
        press(browser, "ENTER")  # accepts, and shows the next one
        assert find(browser, "#path").text != before
        press(browser, "ESCAPE")
        assert not find(browser, "#detail").is_displayed()
        assert browser.switch_to.active_element == find(browser, "#grid")


def test_of_20000_images_only_what_is_seen_is_in_the_page(view, tmp_path):
    with serving(make_run(tmp_path, n=20_000, links=True)) as server:
        browser = view(server.address)
        choose(browser, "order", "path")
        browser.set_script_timeout(120)
        most, end, height = browser.execute_async_script(
            """
            const done = arguments[0], box = document.getElementById("grid");
            let most = 0;
            const step = () => {
              most = Math.max(most, document.querySelectorAll("*").length);
              box.scrollTop += 2000;
              const left = box.scrollHeight - box.scrollTop - box.clientHeight;
              if (left > 1) requestAnimationFrame(step);
              else setTimeout(() => done([most, box.scrollTop, box.scrollHeight]), 300);
            };
            step();
            """
        )
        assert most < 1000 and end > 300_000 and height > 300_000
        cells = browser.find_elements("css selector", ".cell:not([hidden])")
        assert any(each.get_attribute("aria-posinset") == "20002" for each in cells)
        timed = "const start = performance.now(); apply(); return performance.now() - start"
        assert browser.execute_script(timed) < 5000  # milliseconds to filter and sort


def test_the_file_keeps_what_is_said_and_saves_the_same_table(view, tmp_path, browser):
    run, page = make_run(tmp_path), tmp_path / "page.html"
    with opened(run) as session:
        page.write_text(static_page(session)[0])
        downloads = {"behavior": "allow", "downloadPath": str(tmp_path / "downloads")}
        browser.execute_cdp_cmd("Browser.setDownloadBehavior", downloads)
        view(page.as_uri())
        browser.execute_script("localStorage.clear()")
        view(page.as_uri())
        press(browser, "1", "x")
        choose(browser, "source", "none")
        to_images(browser)
        press(browser, "n", *"=sum", "ENTER")
        wait_for("it to be kept", lambda: "kept in this browser" in progress(browser))
        view(page.as_uri())
        assert progress(browser).startswith("3 of 32 looked at · 2 corrected · 1 none of these")
        find(browser, "#download").click()
        saved = tmp_path / "downloads" / "corrections.csv"
        wait_for("the download", saved.exists)
        browser.execute_script("localStorage.clear()")
    downloaded = table(saved)
    assert {*downloaded} == {name_of(7), name_of(17), f"'{ODD}"}
    assert downloaded[f"'{ODD}"]["label"] == "'=sum"
    # The command reads it, and writes the same bytes.
    (run / "corrections.csv").write_bytes(saved.read_bytes())
    with opened(run) as session:
        session.change([])
    assert (run / "corrections.csv").read_bytes() == saved.read_bytes()


def test_a_command_that_has_ended_is_told(view, tmp_path):
    with serving(make_run(tmp_path)) as server:
        browser = view(server.address)
        wait_for("the page", lambda: find(browser, ".cell").is_displayed())
    press(browser, "1")
    wait_for("the sentence", lambda: "Not saved: The command has ended" in progress(browser))
    browser.execute_script("saving.waiting.clear()")  # or the browser asks whether to leave


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_and_text_stands_out(view, tmp_path, width, scheme):
    with serving(make_run(tmp_path)) as server:
        browser = view(server.address, width, 740, scheme)
        press(browser, "1", "x", "ENTER")
        assert browser.execute_script("return document.documentElement.scrollWidth") == width
        for selector in ("#progress", ".cell .file", ".cell .label", ".cell .figures", "button"):
            for own in browser.find_elements("css selector", selector):
                if own.is_displayed():
                    assert contrast(*colours(browser, own)) >= 4.5, selector
        assert find(browser, "#accept").rect["y"] + find(browser, "#accept").rect["height"] <= 740


def test_whatever_can_be_used_has_a_name(view, tmp_path):
    with serving(make_run(tmp_path)) as server:
        browser = view(server.address)
        tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    used = {"button", "combobox", "listbox", "option", "textbox", "searchbox", "complementary"}
    named = [
        (node["role"]["value"], node.get("name", {}).get("value"))
        for node in tree
        if not node["ignored"] and node["role"]["value"] in used
    ]
    assert {"button", "combobox", "listbox", "option"} <= {role for role, _ in named}
    assert all(name for _, name in named), named
    (grid,) = [node for node in tree if node.get("role", {}).get("value") == "listbox"]
    properties = {each["name"]: each["value"] for each in grid["properties"]}
    assert properties["activedescendant"]["relatedNodes"]
    assert "multiselectable" in json.dumps(grid)


def colours(browser, element):
    """The text's colour and the ground's, from the nearest element that has one."""
    return browser.execute_script(
        """
        let ground = arguments[0];
        const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const of = (element) => numbers(getComputedStyle(element).backgroundColor);
        while (of(ground).length === 4 && of(ground)[3] === 0) ground = ground.parentElement;
        return [numbers(getComputedStyle(arguments[0]).color), of(ground)];
        """,
        element,
    )


def contrast(first, second):
    """The ratio of WCAG 2."""

    def luminance(colour):
        parts = np.array(colour[:3]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
