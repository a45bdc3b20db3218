#!/usr/bin/env python3
"""Keras applications with random lively weights as TensorFlow's converter writes them: make_keras.py FOLDER [NAME ...]     needs: tensorflow
NAME_float.tflite, NAME_int8.tflite and NAME_uint8.tflite (quantized whole, with ends of that type) for oracle_deployed.sh
(QUANTCAM_TFLITE=FOLDER), whose pictures are 0 .. 255. Without names all, which takes an hour and 4 GB; SIZE: the input's side (96)."""
import os, sys
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import numpy as np, tensorflow as tf

K, N = tf.keras.applications, int(os.environ.get('SIZE', 96))
SMALL = dict(mobilenet=dict(alpha=0.25), mobilenet_v2=dict(alpha=0.35), mobilenet_v3_minimalistic=dict(minimalistic=True))
NETS = dict(mobilenet=K.MobileNet, mobilenet_v2=K.MobileNetV2, mobilenet_v3_small=K.MobileNetV3Small, mobilenet_v3_large=K.MobileNetV3Large,
            mobilenet_v3_minimalistic=K.MobileNetV3Small, efficientnet_b0=K.EfficientNetB0, efficientnet_v2_b0=K.EfficientNetV2B0, resnet50=K.ResNet50,
            resnet50_v2=K.ResNet50V2, inception_v3=K.InceptionV3, xception=K.Xception, densenet121=K.DenseNet121, nasnet_mobile=K.NASNetMobile, vgg16=K.VGG16)

def lively(net, r):
    for layer in net.layers:
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            shapes = [w.shape for w in layer.get_weights()]
            ends = [(.7, 1.3)] * (len(shapes) == 4) + [(-.3, .3), (-.2, .2), (.6, 1.4)]
            layer.set_weights([r.uniform(*e, s) for e, s in zip(ends, shapes)])
    return net

def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name in sys.argv[2:] or NETS:
        tf.keras.utils.set_random_seed(1)
        net = lively(NETS[name](input_shape=(N, N, 3), weights=None, classes=100, **SMALL.get(name, {})), np.random.default_rng(1))
        for kind in ('float', 'int8', 'uint8'):
            c = tf.lite.TFLiteConverter.from_keras_model(net)
            if kind != 'float':
                r = np.random.default_rng(2)
                c.optimizations = [tf.lite.Optimize.DEFAULT]
                c.representative_dataset = lambda: ([r.uniform(0, 255, (1, N, N, 3)).astype(np.float32)] for _ in range(4))
                c.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
                c.inference_input_type = c.inference_output_type = getattr(tf, kind)
            open(os.path.join(sys.argv[1], '%s_%s.tflite' % (name, kind)), 'wb').write(c.convert())

if __name__ == '__main__':
    main()
