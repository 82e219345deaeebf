"""The page in a real browser: what it shows, and what it asks for."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from example_run import example_contents

from keras_selflearn.runs.page.page import write_page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "report.html"
    return write_page(path, example_contents()).as_uri()


@pytest.fixture
def view(browser, address):
    """`view(width, scheme, of)` opens a page anew."""

    def open_page(width=1200, scheme="light", of=address):
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        # Without motion, for nothing can be clicked while the page scrolls.
        media = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in media.items()]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        for name in ("browser", "performance"):
            browser.get_log(name)  # What is said of another page.
        browser.get(of)
        return browser

    return open_page


def find(browser, selector):
    return browser.find_element("css selector", selector)


def press(browser, *keys):
    from selenium.webdriver import ActionChains, Keys

    ActionChains(browser).send_keys(*(getattr(Keys, key, key) for key in keys)).perform()


def hover(browser, element):
    from selenium.webdriver import ActionChains

    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    ActionChains(browser).move_to_element(element).perform()


def tab_to(browser, selector):
    """As somebody without a pointer gets there."""
    target = find(browser, selector)
    for _ in range(80):
        press(browser, "TAB")
        if browser.switch_to.active_element == target:
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def said(browser):
    return browser.execute_script("return document.getElementById('said').textContent")


def test_it_loads_without_an_error_and_asks_for_nothing(view, address):
    browser = view()
    for element in browser.find_elements("css selector", "svg[data-points]"):
        hover(browser, element)
    assert browser.get_log("browser") == []
    messages = [json.loads(each["message"])["message"] for each in browser.get_log("performance")]
    asked = {
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
        # The browser's own first tab also loads its parts.
        and not message["params"]["documentURL"].startswith(("chrome:", "chrome-untrusted:"))
    }
    assert {url for url in asked if not url.startswith("data:")} == {address}
    assert browser.execute_script("return document.querySelectorAll('script').length") == 2
    assert "<script>alert(1)</script> 0" in find(browser, "#gallery summary").text


def test_the_policy_stops_what_would_be_fetched(view):
    browser = view()
    browser.execute_script(
        "const image = new Image(); image.src = 'https://example.org/x.png';"
        "document.body.append(image)"
    )
    entries = browser.get_log("browser")
    assert "Content Security Policy" in entries[0]["message"]


def test_the_pointer_shows_the_numbers_of_a_curve(view):
    browser = view()
    chart = find(browser, ".chart svg")
    hover(browser, chart.find_elements("css selector", "use")[2])
    tip = find(browser, "#tip")
    assert tip.is_displayed() and "meta-iteration 2: 80.0" in tip.text
    hover(browser, find(browser, "h1"))
    assert not tip.is_displayed()


def test_keys_go_along_a_curve_and_to_the_next(view):
    browser = view()
    tab_to(browser, ".chart + .chart svg")
    assert said(browser).startswith("meta-iteration 1, selected: 91.0")
    press(browser, "ARROW_RIGHT")
    assert said(browser).startswith("meta-iteration 2, selected: 92.0")
    press(browser, "ARROW_DOWN")
    assert said(browser).startswith("meta-iteration 2, all that were predicted: 82.0")
    press(browser, "END")
    assert said(browser).startswith("meta-iteration 3, all that were predicted: 83.0")
    tip = find(browser, "#tip")
    assert tip.is_displayed() and "83.0" in tip.text
    press(browser, "ESCAPE")
    assert not tip.is_displayed()


def test_a_point_shows_its_image_and_its_place_in_the_other_picture(view):
    browser = view()
    first, second = browser.find_elements("css selector", ".scatter svg")
    point = first.find_element("css selector", "use[data-i='4']")
    hover(browser, point)
    tip = find(browser, "#tip")
    picture = tip.find_element("css selector", ".thumb")
    assert picture.is_displayed() and picture.size["width"] > 60
    assert picture.value_of_css_property("background-image").startswith('url("data:image/')
    assert "Test image" in tip.text
    rings = [each.find_element("css selector", ".ring") for each in (first, second)]
    assert all(ring.is_displayed() for ring in rings)
    shown = browser.execute_script("return arguments[0].current.dataset.i", first)
    twin = second.find_element("css selector", f"use[data-i='{shown}']")
    assert rings[1].get_attribute("cx") == twin.get_attribute("x")


def test_keys_go_through_all_points_of_a_class_and_to_the_next_class(view):
    browser = view()
    tab_to(browser, ".scatter svg")
    heard = {said(browser)}
    for _ in range(9):
        press(browser, "ARROW_RIGHT")
        heard.add(said(browser))
    assert len(heard) == 10 and len({each.split(",")[0].split(": ")[1] for each in heard}) == 1
    press(browser, "ARROW_DOWN")
    assert said(browser).split(",")[0].split(": ")[1].startswith("Äpfel")
    assert find(browser, "#tip .thumb").is_displayed()


def test_keys_go_through_the_confusion_matrix(view):
    browser = view()
    tab_to(browser, "#confusion .scroll")
    assert said(browser).endswith(": 9 of 10")
    press(browser, "ARROW_RIGHT")
    assert said(browser).endswith(" 1: 1 of 10")
    press(browser, "ARROW_DOWN")
    assert said(browser).endswith("1: 9 of 10")


def test_likely_mistakes_are_filtered_by_class(view):
    from selenium.webdriver.support.select import Select

    browser = view()
    items = browser.find_elements("css selector", "#mistakes li")
    assert sum(item.is_displayed() for item in items) == 6
    Select(find(browser, "[data-filter]")).select_by_value("0")
    # As the label that was given, or as the final one.
    assert sum(item.is_displayed() for item in items) == 4
    assert find(browser, "#mistakes-shown").text == "4 shown"


def test_many_likely_mistakes_are_folded_away_until_they_are_sought(view, tmp_path):
    from selenium.webdriver.support.select import Select

    browser = view(of=write_page(tmp_path / "many.html", example_contents(n_classes=12)).as_uri())
    items = browser.find_elements("css selector", "#mistakes li")
    assert [item.is_displayed() for item in items] == [True] * 12 + [False] * 12
    assert find(browser, "#mistakes summary").text == "Show 12 more"
    Select(find(browser, "[data-filter]")).select_by_value("5")
    assert sum(item.is_displayed() for item in items) == 4


def test_classes_are_opened_and_highlighted(view, tmp_path):
    from selenium.webdriver.support.select import Select

    browser = view(of=write_page(tmp_path / "many.html", example_contents(n_classes=12)).as_uri())

    def opened():
        return len(browser.find_elements("css selector", "#gallery > details[open]"))

    assert opened() == 1
    find(browser, "[data-open-all]").click()
    assert opened() == 12
    Select(find(browser, "[data-open]")).select_by_value("7")
    assert find(browser, "#gallery > details[open]").get_attribute("data-class") == "7"
    Select(find(browser, "[data-highlight]")).select_by_value("3")
    faded = browser.find_elements("css selector", ".scatter .faded")
    assert len(faded) == 2 * 11 and "3" not in {each.get_attribute("data-class") for each in faded}


@pytest.mark.parametrize("n_classes", [3, 40, 70])
def test_on_a_phone_nothing_sticks_out(n_classes, view, tmp_path):
    contents = replace(example_contents(n_classes=n_classes), paths=["x" * 300] * 20 * n_classes)
    browser = view(360, of=write_page(tmp_path / "a.html", contents).as_uri())
    for details in browser.find_elements("css selector", "details"):
        browser.execute_script("arguments[0].open = true", details)
    assert browser.execute_script("return document.documentElement.scrollWidth") == 360
    tab_to(browser, ".chart svg")
    left, right = browser.execute_script(
        "const box = document.getElementById('tip').getBoundingClientRect();"
        "return [box.left, box.right]"
    )
    assert 0 <= left < right <= 360
    assert browser.execute_script("return document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_in_both_schemes(scheme, view):
    browser = view(scheme=scheme)
    grounds = {"body": "body", ".lead": "body", ".tiles dt": ".tiles div", ".axes text": ".chart"}
    grounds |= {"strong.wrong": ".mistakes li", "small": ".mistakes li", ".hint": "body"}
    grounds |= {"td.shade8": None, "span.right": ".mistakes li", "footer dt": "body"}
    for selector, ground in grounds.items():
        own = find(browser, selector)
        paint = own.value_of_css_property("fill" if "text" in selector else "color")
        if ground is None:
            under = _over(
                own.value_of_css_property("background-color"), _ground(browser, ".scroll")
            )
        else:
            under = _ground(browser, ground)
        assert contrast(_numbers(paint)[:3], under) >= 4.5, selector
    assert (np.mean(_ground(browser, "body")) < 128) == (scheme == "dark")


def _numbers(colour):
    return [float(each) for each in colour[colour.index("(") + 1 : -1].split(",")]


def _ground(browser, selector):
    return _numbers(find(browser, selector).value_of_css_property("background-color"))[:3]


def _over(colour, ground):
    *paint, opacity = _numbers(colour)
    return [opacity * a + (1 - opacity) * b for a, b in zip(paint, ground)]


def contrast(first, second):
    """The ratio of WCAG 2."""

    def luminance(colour):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (each / 255 for each in colour)
        ]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
