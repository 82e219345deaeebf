from __future__ import annotations

import pytest
from own_models import own_model

from keras_selflearn.network.image_shape import check_image_shape, check_image_size


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((31, 40, 3), {}, "31x40, and VGG16 needs at least 32x32.*--image_size=32"),
        ((70, 90, 3), {"backbone": "xception"}, "Xception needs at least 71x71.*--image_size=71"),
        ((90, 90, 3), {"backbone": "Xception", "image_size": 70}, "image_size is 70, and Xception"),
        ((32, 32, 4), {}, "4 channels"),
        ((8, 8, 2), {"image_size": 64}, "2 channels"),
    ],
)
def test_image_shapes_that_do_not_fit_are_errors(shape, options, message):
    with pytest.raises(ValueError, match=message):
        check_image_shape(shape, **options)


def test_images_that_the_network_enlarges_may_be_small():
    check_image_shape((8, 20, 1), image_size=32)
    check_image_shape((8, 8, 3), backbone="InceptionV3", image_size=75)
    check_image_size(None, backbone="InceptionV3")


def test_a_model_of_the_user_s_says_itself_what_it_takes(tmp_path):
    own_model(size=40).save(tmp_path / "fixed.h5")
    for backbone in (own_model(size=40), tmp_path / "fixed.h5"):
        check_image_shape((40, 40, 1), backbone=backbone)
        check_image_shape((20, 30, 3), backbone=backbone, image_size=40)
        with pytest.raises(ValueError, match="Images are 32x32.* takes 40x40: give image_size=40"):
            check_image_shape((32, 32, 3), backbone=backbone)
        with pytest.raises(ValueError, match="Images are 48x48.* takes 40x40"):
            check_image_size(48, backbone=backbone)
    check_image_shape((20, 30, 3), backbone=own_model())


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28), (3, 224, 224), (4, 64, 64)])
def test_channels_first_is_said_and_not_that_images_are_small(shape):
    with pytest.raises(ValueError, match="with the channels first: give .height, width, channels"):
        check_image_shape(shape, backbone="vgg16")


@pytest.mark.parametrize("image_size", [None, 64])
def test_images_that_would_take_all_memory_are_an_error(image_size):
    check_image_shape((4096, 4096, 3), backbone="tiny", image_size=image_size)
    with pytest.raises(ValueError, match="Images are 4097x4096, more pixels than 4096x4096"):
        check_image_shape((4097, 4096, 3), backbone="tiny", image_size=image_size)
