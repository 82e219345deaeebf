"""The networks of `keras.applications` that both Keras 2 and Keras 3 have. No TensorFlow here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Application:
    """What is known of a network without building it.

    Attributes
    ----------
    mode : str
        How pixels were scaled when its ImageNet weights were trained: caffe, tf or torch, as
        Keras calls them, or inside, where the network takes 0..255 and scales them itself.
    features : int
        The pooled features of an image.
    file : str
        What Keras calls the file of its ImageNet weights without the classes.
    smallest : int
        The smallest height and width of an image, in pixels.
    batch_normalisation : bool
        Whether it has layers of batch normalisation.
    """

    mode: str
    features: int
    file: str
    smallest: int = 32
    batch_normalisation: bool = True


# The names are Keras' own. Only VGG16 has an older name here.
APPLICATIONS = {
    "ConvNeXtTiny": Application("inside", 768, "convnext_tiny_notop.h5", batch_normalisation=False),
    "ConvNeXtSmall": Application(
        "inside", 768, "convnext_small_notop.h5", batch_normalisation=False
    ),
    "ConvNeXtBase": Application(
        "inside", 1024, "convnext_base_notop.h5", batch_normalisation=False
    ),
    "ConvNeXtLarge": Application(
        "inside", 1536, "convnext_large_notop.h5", batch_normalisation=False
    ),
    "ConvNeXtXLarge": Application(
        "inside", 2048, "convnext_xlarge_notop.h5", batch_normalisation=False
    ),
    "DenseNet121": Application(
        "torch", 1024, "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5"
    ),
    "DenseNet169": Application(
        "torch", 1664, "densenet169_weights_tf_dim_ordering_tf_kernels_notop.h5"
    ),
    "DenseNet201": Application(
        "torch", 1920, "densenet201_weights_tf_dim_ordering_tf_kernels_notop.h5"
    ),
    "EfficientNetB0": Application("inside", 1280, "efficientnetb0_notop.h5"),
    "EfficientNetB1": Application("inside", 1280, "efficientnetb1_notop.h5"),
    "EfficientNetB2": Application("inside", 1408, "efficientnetb2_notop.h5"),
    "EfficientNetB3": Application("inside", 1536, "efficientnetb3_notop.h5"),
    "EfficientNetB4": Application("inside", 1792, "efficientnetb4_notop.h5"),
    "EfficientNetB5": Application("inside", 2048, "efficientnetb5_notop.h5"),
    "EfficientNetB6": Application("inside", 2304, "efficientnetb6_notop.h5"),
    "EfficientNetB7": Application("inside", 2560, "efficientnetb7_notop.h5"),
    "EfficientNetV2B0": Application("inside", 1280, "efficientnetv2-b0_notop.h5"),
    "EfficientNetV2B1": Application("inside", 1280, "efficientnetv2-b1_notop.h5"),
    "EfficientNetV2B2": Application("inside", 1408, "efficientnetv2-b2_notop.h5"),
    "EfficientNetV2B3": Application("inside", 1536, "efficientnetv2-b3_notop.h5"),
    "EfficientNetV2S": Application("inside", 1280, "efficientnetv2-s_notop.h5"),
    "EfficientNetV2M": Application("inside", 1280, "efficientnetv2-m_notop.h5"),
    "EfficientNetV2L": Application("inside", 1280, "efficientnetv2-l_notop.h5"),
    "InceptionResNetV2": Application(
        "tf", 1536, "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5", 75
    ),
    "InceptionV3": Application(
        "tf", 2048, "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5", 75
    ),
    "MobileNet": Application("tf", 1024, "mobilenet_1_0_224_tf_no_top.h5"),
    "MobileNetV2": Application(
        "tf", 1280, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    ),
    "MobileNetV3Large": Application(
        "inside", 960, "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5"
    ),
    "MobileNetV3Small": Application(
        "inside", 576, "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5"
    ),
    "NASNetLarge": Application("tf", 4032, "nasnet_large_no_top.h5"),
    "NASNetMobile": Application("tf", 1056, "nasnet_mobile_no_top.h5"),
    "ResNet50": Application("caffe", 2048, "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    "ResNet101": Application(
        "caffe", 2048, "resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5"
    ),
    "ResNet152": Application(
        "caffe", 2048, "resnet152_weights_tf_dim_ordering_tf_kernels_notop.h5"
    ),
    "ResNet50V2": Application("tf", 2048, "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    "ResNet101V2": Application(
        "tf", 2048, "resnet101v2_weights_tf_dim_ordering_tf_kernels_notop.h5"
    ),
    "ResNet152V2": Application(
        "tf", 2048, "resnet152v2_weights_tf_dim_ordering_tf_kernels_notop.h5"
    ),
    "vgg16": Application(
        "caffe", 512, "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", batch_normalisation=False
    ),
    "VGG19": Application(
        "caffe", 512, "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5", batch_normalisation=False
    ),
    "Xception": Application("tf", 2048, "xception_weights_tf_dim_ordering_tf_kernels_notop.h5", 71),
}


def title(name: str) -> str:
    """The name of a network for people."""
    return "VGG16" if name == "vgg16" else name
