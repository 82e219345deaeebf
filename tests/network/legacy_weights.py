"""Write weights as Keras' published files have them."""

from __future__ import annotations

import h5py


def write_notop(model, path):
    """Keras' legacy layout, written from its description: by layer, in the order of its weights."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            values = layer.get_weights()
            names = [f"{layer.name}/{i}:0" for i in range(len(values))]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, values):
                group[name] = value
