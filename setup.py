"""Packaging: two stacks, told apart by environment markers.

Python 3.9 to 3.11 get TensorFlow 2.15 with TensorFlow Addons, which ended there; later ones get
Keras 3 without it.
"""

import re
import sys
from pathlib import Path

if not (3, 9) <= sys.version_info[:2] <= (3, 13):
    sys.exit(
        "keras-selflearn needs Python 3.9 to 3.13 for TensorFlow; this is {}.{}.".format(
            *sys.version_info[:2]
        )
    )

from setuptools import find_packages, setup

ADDONS_STACK = 'python_version < "3.12"'
KERAS3_STACK = 'python_version >= "3.12"'
# TensorFlow Addons has no wheels for Linux on ARM; the package then uses its own triplet loss.
HAS_ADDONS = ADDONS_STACK + ' and (platform_system != "Linux" or platform_machine == "x86_64")'

# Later ones need NumPy 2 without saying so.
PARQUET = ["pyarrow<26; " + ADDONS_STACK, "pyarrow"]

# Ray imports pyarrow where it is there.
RAY = ["ray>=2.51", PARQUET[0]]

S3 = ["s3fs"]

# It speaks S3 in the tests. Its extra "server" brings ten times as much, of which S3 needs Flask.
MOTO = ["moto[s3]", "flask", "flask-cors"]

# Ray's dashboard and what else is "default" want another protobuf than TensorFlow 2.15.
CLUSTER = [*RAY, "ray[default]>=2.51; " + KERAS3_STACK]

# Earlier ones were not tested.
HUB = ["keras-hub>=0.32; " + KERAS3_STACK]

# Later ones need an ml_dtypes that TensorFlow 2.15 can't have; some don't say so.
ONNX = ["tf2onnx>=1.16", "onnxruntime>=1.18", "onnx<1.19; " + ADDONS_STACK, "onnx"]

# AVIF is read by Pillow itself, since 11.3.
HEIF = ["pillow-heif", "pillow>=11.3"]

# No bounds: each Python gets the newest Sphinx that still has it.
DOCS = ["sphinx", "myst-parser", "numpydoc", "furo"]

here = Path(__file__).parent
version = re.search(r'__version__ = "(.+)"', (here / "keras_selflearn/__init__.py").read_text())

setup(
    name="keras-selflearn",
    version=version.group(1),
    description="Self-learning for image classification that starts from pretrained weights",
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    packages=find_packages(include=["keras_selflearn", "keras_selflearn.*"]),
    package_data={
        "keras_selflearn": ["py.typed"],
        "keras_selflearn.network.weights": ["*.h5"],
        "keras_selflearn.options.presets": ["*.cfg"],
        "keras_selflearn.paper": ["*.json"],
        "keras_selflearn.runs.page": ["assets/*"],
        "keras_selflearn.runs.review": ["assets/*"],
        "keras_selflearn.reproduction": ["assets/*", "flags/*.cfg"],
    },
    entry_points={"console_scripts": ["keras-selflearn = keras_selflearn.__main__:main"]},
    python_requires=">=3.9,<3.14",
    install_requires=[
        "tensorflow==2.15.*; " + ADDONS_STACK,
        "tensorflow-addons==0.23.*; " + HAS_ADDONS,
        "tensorflow>=2.18; " + KERAS3_STACK,
        # Earlier ones don't train with dropout on several devices, or report another loss.
        "keras>=3.10; " + KERAS3_STACK,
        # Later releases of TensorFlow no longer bring it.
        "tensorboard; " + KERAS3_STACK,
        "tensorflow-datasets>=4.9",
        # TensorFlow Datasets needs it without saying so.
        "importlib_resources",
        # Later ones need a protobuf newer than TensorFlow 2.15 can have or, before Python 3.11,
        # one older than its other dependencies are tested with.
        'tensorflow-metadata<1.16; python_version == "3.11"',
        'tensorflow-metadata<1.14; python_version < "3.11"',
        "numpy",
        "scikit-learn>=1.3",
        "scipy",
        "threadpoolctl",
        "absl-py",
        "filelock",
        "h5py",
        "jinja2>=3.1",
        "markupsafe",
        "matplotlib>=3.7",
        "msgspec>=0.18",
        "pillow>=9.1",
        "requests",
        "tqdm",
    ],
    extras_require={
        "cluster": CLUSTER,
        "docs": DOCS,
        "heif": HEIF,
        "hub": HUB,
        "onnx": ONNX,
        "parquet": PARQUET,
        # File systems at addresses: s3:// and gs://, and what fsspec itself has.
        "s3": S3,
        "gcs": ["gcsfs"],
        "remote": ["fsspec"],
        "dev": [
            "hypothesis",
            "pytest",
            "pytest-xdist",
            "ruff",
            "selenium",
            "mypy",
            "coverage>=7.10",
            *DOCS,
            *HUB,
            *MOTO,
            *ONNX,
            *PARQUET,
            *RAY,
            *S3,
        ],
    },
)
