from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from example_run import example_contents, with_record, without_pseudo_labels
from msgspec import structs

from keras_selflearn.runs.page.contents import Embedded
from keras_selflearn.runs.page.page import page, write_page
from keras_selflearn.runs.record import Estimate


class Outline(HTMLParser):
    """Elements and what their attributes are; fails for one that is closed in another's place."""

    VOID = ("meta", "link", "wbr")

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.texts.append(data)

    def words(self):
        return " ".join("".join(self.texts).split())


@pytest.fixture(scope="module")
def html():
    return page(example_contents())


def headings(html):
    return re.findall(r"<h2 id=.+?>(.+?)</h2>", html)


def test_what_was_asked_and_what_came_out(html):
    words = Outline(html).words()
    assert (
        "Starting from random weights, a VGG16 network learned 3 classes of digits with triplet"
        " loss from 12 labelled images. Then it learned from the 48 other images, in 3 of up to 5"
        " meta-iterations. Each time it labelled those without a label and kept the 10 % that it"
        " was surest of. On 30 test images that it never saw, its accuracy was 70.0 % after the"
        " labelled images alone and is 85.0 % at the end. It labelled 36 images, 91.7 % of them"
        " right. 12 stayed unlabelled. The final model would no longer give 6 of these labels:"
        " likely mistakes. It took 1 min 23 s."
    ) in words
    assert "By the true labels, 3 of them are wrong. In all, 3 pseudo-labels are wrong." in words
    assert "The final model labels 90.0 % of 30 test images right." in words


def test_all_parts_are_there_and_linked(html):
    assert headings(html) == [
        "Accuracy",
        "Likely mistakes",
        "Most and least confident",
        "Confusion matrix",
        "Embedding",
        "Labelled when",
    ]
    elements = Outline(html).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in elements:
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
        for name in ("aria-labelledby", "aria-describedby"):
            assert attributes.get(name, ids[0]) in ids


def test_every_picture_has_words(html):
    pictures = [each for _, each in Outline(html).elements if each.get("role") == "img"]
    # Each of the 36 pseudo-labelled images and of the 6 likely mistakes, and its nearest.
    assert len(pictures) == 2 * (36 + 6)
    assert all(each["aria-label"] for each in pictures)


def test_names_from_outside_are_text(html):
    tags = [tag for tag, _ in Outline(html).elements]
    assert tags.count("script") == 2
    assert all(attributes for tag, attributes in Outline(html).elements if tag == "b")
    words = Outline(html).words()
    assert "<script>alert(1)</script> 0" in words and "🌳" in words
    assert "unlabelled/12 <b>\ufffd.jpg" in words and "/a <b>folder</b>" in words
    assert "<script>alert" not in html and "\udcff" not in html


def test_nothing_is_fetched(html):
    without_data = re.sub(r"data:[^)\"]*", "", html)
    assert not re.search(
        r"(?:https?:)?//\w", without_data.replace("http://www.w3.org/2000/svg", "")
    )
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha" in html
    links = [each["href"] for _, each in Outline(html).elements if "href" in each]
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not any("src" in each for _, each in Outline(html).elements)


def test_the_same_contents_make_the_same_page(tmp_path, html):
    path = write_page(tmp_path / "report.html", example_contents())
    assert path.read_text(encoding="utf-8") == html
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_nothing_that_looks_like_a_mistake():
    contents = example_contents()
    same = contents.labels[contents.pseudo_labelled]
    words = Outline(page(replace(contents, final_labels=same))).words()
    assert "The final model would give all again." in words
    assert "None: the final model would give all 36 pseudo-labels again." in words


def test_a_folder_of_images_is_called_by_its_name():
    contents = example_contents()
    flags = {"dataset": "folder", "images": "/home/me/my photos"}
    html = page(with_record(contents, flags=flags))
    assert "<h1>my photos, triplet loss, self-learning</h1>" in html
    assert "3 classes of /home/me/my photos with" in Outline(html).words()


def test_the_least_confidence_that_was_asked_for_is_said():
    contents = example_contents()
    html = page(with_record(contents, flags={"min_confidence": -0.5}))
    assert "surest of, with a confidence of at least -0.5." in html


def test_probabilities_have_no_match():
    html = page(example_contents(by_distance=False))
    assert "probability 0.960" in html and "distance 0" not in html
    assert '<span class="nearest">' not in html


@pytest.mark.parametrize(
    ("labelling", "how"),
    [("graph", "over the graph of similar images"), ("vote", "that most labellers voted for")],
)
def test_graphs_and_votes_say_how_they_label_and_show_an_image(labelling, how):
    contents = example_contents(by_distance=False)
    nearest = np.where(contents.labelled_in > 0, contents.true_labels, -1)
    flags = {"labelling": labelling}
    html = page(with_record(replace(contents, nearest=nearest), flags=flags))
    assert how in html and "that was most probable" not in html
    assert '<span class="nearest">' in html


@pytest.mark.parametrize("regime", ["n-labelled", "all-labelled"])
def test_without_self_learning_there_are_no_pseudo_labels(regime):
    html = page(without_pseudo_labels(example_contents(), regime))
    assert headings(html) == ["Accuracy", "Confusion matrix", "Embedding"]
    assert f"Nothing was pseudo-labelled. Regime {regime}." in html and "70.0" in html
    assert "Before self-learning" not in html and "likely mistakes" not in html.lower()


def test_self_learning_that_was_never_sure_enough():
    contents = example_contents()
    nothing = without_pseudo_labels(contents, "self-learning")
    html = page(with_record(nothing, history=contents.run.history[:2]))
    assert "Nothing was pseudo-labelled. Regime self-learning." in html
    assert "meta-iteration 1: 75.0" in html


def test_unknown_truth_leaves_out_what_depends_on_it():
    contents = example_contents()
    history = [
        structs.replace(each, selected_accuracy=None, unlabelled_accuracy=None)
        for each in contents.run.history
    ]
    contents = with_record(contents, history=history)
    html = page(replace(contents, true_labels=np.full(len(contents.labels), -1)))
    assert "Accuracy of the pseudo-labels" not in html and "of them right" not in html
    assert "wrong: it is" not in html and "By the true labels" not in html


def test_truth_that_is_known_of_some():
    contents = example_contents()
    true = np.where(np.arange(60) < 15, contents.true_labels, -1)
    words = Outline(page(replace(contents, true_labels=true))).words()
    # Numbers 12, 13 and 14 are the wrong ones.
    assert "36 images (0.0 % right of the 3 whose true label is known)." in words


def without_test_images(cross_validation):
    contents = example_contents()
    history = [structs.replace(each, test_accuracy=None) for each in contents.run.history]
    data = structs.replace(contents.run.data, test=0)
    folds = cross_validation and Estimate(**cross_validation)
    contents = with_record(contents, history=history, data=data, cross_validation=folds)
    embeddings = contents.embedded.before
    return replace(
        contents,
        test_images=contents.test_images[:0],
        test_labels=contents.test_labels[:0],
        test_predicted=contents.test_predicted[:0],
        embedded=Embedded(embeddings, embeddings, "train", np.arange(30)),
    )


def test_cross_validation_stands_for_test_images():
    folds = {"folds": 4, "accuracy": [50.0, 60.0, 62.5, 65.0], "spread": [1.0, 2.0, 3.0, 4.0]}
    html = page(without_test_images(folds))
    assert "Confusion matrix" not in headings(html) and "Embedding" in headings(html)
    words = Outline(html).words()
    assert (
        "By cross-validation on the labelled images, its accuracy was 50.0 % after the labelled"
        " images alone and is 65.0 % at the end."
    ) in words
    assert "meta-iteration 2: 62.5\u00a0% ± 3.0" in html and "deviation over 4 folds" in html


def test_only_what_the_run_itself_did_is_its_end():
    folds = {"folds": 2, "accuracy": [50.0, None, 62.5, 65.0, 1.0], "spread": [1, None, 2, 3, 4]}
    html = page(without_test_images(folds))
    assert "and is 65.0 % at the end" in Outline(html).words()
    assert "meta-iteration 4: 1.0\u00a0%" in html and "meta-iteration 1: 0.0" not in html


def test_accuracy_that_nobody_measured_is_said():
    words = Outline(page(without_test_images(None))).words()
    assert "no test images and no cross-validation, so its accuracy was not measured" in words


def test_features_that_were_standardised_for_the_accuracy_are_named():
    contents = example_contents()
    html = page(with_record(contents, flags={"validation_features": "standardised"}))
    assert "measured on standardised embeddings" in html


@pytest.mark.slow
def test_many_classes_and_large_images_make_a_page_of_a_few_megabytes():
    y, x = np.mgrid[:96, :96]
    rng = np.random.default_rng(0)
    contents = example_contents(n_classes=200)
    picture = np.stack([x, y, x + y], -1) + rng.integers(0, 40, (96, 96, 3))
    images = np.broadcast_to(picture.astype(np.uint8), (4000, 96, 96, 3))
    html = page(replace(contents, images=images, test_images=images[:2000]))
    assert 1e6 < len(html) < 6e6
    assert "whole matrix would be too large" in html
    assert html.count('data-classes="') == 200 and "400 of 2,400 pseudo-labels" in html
    assert "The first 200 are shown." in html
    assert len(re.findall(r'data-i="\d', html)) == 2 * 400


def with_doubt(contents, doubted, probability=np.nan):
    """The contents with these images doubted, the more the earlier."""
    n = len(contents.labels)
    doubt = np.full(n, 0.1)
    doubt[doubted] = np.linspace(0.99, 0.6, len(doubted))
    instead = np.where(contents.labels < 0, -1, (contents.labels + 1) % len(contents.class_names))
    return replace(contents, doubt=doubt, instead=instead, probability=np.full(n, probability))


def test_without_test_images_the_folds_show_what_is_confused():
    contents = without_test_images(None)
    given = np.array([0, 0, 0, 1, 1, 2])
    predicted = np.array([0, 0, 1, 1, 1, 2])
    words = Outline(page(replace(contents, fold_labels=given, fold_predicted=predicted))).words()
    assert "There are no test images." in words
    assert "labelled 83.3 % of 6 labelled images right" in words
    assert "Confusion matrix" not in Outline(page(contents)).words()


def test_what_the_pretrained_features_know_is_said():
    words = "a linear classifier on its features finds 71.5 % of the given labels"
    contents = example_contents()
    assert words in Outline(page(with_record(contents, frozen_accuracy=71.5))).words()
    assert "linear classifier on its features" not in Outline(page(contents)).words()


def test_images_unlike_all_labelled_ones_are_shown():
    contents = with_doubt(example_contents(), [])
    unlike = np.where(contents.labelled_in == 0, np.nan, 0.5)
    pseudo, unlabelled = contents.pseudo_labelled[5], np.flatnonzero(contents.labelled_in < 0)[0]
    unlike[[pseudo, unlabelled]] = 0.96, 1.0
    words = Outline(page(replace(contents, unlike=unlike))).words()
    assert "None of the classes?" in words
    assert "2 images are farther from the labelled images than 95 %" in words
    first, second = (f"unlabelled/{i} <b>" for i in (unlabelled, pseudo))
    section = words.split("About one in twenty")[1]
    section = section.split("Most and least confident")[0]
    assert section.index(first) < section.index(second)
    assert "without a label" in section and "wrong" not in section


def test_a_page_without_unlike_images_has_no_section_of_them():
    contents = with_doubt(example_contents(), [])
    unlike = np.full(len(contents.labels), 0.9)
    assert "None of the classes?" not in page(replace(contents, unlike=unlike))


def test_the_most_doubted_labels_come_first():
    contents = example_contents()
    given = np.flatnonzero(contents.labelled_in == 0)[0]
    first, last = contents.pseudo_labelled[[7, 3]]
    unlabelled = np.flatnonzero(contents.labelled_in < 0)[0]
    html = page(with_doubt(contents, [first, given, unlabelled, last], probability=0.75))
    words = Outline(html).words()
    assert headings(html)[1] == "Doubtful labels" and "Likely mistakes" not in html
    assert "About 9 of 36 pseudo-labels are probably wrong, as the folds" in words
    assert "3 labels are doubted: a classifier that never saw this label finds" in words
    assert "1 of them was given by you. The most doubted come first." in words
    items = html.split('id="mistakes"')[1].split("</ol>")[0].split("<li ")[1:]
    assert ["doubt 0.99" in items[0], "given" in items[1], "doubt 0.60" in items[2]] == [True] * 3
    assert "About 9 of these labels are probably wrong. 3 labels are doubtful" in words
    assert "accept from" not in words  # none is sure enough


def test_a_table_says_how_many_labels_can_be_accepted():
    contents = with_doubt(example_contents(), [], probability=0.75)
    contents.probability[contents.pseudo_labelled[:6]] = 0.98
    table = page(contents).split("accept from")[1].split("</table>")[0]
    # All 36 labels together are expected to be right at 78.8 %.
    row, *others = table.split("<tr>")[1:]
    assert not others
    cells = [text for _, text in re.findall(r"<t([hd]).*?>(.*?)</t", row)]
    assert cells[:2] + cells[3:] == ["0.98", "6", "30"] and cells[2].startswith("98.0")


def test_without_folds_nobody_knows_how_many_labels_are_wrong():
    contents = example_contents()
    words = Outline(page(with_doubt(contents, []))).words()
    assert "probably wrong" not in words
    assert "None is doubted: a classifier that never saw a label would give it again." in words
