from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_python_example_runs_as_it_stands(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(compile(example, "README.md", "exec"), names)
    clf, digits = names["clf"], names["digits"]
    assert (clf.labeled_iter_ > 0).any()
    assert clf.transform(digits.test_images[:3]).shape == (3, 256)
    assert f"{clf.score(digits.test_images, digits.test_labels):.3f}" in capsys.readouterr().out


@pytest.mark.parametrize("page", ["README.md", "docs/protocol.md", "docs/run-folder.md"])
def test_every_file_that_is_named_is_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target
    for name in re.findall(r"`((?:[a-z_0-9]+/)*[a-z_0-9]+\.(?:py|cfg|cff))`", text):
        assert (ROOT / name).exists() or (ROOT / "keras_selflearn" / name).exists(), name


def test_every_flag_that_is_named_is_there():
    from dataclasses import fields

    from keras_selflearn.config import Config
    from keras_selflearn.pretrain import PretrainConfig
    from keras_selflearn.quickstart import QuickstartConfig

    known = {each.name for c in (Config, PretrainConfig, QuickstartConfig) for each in fields(c)}
    known |= {"flagfile", "help", "logdir"}
    for page in ("README.md", "docs/protocol.md", "docs/run-folder.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert set(re.findall(r"--([a-z_]+)", text)) <= known
